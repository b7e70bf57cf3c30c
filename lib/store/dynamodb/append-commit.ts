import { PutCommand, type PutCommandInput } from "@aws-sdk/lib-dynamodb";
import type { EpochMs } from "../../model/time.js";
import { checkCommitSize } from "../limits.js";
import { firstPendingAt } from "../outbox.js";
import type { Commit, ExecutionStore } from "../ports.js";
import { commitItem, readCommitItem } from "./commit-item.js";
import { answerOf } from "./conditional.js";
import type { DynamoTables } from "./tables.js";

/** Nobody has written this slot. It is the fence: two owners can't both fill it. */
const SLOT_IS_FREE = "attribute_not_exists(pk)";

export function appendCommitParams(
  executionsTable: string,
  commit: Commit,
  pendingAt?: EpochMs,
): PutCommandInput {
  return {
    TableName: executionsTable,
    Item: commitItem(commit, firstPendingAt(commit, pendingAt)),
    ConditionExpression: SLOT_IS_FREE,
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

export async function appendCommit(
  { documents, executionsTable }: DynamoTables,
  commit: Commit,
  pendingAt?: EpochMs,
): ReturnType<ExecutionStore["appendCommit"]> {
  checkCommitSize(commit);
  const answer = await answerOf(
    documents.send(new PutCommand(appendCommitParams(executionsTable, commit, pendingAt))),
  );
  if (!answer.refused || answer.found === undefined) return { appended: true };
  const found = readCommitItem(answer.found);
  return found.token === commit.token ? { appended: true } : { appended: false, found };
}
