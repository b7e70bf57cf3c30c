/** A history that was taken down, as it is replayed by itself: against code that may have changed, with nothing else at hand. */
import type { AnyWorkflow } from "../define/workflow.js";
import type { ErrorClasses } from "../model/value.js";
import { checkFlags } from "./flags.js";
import type { Program } from "./program.js";
import { type RecordedEvent, Replay } from "./replay.js";

/** All that a replay needs to know of an execution. Large values stand in it themselves. */
export interface Recording
  extends Pick<Program, "executionId" | "seed" | "input" | "startedBy" | "startAt" | "timeoutMs"> {
  readonly flags: readonly number[];
  readonly history: readonly RecordedEvent[];
}

/**
 * Replays the whole of it; no body runs, and nothing is logged.
 * @returns the replay at the history's end, which can go no further
 * @throws NonDeterminismError, NonDurableAwaitError, UnknownEngineFlagError, CorruptHistoryError
 */
export async function replayRecording(
  recording: Recording,
  workflow: AnyWorkflow,
  errors: ErrorClasses,
): Promise<Replay> {
  const { flags, history, ...program } = recording;
  checkFlags(program.executionId, flags);
  const replay = new Replay({
    ...program,
    workflow,
    errors,
    log: { write: () => {} },
    patches: patchesIn(history),
  });
  try {
    await replay.begin();
    await replay.applyAll(history, voidedIn(history));
    replay.checkMovable();
    return replay;
  } finally {
    replay.end();
  }
}

/** Positions of the history events that a redrive made count no more. */
export function voidedIn(history: readonly RecordedEvent[]): ReadonlySet<number> {
  return new Set(
    history.flatMap(({ event }) => (event.type === "ExecutionRedriven" ? (event.voided ?? []) : [])),
  );
}

/** Changes that were in use (`ctx.patched`). */
export function patchesIn(history: readonly RecordedEvent[]): ReadonlySet<string> {
  return new Set(history.flatMap(({ event }) => (event.type === "ChangePatched" ? [event.change] : [])));
}
