/** The state of a pipeline out of its history: its interpreter is replayed over it, and no task's code is needed. */
import { workflow } from "../../define/workflow.js";
import { HoldfastError } from "../../model/errors.js";
import type { HistoryEntry } from "../../model/history-entry.js";
import { type ReplayedHistory, replayHistory } from "../../testing/replay-history.js";
import { evaluate } from "../expression.js";
import type { Graph } from "../graph.js";
import type { Library } from "../library.js";
import { interpret } from "../run.js";
import type { PipelineState } from "../state.js";
import { type AttemptEvent, cancelStepNameOf } from "./attempts.js";

export interface Replayed {
  /** Undefined where its code did nothing at all. */
  readonly state?: PipelineState;
  /** What it came to. */
  readonly end?: Pick<ReplayedHistory, "ended" | "error">;
  /** Why the rest of the history does not fit: the state is that before it. */
  readonly incomplete?: string;
}

/** @throws what is no `HoldfastError`: a mistake of this library */
export async function replayed(
  history: readonly HistoryEntry[],
  graph: Graph,
  attempts: ReadonlyMap<string, readonly AttemptEvent[]>,
): Promise<Replayed> {
  let state: PipelineState | undefined;
  const observed = interpret(graph, bodiless(attempts), (now) => {
    state = now;
  });
  try {
    const end = await replayHistory(history, workflow(graph.name, observed));
    return { ...(state === undefined ? {} : { state }), end };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { ...(state === undefined ? {} : { state }), incomplete: error.message };
  }
}

/**
 * A task for every name. Its body is never run, since a replay runs none; it asks to be told of a cancel where the history says that it was.
 */
function bodiless(attempts: ReadonlyMap<string, readonly AttemptEvent[]>): Library {
  const run = (): never => {
    throw new TypeError("A replay has run the body of a task.");
  };
  return {
    codeOf: ({ refId }, task) =>
      attempts.has(cancelStepNameOf(refId, task)) ? { run, onCancel: run } : { run },
    evaluate,
  };
}
