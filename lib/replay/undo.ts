/**
 * Compensation (I13): completed steps are undone in reverse order of the log. It runs like workflow code, by delivery alone, so that what
 * it does is recorded and replayed like everything else.
 */
import type { CompensationOutcome } from "../model/history-event.js";
import type { Encoded } from "../model/value.js";
import { type Compensation, type NewOperation, newStep } from "./operation.js";
import { Scope } from "./path.js";

/** A step that completed and can be undone. */
export interface Undoable {
  readonly name: string;
  readonly compensation: Compensation;
  /** Its recorded result, a new copy at every call. */
  result(): unknown;
}

/**
 * @param completed in the order in which they completed
 * @param error why
 * @param request asks for an operation, as workflow code does
 */
export async function undo(
  completed: readonly Undoable[],
  error: Encoded,
  request: (operation: NewOperation) => Promise<unknown>,
): Promise<CompensationOutcome> {
  if (completed.length === 0) return "none";
  const scope = new Scope("undo/");
  await request({ kind: "undo", path: scope.next("begin", ""), label: "the compensations", error });
  let outcome: CompensationOutcome = "complete";
  for (const { name, compensation, result } of completed.toReversed()) {
    const step = newStep({
      path: scope.next("step", name),
      label: `the compensation of step "${name}"`,
      name,
      body: (context) => compensation.run(result(), context),
      retry: compensation.retry,
      atMostOnce: false,
    });
    // Its failure is in history. One that gives up must not keep the others from being undone.
    await request(step).catch(() => {
      outcome = "incomplete";
    });
  }
  return outcome;
}
