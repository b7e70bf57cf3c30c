/** What the body of `ctx.transaction` is given: it gathers writes, which then commit together with the body's result, or not at all. */
import type {
  TransactionCheck,
  TransactionDelete,
  TransactionPut,
  TransactionUpdate,
} from "../model/transaction.js";
import type { SendOptions, StepOptions } from "./context.js";
import type { EventType } from "./event.js";
import type { Workflow } from "./workflow.js";

/** Nothing is written before the body returns. The shapes are those of DynamoDB's document client. */
export interface Transaction {
  /** Writes an item, when the transaction is committed. */
  put(put: TransactionPut): void;
  /** Changes an item, or makes it. */
  update(update: TransactionUpdate): void;
  /** Deletes an item. */
  delete(deletion: TransactionDelete): void;
  /** Writes nothing; the transaction only commits where the condition holds. */
  check(check: TransactionCheck): void;
  /** Published if and only if the transaction commits. */
  sendEvent<Input, Data>(event: EventType<Input, Data>, data: NoInfer<Input>, options?: SendOptions): void;
  /** Sent if and only if the transaction commits. */
  signal(executionId: string, name: string, data?: unknown): void;
  /**
   * Started if and only if the transaction commits; its input is checked first.
   * @returns the execution's id: the one that was asked for, or one derived from this transaction
   * @throws InvalidInputError
   */
  start<Input, Output>(
    workflow: Workflow<Input, Output>,
    input: NoInfer<Input>,
    options?: { readonly id?: string },
  ): Promise<string>;
}

/** Options of `ctx.transaction`: a step's, but for its semantics. What a transaction writes is there exactly once. */
export type TransactionOptions<Result> = Omit<StepOptions<Result>, "semantics">;
