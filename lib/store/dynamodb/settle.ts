/**
 * Ends a turn with one write of the head. Refused unless the caller is still the owner, the status table allows the move, and (if it
 * asks so) no message came that it has not seen.
 */
import { UpdateCommand, type UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import { isOpen, sourcesOf } from "../../model/status.js";
import type { ExecutionStore, SettleRequest } from "../ports.js";
import { checkTransition } from "../status.js";
import { awaitsAttributes } from "./awaits-attributes.js";
import { answerOf } from "./conditional.js";
import { all, isOneOf, namesIn, updateOf } from "./expressions.js";
import {
  dutiesAttribute,
  readHeadItem,
  statusIndexKey,
  storedValue,
  tailAttributes,
  waitCountAttribute,
  waitsAttribute,
} from "./head-item.js";
import { headKey } from "./keys.js";
import { readHead } from "./read-head.js";
import type { DynamoTables } from "./tables.js";

/** The epoch and the lease are ours: nobody took over, and we have not released it ourselves. */
const STILL_THE_OWNER = "#epoch = :epoch AND #lease.#token = :leaseToken";

/** Every message that was accepted has been seen by this owner (I6). */
const NOTHING_NEW_IN_THE_INBOX = "#inboxSeq = :inboxSeq";

/**
 * An update expression holds 4 KB. More ids than this can't all be in the head, whose messages share a few hundred bytes, so the head is
 * read and the rest left out: they are items of their own.
 */
const MOST_DRAINED_IN_ONE_WRITE = 50;

export function settleParams(
  executionsTable: string,
  request: SettleRequest,
  drained = request.drained,
): UpdateCommandInput {
  const { settlement, inboxSeq } = request;
  const mayMove = isOneOf("status", sourcesOf(settlement.status));
  const condition = all(
    mayMove.condition,
    STILL_THE_OWNER,
    inboxSeq === undefined ? undefined : NOTHING_NEW_IN_THE_INBOX,
  );
  const { update, values } = updateOf(
    {
      ...statusAttributes(request),
      ...inboxAttributes(request),
      ...tailAttributes(request.tail),
      lease: undefined,
      slot: request.slot,
      ...(request.state === undefined ? {} : storedValue("state", request.state)),
      waits: waitsAttribute(request.waits),
      waitCount: waitCountAttribute(request.waits, request.waitCount),
      settleToken: request.token,
    },
    drained.map((_, index) => `#inbox.#drained${index}`),
  );
  return {
    TableName: executionsTable,
    Key: headKey(request.executionId),
    ConditionExpression: condition,
    UpdateExpression: update,
    ExpressionAttributeNames: {
      ...namesIn(condition, update),
      ...Object.fromEntries(drained.map((id, index) => [`#drained${index}`, id])),
    },
    ExpressionAttributeValues: {
      ...values,
      ...mayMove.values,
      ":epoch": request.epoch,
      ":leaseToken": request.leaseToken,
      ...(inboxSeq === undefined ? {} : { ":inboxSeq": inboxSeq }),
    },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

export async function settle(
  tables: DynamoTables,
  request: SettleRequest,
): ReturnType<ExecutionStore["settle"]> {
  checkTransition(request.executionId, request.from, request.settlement.status);
  const drained = await drainedInHead(tables, request);
  const params = settleParams(tables.executionsTable, request, drained);
  const answer = await answerOf(tables.documents.send(new UpdateCommand(params)));
  if (!answer.refused) return { settled: true };
  if (answer.found === undefined) return { settled: false, head: undefined };
  const head = readHeadItem(answer.found);
  // Whoever holds the lease now: while the head's last settlement is ours, ours was written and only its reply was lost.
  return head.settleToken === request.token ? { settled: true } : { settled: false, head };
}

/** No id twice: an expression must not name one path twice. */
async function drainedInHead(tables: DynamoTables, request: SettleRequest): Promise<readonly string[]> {
  const drained = new Set(request.drained);
  if (drained.size <= MOST_DRAINED_IN_ONE_WRITE) return [...drained];
  const head = await readHead(tables, request.executionId);
  // What arrives after this read is not among the drained, so it stays.
  return head?.inbox.map((message) => message.id).filter((id) => drained.has(id)) ?? [];
}

function inboxAttributes({
  inboxSeq,
  inboxItems,
  drained,
}: SettleRequest): Record<string, number | undefined> {
  return {
    // How many bytes remain is not known here. Counting from 0 lets a head that kept some grow by a few hundred bytes, no more.
    ...(drained.length === 0 ? {} : { inboxBytes: undefined }),
    ...(inboxSeq === undefined || inboxItems === undefined
      ? {}
      : { inboxItems: inboxItems === 0 ? undefined : inboxItems }),
  };
}

/** The index key is only written when the execution leaves the open bucket, or comes into it: between open statuses it would be paid for nothing. */
function statusAttributes({ executionId, from, settlement }: SettleRequest): Record<string, unknown> {
  const { status } = settlement;
  const cleared = {
    status,
    dueAt: undefined,
    ...awaitsAttributes(undefined),
    stall: undefined,
    duties: undefined,
  };
  if (settlement.status === "stalled") {
    const { error, at } = settlement;
    return { ...cleared, st: statusIndexKey(status, executionId), stall: JSON.stringify({ error, at }) };
  }
  if (!("closedAt" in settlement)) {
    const open = { ...cleared, dueAt: settlement.dueAt, ...awaitsAttributes(settlement.awaits) };
    return isOpen(from) ? open : { ...open, st: statusIndexKey(status, executionId) };
  }
  const { duties } = settlement;
  return {
    ...cleared,
    st: statusIndexKey(status, executionId, duties),
    closedAt: settlement.closedAt,
    compensation: settlement.compensation,
    continuedTo: settlement.continuedTo,
    duties: dutiesAttribute(duties),
    ...storedValue("output", settlement.output),
    ...storedValue("error", settlement.error),
  };
}
