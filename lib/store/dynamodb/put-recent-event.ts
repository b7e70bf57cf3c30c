import { PutCommand, type PutCommandInput } from "@aws-sdk/lib-dynamodb";
import { checkSize, LARGEST_RECORD_BYTES } from "../limits.js";
import type { DirectoryStore, RecentEvent } from "../ports.js";
import { answerOf } from "./conditional.js";
import type { Item } from "./item.js";
import { recentByIdKey, recentByTimeKey } from "./keys.js";
import { identityItem, readIdentityItem, readRecentEventItem, recentEventItem } from "./recent-event-item.js";
import type { DynamoTables } from "./tables.js";

type Recorded = Awaited<ReturnType<DirectoryStore["putRecentEvent"]>>;

/** No event with this id has been recorded. */
const ID_IS_NEW = "attribute_not_exists(pk)";

export function putIfNewParams(directoryTable: string, item: Item): PutCommandInput {
  return {
    TableName: directoryTable,
    Item: item,
    ConditionExpression: ID_IS_NEW,
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

export async function putRecentEvent(tables: DynamoTables, event: RecentEvent): Promise<Recorded> {
  checkSize(`Event "${event.id}" of type "${event.name}"`, LARGEST_RECORD_BYTES, JSON.stringify(event));
  if (event.key !== undefined) {
    const there = await putIfNew(tables, recentEventItem(recentByIdKey(event), event));
    return there === undefined
      ? { first: true, recorded: event }
      : { first: false, recorded: readRecentEventItem(event, there) };
  }
  // The identity first: it decides the time. A crash between the two is mended by the repeat, which finds the time and writes the event.
  const identity = await putIfNew(tables, identityItem(event));
  const recordedAt = identity === undefined ? event.recordedAt : readIdentityItem(identity);
  const recorded: RecentEvent = { ...event, recordedAt };
  const there = await putIfNew(tables, recentEventItem(recentByTimeKey(recorded), recorded));
  return {
    first: identity === undefined,
    recorded: there === undefined ? recorded : readRecentEventItem(event, there),
  };
}

/** What stood there before; undefined when it was written. */
async function putIfNew({ documents, directoryTable }: DynamoTables, item: Item): Promise<Item | undefined> {
  const answer = await answerOf(documents.send(new PutCommand(putIfNewParams(directoryTable, item))));
  return answer.refused ? answer.found : undefined;
}
