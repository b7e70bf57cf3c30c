/** What bodies did, by the ledger, against what histories say of them. */

import type { Run } from "../ledger.js";
import { byPlace, type Evidence, type Performed, performedIn } from "./evidence.js";

/** The step that runs at most once. */
const ONCE = "step:print";

export function* wrongEffects({ ended, ledger }: Evidence): Iterable<string> {
  const runs = byPlace(ledger);
  const known = new Set<string>();
  for (const one of ended) {
    for (const step of performedIn(one)) {
      known.add(step.place);
      const own = runs.get(step.place) ?? [];
      yield* step.op === ONCE ? wrongOnce(step, own) : wrongAtLeastOnce(step, own);
      // What a cancel finds at work is brought to its end, without retries.
      if (!step.ok && step.op !== ONCE && (one.status !== "cancelled" || step.op.startsWith("undo/")))
        yield `${step.place} failed for good at attempt ${step.attempt}`;
      yield* wrongResult(step, own);
    }
  }
  for (const place of runs.keys()) if (!known.has(place)) yield `${place} ran, and no history says so`;
}

function* wrongAtLeastOnce(
  { place, attempt, ok, takeovers }: Performed,
  runs: readonly Run[],
): Iterable<string> {
  if (ok && runs.length === 0) yield `${place} is recorded, and never ran`;
  // Each owner runs each attempt once; who takes over from an owner that may be at it counts it as an attempt, but for these.
  const most = attempt + takeovers.uncounted;
  if (runs.length > most)
    yield `${place} ran ${runs.length} times, and ${attempt} attempts with ${takeovers.all} takeovers, ${takeovers.uncounted} of them uncounted, explain ${most}`;
  for (const run of runs)
    if (run.attempt > attempt)
      yield `${place} ran attempt ${run.attempt}, and its history ends at ${attempt}`;
}

function* wrongOnce(
  { place, ok, attempt, started, takeovers }: Performed,
  runs: readonly Run[],
): Iterable<string> {
  if (runs.length > 1) yield `${place} ran ${runs.length} times, and may at most once`;
  if (attempt !== 1) yield `${place} ended at attempt ${attempt}, and has one`;
  if (!started && runs.length > 0) yield `${place} ran before its start was recorded`;
  // It failed because its body threw, and then it ran; or because its process died, and then somebody took over.
  if (!ok && runs.length === 0 && takeovers.all === 0) yield `${place} failed without a run or a takeover`;
}

/** A recorded result is one that a run gave, and it is the one that ended. */
function* wrongResult({ place, ok, nonce }: Performed, runs: readonly Run[]): Iterable<string> {
  if (!ok) return;
  if (nonce === undefined) yield `${place} has no result`;
  else if (!runs.some((run) => run.nonce === nonce && run.endedAt !== undefined))
    yield `${place} has the result ${nonce}, which no run that ended gave`;
}

/** What is undone is what was done, backwards, each once. */
export function* wrongUndoing(evidence: Evidence): Iterable<string> {
  const first = new Map([...byPlace(evidence.ledger)].map(([place, [run]]) => [place, run?.beganAt ?? 0]));
  for (const one of evidence.ended) {
    const steps = performedIn(one).filter(({ ok }) => ok);
    const undoing = steps.filter(({ op }) => op.startsWith("undo/"));
    const undone = undoing.map(({ op }) => op.slice("undo/".length));
    const mustUndo = ["undone", "endless"].includes(one.workflow);
    const done = steps.map(({ op }) => op).filter((op) => mustUndo && /^step:(reserve|charge|pack)/.test(op));
    if (undone.join() !== done.toReversed().join())
      yield `${one.executionId} did ${done.join() || "nothing"}, and undid ${undone.join() || "nothing"}`;
    const begun = undoing.map(({ place }) => first.get(place) ?? 0);
    if (begun.some((at, index) => at < (begun[index - 1] ?? 0)))
      yield `${one.executionId} began to undo ${undone.join()} in another order`;
  }
}
