/** A history as it is shown, exported and replayed: the start, then every event with the slot of its commit. */
import type { HistoryEvent } from "./history-event.js";
import type { Encoded } from "./value.js";

/** The first entry of every history: slot 0, the head itself. With the rest it is all that a replay needs to know. */
export interface ExecutionStarted {
  readonly type: "ExecutionStarted";
  readonly at: number;
  readonly executionId: string;
  /** Later than `at` for a delayed start: the code's clock begins with it. */
  readonly startAt: number;
  readonly workflow: string;
  readonly version?: string;
  readonly definition: string;
  readonly input: Encoded;
  readonly startedBy?: string;
  /** What `ctx.random` and `ctx.uuid` are drawn from, where that is not the id. */
  readonly seed?: string;
  /** Its own timeout. */
  readonly timeoutMs?: number;
  /** Numbered behaviours of the engine that the history relies on. */
  readonly flags: readonly number[];
}

/** One event of a history, and where it is recorded. */
export interface HistoryEntry {
  /** Of the commit that holds it; 0 is the start. */
  readonly slot: number;
  readonly event: ExecutionStarted | HistoryEvent;
}
