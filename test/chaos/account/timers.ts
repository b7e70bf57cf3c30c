/** No timer is early: not at all by what is recorded, and by true time no more than clocks differ. */
import type { Run } from "../ledger.js";
import { byPlace, type Evidence, performedIn } from "./evidence.js";

interface Slept {
  readonly what: string;
  readonly ms: number;
  /** By the clocks of those who recorded it. */
  readonly recordedMs: number;
  /** From the end of what came before it to the beginning of what came after it; `undefined` where one of them is not known. */
  readonly trueMs: number | undefined;
}

export function sleepsOf({ ended, ledger }: Pick<Evidence, "ended" | "ledger">): Slept[] {
  const runs = byPlace(ledger);
  return ended.flatMap((one) => {
    const { executionId, output } = one;
    const recorded = new Set(performedIn(one).map(({ nonce }) => nonce));
    return (output?.naps ?? []).map(({ ms, from, until }, index) => {
      const runsOf = (name: string): readonly Run[] =>
        runs.get(`${executionId}/step:${name}${index === 0 ? "" : `#${index + 1}`}`) ?? [];
      const before = runsOf("lie-down").find(({ nonce }) => recorded.has(nonce))?.endedAt;
      const after = runsOf("get-up")[0]?.beganAt;
      const trueMs = before === undefined || after === undefined ? undefined : after - before;
      return { what: `sleep ${index + 1} of ${executionId}`, ms, recordedMs: until - from, trueMs };
    });
  });
}

export function* wrongTimers(evidence: Evidence): Iterable<string> {
  const most = 2 * evidence.skewMs;
  for (const { what, ms, recordedMs, trueMs } of sleepsOf(evidence)) {
    if (recordedMs < ms) yield `${what}, of ${ms} ms, ended after ${recordedMs} ms by its history`;
    if (trueMs === undefined) yield `${what} is not between two steps that ran`;
    else if (trueMs < ms - most)
      yield `${what}, of ${ms} ms, ended after ${trueMs} ms; clocks differ by ${most} ms`;
  }
}
