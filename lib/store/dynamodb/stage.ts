/** Writes that ride in a user's own transaction (PROTOCOL D1). They are those of the store's own operations, as actions. */
import type { Outgoing } from "../../model/outgoing.js";
import type { EpochMs } from "../../model/time.js";
import type { TransactionAction } from "../../model/transaction.js";
import { checkSize, LARGEST_RECORD_BYTES } from "../limits.js";
import { newHead } from "../new-head.js";
import { STAGED_SLOT, stagedId } from "../outbox.js";
import type { NewExecution } from "../ports.js";
import { commitItem, markAttributes } from "./commit-item.js";
import { newHeadItem } from "./head-item.js";
import type { Item } from "./item.js";
import { payloadItem } from "./put-payload.js";

/** No execution has this id, or nothing was staged under it. */
const ID_IS_FREE = "attribute_not_exists(pk)";

export function stageExecution(
  executionsTable: string,
  execution: NewExecution,
  pendingAt: EpochMs,
): TransactionAction {
  const item = {
    ...newHeadItem(newHead(execution)),
    ...markAttributes("pending", execution.executionId, pendingAt),
  };
  return putNew(executionsTable, item);
}

/** Unconditional: it is named by its content, so that it can only overwrite itself, and what an earlier try left must not refuse it. */
export function stagePayload(
  executionsTable: string,
  executionId: string,
  name: string,
  content: string | Uint8Array,
): TransactionAction {
  return { Put: { TableName: executionsTable, Item: payloadItem(executionId, name, content) } };
}

export function stageOutgoing(
  executionsTable: string,
  message: Outgoing,
  pendingAt: EpochMs,
): TransactionAction {
  checkSize(`What is staged as "${message.id}"`, LARGEST_RECORD_BYTES, JSON.stringify(message));
  const commit = {
    executionId: stagedId(message.id),
    slot: STAGED_SLOT,
    epoch: 0,
    token: message.id,
    events: [],
    outgoing: [message],
  };
  return putNew(executionsTable, commitItem(commit, pendingAt));
}

function putNew(TableName: string, Item: Item): TransactionAction {
  return { Put: { TableName, Item, ConditionExpression: ID_IS_FREE } };
}
