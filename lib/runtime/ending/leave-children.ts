/** The last thing before the end: a child that is to outlive its parent is there before the parent has ended, also when nothing was awaited after it. */
import type { ChildOperation } from "../../replay/operation.js";
import { createChild, MOST_CALLS } from "../children.js";
import type { Happening } from "../turn/happening.js";
import type { Work } from "../turn/work.js";

export async function leaveChildren(
  work: Work,
  record: (happening: Happening) => Promise<void>,
): Promise<void> {
  const { replay, journal } = work;
  const left = [...replay.pending.values()].filter(
    (operation): operation is ChildOperation =>
      operation.kind === "child" && operation.onParentClose === "abandon" && !operation.there,
  );
  if (left.length === 0) return;
  for (const { path: op, requested, childId, workflow, onParentClose } of left) {
    if (requested) continue;
    await record({ event: { type: "ChildRequested", op, childId, workflow: workflow.name, onParentClose } });
  }
  // PROTOCOL B2.
  await journal.flush();
  for (let from = 0; from < left.length; from += MOST_CALLS) {
    // One that can't be created has nobody who would hear of it.
    await Promise.all(left.slice(from, from + MOST_CALLS).map((child) => createChild(work, child)));
  }
}
