/**
 * Compensation (I13): completed steps are undone in reverse order of the log. It runs like workflow code, by delivery alone, so that what
 * it does is recorded and replayed like everything else.
 */
import type { Encoded } from "../model/value.js";
import { type NewOperation, newStep } from "./operation.js";
import type { Scope } from "./path.js";
import type { Undoable } from "./undo-stack.js";

/**
 * Undoes one after the other. One that gives up does not keep the others from being undone; its stack remembers it.
 * @param undoables in the order in which they are to be undone
 * @param error why
 * @param request asks for an operation, as workflow code does
 */
export async function undo(
  undoables: readonly Undoable[],
  error: Encoded,
  scope: Scope,
  request: (operation: NewOperation) => Promise<unknown>,
): Promise<void> {
  await request({ kind: "undo", path: scope.next("begin", ""), label: "the compensations", error });
  for (const undoable of undoables) {
    const { name, compensation, result, stack } = undoable;
    const step = newStep({
      path: scope.next("step", name),
      label: `the compensation of step "${name}"`,
      name,
      work: { kind: "body", run: (context) => compensation.run(result(), context) },
      retry: compensation.retry,
      atMostOnce: false,
    });
    await request(step).then(
      () => stack.undone(undoable),
      // Its failure is in history.
      () => stack.gaveUp(undoable, error),
    );
  }
}
