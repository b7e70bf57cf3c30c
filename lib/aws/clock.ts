/** The system's clock, or one that runs a fixed number of times faster (a local cloud with a time scale). */
import type { EpochMs } from "../model/time.js";
import type { Clock } from "../runtime/outside.js";
import { REAL_TIME, type TimeScale } from "./time-scale.js";

/** Node's timers end at 2^31 - 1 ms: a longer sleep is taken in hops. */
const LONGEST_TIMER_MS = 2_147_483_647;

export interface SystemClock extends Clock {
  /** A length of real time, in this clock's milliseconds: what Lambda counts down is real. */
  fromReal(realMs: number): number;
}

export function systemClock(time: TimeScale = REAL_TIME): SystemClock {
  const { scale, origin } = time;
  const now = (): EpochMs =>
    scale === 1 && origin === 0 ? Date.now() : Math.floor(origin + (Date.now() - origin) * scale);

  return {
    now,
    fromReal: (realMs) => realMs * scale,
    async sleep(ms, signal) {
      const until = now() + ms;
      // A timer may fire a millisecond early: what is awaited is the instant itself.
      for (let left = ms; left > 0 && signal?.aborted !== true; left = until - now()) {
        await pause(Math.min(LONGEST_TIMER_MS, Math.ceil(left / scale)), signal);
      }
    },
  };
}

function pause(realMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, realMs);
    signal?.addEventListener("abort", done);
  });
}
