/** What one turn works with: each part owns its own state, and the turn's phases share them through this. */
import type { App } from "../../define/app.js";
import type { EpochMs } from "../../model/time.js";
import type { Replay } from "../../replay/replay.js";
import type { Inbox } from "../messages/inbox.js";
import type { Waits } from "../messages/waits.js";
import type { Outside } from "../outside.js";
import type { Journal } from "./journal.js";
import type { Observer } from "./observer.js";
import type { Owned } from "./own.js";

/** How long this invocation may last. */
export interface Limits {
  /** From its beginning to its deadline: no step may be allowed more. */
  readonly wholeMs: number;
  /** Nothing new begins after it (I8). */
  readonly stopAt: EpochMs;
  /** What still runs then has failed: soon enough before the deadline to say so. */
  readonly lastCall: EpochMs;
  /** The process is killed at it. */
  readonly deadline: EpochMs;
}

/** Of what a turn keeps for settling, this part is left when its last bodies are given up: enough for the write that says so. */
const LAST_CALL_SHARE = 0.3;

export function limitsUntil(deadline: EpochMs, wholeMs: number, settlingMs: number): Limits {
  return {
    wholeMs,
    stopAt: deadline - settlingMs,
    lastCall: deadline - settlingMs * LAST_CALL_SHARE,
    deadline,
  };
}

export interface Work {
  readonly app: App;
  readonly outside: Outside;
  readonly owned: Owned;
  readonly limits: Limits;
  readonly replay: Replay;
  readonly journal: Journal;
  readonly inbox: Inbox;
  readonly waits: Waits;
  /** Absent when the app has no hooks. */
  readonly observer: Observer | undefined;
}
