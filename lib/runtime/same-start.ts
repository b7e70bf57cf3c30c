/** Whether an execution that exists already is the one that a start asks for. */
import { ExecutionConflictError } from "../model/errors.js";
import type { Head } from "../model/head.js";
import type { Encoded } from "../model/value.js";
import type { ExecutionStore } from "../store/ports.js";
import { isStoredAs, loadValue } from "./values/values.js";

/** Throws {@link ExecutionConflictError} unless workflow and input are the same. */
export async function checkSame(
  store: ExecutionStore,
  head: Head,
  workflow: string,
  input: Encoded,
): Promise<void> {
  if (head.workflow !== workflow)
    throw new ExecutionConflictError(
      head.executionId,
      `of workflow "${head.workflow}" and not "${workflow}"`,
    );
  if (isStoredAs(head.input, "input", input)) return;
  // What it was is gone, but not its name, which is made of what it was.
  if (head.deletedAt !== undefined) throw new ExecutionConflictError(head.executionId, "with another input");
  const before = await loadValue(store, head.executionId, head.input);
  if (JSON.stringify(before) !== JSON.stringify(input))
    throw new ExecutionConflictError(head.executionId, "with another input");
}
