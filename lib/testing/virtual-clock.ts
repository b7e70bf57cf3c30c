/** Virtual time: it stands still until it is moved, and what falls due then fires in the order of its time. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { EpochMs } from "../model/time.js";
import type { Clock } from "../runtime/outside.js";
import { Heap } from "../runtime/turn/heap.js";

/** A step's body that is under way. */
export interface RunningBody {
  /** How many of its sleeps on virtual time have not ended: while there is one, it is waited for by moving time, not by real waiting. */
  sleeps: number;
}

/** One for all clocks: every storage in use costs something at every promise of the process. */
const bodies = new AsyncLocalStorage<RunningBody>();

interface Sleeper {
  readonly at: EpochMs;
  readonly wake: () => void;
  awake: boolean;
}

export class VirtualClock implements Clock {
  readonly #sleepers = new Heap<Sleeper>();
  #now: EpochMs;

  constructor(now: EpochMs) {
    this.#now = now;
  }

  now(): EpochMs {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted) return Promise.resolve();
    const body = bodies.getStore();
    if (body !== undefined) body.sleeps += 1;
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        at: this.#now + ms,
        awake: false,
        wake: () => {
          if (sleeper.awake) return;
          sleeper.awake = true;
          if (body !== undefined) body.sleeps -= 1;
          resolve();
        },
      };
      signal?.addEventListener("abort", sleeper.wake, { once: true });
      this.#sleepers.push(sleeper);
    });
  }

  /** The earliest instant at which somebody wakes, or undefined. */
  next(): EpochMs | undefined {
    for (;;) {
      const sleeper = this.#sleepers.peek();
      if (sleeper === undefined || !sleeper.awake) return sleeper?.at;
      this.#sleepers.pop();
    }
  }

  /** Moves time forward and wakes those whose time has come. */
  moveTo(at: EpochMs): void {
    this.#now = Math.max(this.#now, at);
    for (let at = this.next(); at !== undefined && at <= this.#now; at = this.next())
      this.#sleepers.pop()?.wake();
  }
}

/** Runs a step's body, whose sleeps are counted. */
export function countingSleeps<Result>(body: RunningBody, code: () => Result): Result {
  return bodies.run(body, code);
}
