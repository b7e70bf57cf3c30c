import { GetCommand, PutCommand, type PutCommandInput } from "@aws-sdk/lib-dynamodb";
import { isSameRecord } from "../firings.js";
import type { FiringRecord } from "../ports.js";
import { answerOf } from "./conditional.js";
import { namesIn } from "./expressions.js";
import { type Item, ItemReader } from "./item.js";
import { firingsKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

/** Nobody has decided on a firing since the caller read it; before the first one there is none. */
const REVISION_AS_READ = "#revision = :readRevision";
const NEVER_SAVED = "attribute_not_exists(#revision)";

export async function readFirings(
  { documents, directoryTable }: DynamoTables,
  schedule: string,
): Promise<FiringRecord | undefined> {
  const { Item } = await documents.send(
    new GetCommand({ TableName: directoryTable, Key: firingsKey(schedule), ConsistentRead: true }),
  );
  return Item && readFiringsItem(Item);
}

export function saveFiringsParams(directoryTable: string, record: FiringRecord): PutCommandInput {
  const first = record.revision === 1;
  const condition = first ? NEVER_SAVED : REVISION_AS_READ;
  return {
    TableName: directoryTable,
    Item: firingsItem(record),
    ConditionExpression: condition,
    ExpressionAttributeNames: namesIn(condition),
    ...(first ? {} : { ExpressionAttributeValues: { ":readRevision": record.revision - 1 } }),
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

export async function saveFirings(
  { documents, directoryTable }: DynamoTables,
  record: FiringRecord,
): Promise<{ saved: boolean }> {
  const answer = await answerOf(documents.send(new PutCommand(saveFiringsParams(directoryTable, record))));
  if (!answer.refused) return { saved: true };
  return { saved: answer.found !== undefined && isSameRecord(readFiringsItem(answer.found), record) };
}

function firingsItem({ schedule, decidedFor, started, latest, skipped, revision }: FiringRecord): Item {
  const { scheduledFor, workflow, executionId, at } = started;
  return {
    ...firingsKey(schedule),
    schedule,
    decidedFor,
    scheduledFor,
    workflow,
    executionId,
    startedAt: at,
    ...(latest === undefined ? {} : { latest }),
    skipped,
    revision,
  };
}

function readFiringsItem(item: Item): FiringRecord {
  const read = new ItemReader(item);
  const latest = read.optionalText("latest");
  return {
    schedule: read.text("schedule"),
    decidedFor: read.time("decidedFor"),
    started: {
      scheduledFor: read.time("scheduledFor"),
      workflow: read.text("workflow"),
      executionId: read.text("executionId"),
      at: read.time("startedAt"),
    },
    ...(latest === undefined ? {} : { latest }),
    skipped: read.count("skipped"),
    revision: read.count("revision"),
  };
}
