/** A wake: a hint that an execution should be looked at. It never carries truth; losing it is repaired, repeating it is harmless. */
import type { EpochMs } from "./time.js";

/**
 * Why it was sent. Decides only how long it is put back when another owner is at work (`decide/wake.ts`); but for `relay`, which wakes no
 * execution: it says that what a commit still holds for others is to be tried again.
 */
export type WakeReason =
  | "start"
  | "timer"
  | "message"
  | "insurance"
  | "yield"
  | "redrive"
  | "audit"
  | "relay";

export interface Wake {
  readonly executionId: string;
  readonly reason: WakeReason;
  /** Of a `relay`: the commit. */
  readonly slot?: number;
  /** Not before this instant; absent means now. A wake that comes early is put back without touching a table. */
  readonly dueAt?: EpochMs;
  /** How often it was put back without an execution to be found, or behind a live lease: bounds and spreads the tries. */
  readonly puts?: number;
  /** In how many lives, between two visits of the dead-letter queue, owners of the execution have died. */
  readonly rescues?: number;
  /** The execution's, when the wake last came back from the dead-letter queue. */
  readonly epoch?: number;
}
