/**
 * A commit together with the user's own writes, all or nothing.
 *
 * The slot is what makes it happen once, and nothing else is needed for that: whoever repeats it, in this process or another, meets the
 * commit that the first one wrote, and its token says whose it is. So no client request token is made from the commit's: DynamoDB forgets
 * those after ten minutes, and it refuses (`IdempotentParameterMismatch`) one that comes back with anything changed, such as the time of
 * the pending mark, or what the user's code computed anew. Each call gets a token of its own from the client, which keeps it for its own
 * retries: a retry after a lost reply is answered with the success that it repeats.
 *
 * | the answer                                                      | then                                                           |
 * |-----------------------------------------------------------------|----------------------------------------------------------------|
 * | done                                                            | `appended`                                                     |
 * | cancelled, and the slot holds our token                         | `appended`: an earlier call wrote it, and its reply was lost   |
 * | cancelled, and the slot holds another's                         | `taken`                                                        |
 * | cancelled for an action of the user's                           | `refused`, with a reason for each of them                      |
 * | cancelled for our own item alone (a conflict, throttling)       | thrown: to be repeated                                         |
 * | the table of an action is missing, or forbidden to this function | `refused`, with that reason for all: nobody knows which it was |
 * | the request itself is malformed                                 | `InvalidTransactionError`                                      |
 *
 * The slot is read whatever the reasons say, since DynamoDB does not promise to check all conditions once one of them has failed.
 */
import {
  type CancellationReason,
  ResourceNotFoundException,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import { GetCommand, TransactWriteCommand, type TransactWriteCommandInput } from "@aws-sdk/lib-dynamodb";
import { InvalidTransactionError, type TransactionReason } from "../../model/errors.js";
import type { EpochMs } from "../../model/time.js";
import type { TransactionAction } from "../../model/transaction.js";
import type { Commit, ExecutionStore } from "../ports.js";
import { checkTransaction } from "../transaction.js";
import { appendCommit, appendCommitParams } from "./append-commit.js";
import { readCommitItem } from "./commit-item.js";
import { plainItem } from "./item.js";
import { commitKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

type Outcome = Awaited<ReturnType<ExecutionStore["commitTransaction"]>>;

export function commitTransactionParams(
  executionsTable: string,
  commit: Commit,
  actions: readonly TransactionAction[],
  pendingAt?: EpochMs,
): TransactWriteCommandInput {
  const { ReturnValuesOnConditionCheckFailure: _shown, ...put } = appendCommitParams(
    executionsTable,
    commit,
    pendingAt,
  );
  return { TransactItems: [{ Put: put }, ...actions] };
}

export async function commitTransaction(
  tables: DynamoTables,
  commit: Commit,
  actions: readonly TransactionAction[],
  pendingAt?: EpochMs,
): Promise<Outcome> {
  checkTransaction(commit, actions);
  if (actions.length === 0) {
    const answer = await appendCommit(tables, commit, pendingAt);
    return answer.appended ? { outcome: "appended" } : { outcome: "taken", found: answer.found };
  }
  const params = commitTransactionParams(tables.executionsTable, commit, actions, pendingAt);
  try {
    await tables.documents.send(new TransactWriteCommand(params));
    return { outcome: "appended" };
  } catch (error) {
    const reasons = reasonsOf(error, actions.length);
    if (reasons === undefined) throw error;
    const found = await readCommit(tables, commit);
    if (found !== undefined)
      return found.token === commit.token ? { outcome: "appended" } : { outcome: "taken", found };
    // Only our own item stood in the way, and by now it does not.
    if (reasons.every((reason) => reason.code === "None")) throw error;
    return { outcome: "refused", reasons };
  }
}

/** One per action; undefined when nothing is known of any. Throws when no repeat could mend it. */
function reasonsOf(error: unknown, actions: number): TransactionReason[] | undefined {
  if (error instanceof TransactionCanceledException) {
    const given = error.CancellationReasons?.slice(1) ?? [];
    return given.length === actions ? given.map(reasonOf) : undefined;
  }
  if (!(error instanceof Error)) return undefined;
  if (error.name === "ValidationException") {
    throw new InvalidTransactionError(`DynamoDB says: ${error.message}`, { cause: error });
  }
  if (error instanceof ResourceNotFoundException || error.name === "AccessDeniedException") {
    const { name: code, message } = error;
    return Array.from({ length: actions }, () => ({ code, message }));
  }
  return undefined;
}

function reasonOf({ Code, Message, Item }: CancellationReason): TransactionReason {
  return {
    code: Code ?? "None",
    ...(Message === undefined ? {} : { message: Message }),
    ...(Item === undefined ? {} : { item: plainItem(Item) }),
  };
}

/** Strongly consistent: what made the transaction fail must be seen. */
async function readCommit(
  { documents, executionsTable }: DynamoTables,
  { executionId, slot }: Commit,
): Promise<Commit | undefined> {
  const { Item } = await documents.send(
    new GetCommand({ TableName: executionsTable, Key: commitKey(executionId, slot), ConsistentRead: true }),
  );
  return Item && readCommitItem(Item);
}
