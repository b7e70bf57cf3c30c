/**
 * Many timers against the quotas of EventBridge Scheduler, per account in the large Regions: 5,000 schedules created a second, and 1,000
 * fired a second, what is beyond that being late (user guide, "Quotas for Amazon EventBridge Scheduler").
 */
import { describe, expect, it } from "vitest";
import { carrierFor } from "../../lib/decide/timer.js";
import { NOON } from "../builders.js";
import { textTable } from "../setup/text-table.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

const TIMERS = 750_000;
const FIRED_A_SECOND = 1_000;
const CREATED_A_SECOND = 5_000;

/** SQS hands messages to at most so many workers at once; a turn that does little takes some 50 ms. */
const MOST_WORKERS = 1_000;
const TURN_MS = 50;

/** How many schedules are due at each minute. */
function minutesOf(dueAtOf: (n: number) => number): Map<number, number> {
  const counts = new Map<number, number>();
  for (let n = 0; n < TIMERS; n++) {
    const dueAt = dueAtOf(n);
    // As `arm` spreads them.
    const carrier = carrierFor(dueAt, NOON, `order-${n}\n${dueAt}`);
    if (carrier.by !== "schedule") throw new Error(`expected a schedule, found ${carrier.by}`);
    counts.set(carrier.at, (counts.get(carrier.at) ?? 0) + 1);
  }
  return counts;
}

/** When the last of them has fired, where no more than the quota do in a second, and each minute's are due at its last second. */
function lastFiredAt(minutes: ReadonlyMap<number, number>): number {
  let free = 0;
  for (const [at, count] of [...minutes].sort(([one], [other]) => one - other))
    free = Math.max(free, at) + (count / FIRED_A_SECOND) * SECOND;
  const latest = Math.max(...minutes.keys());
  return Math.max(free, latest + MINUTE);
}

describe("three quarters of a million timers", () => {
  it("that are due at one instant have all been fired before it, by the default quota, even where only twelve minutes can be chosen from", () => {
    // On a minute, or in its second half, there are thirteen.
    const dueAt = NOON + 2 * DAY + 15 * SECOND;
    const minutes = minutesOf(() => dueAt);
    const most = Math.max(...minutes.values());
    const spare = (dueAt - lastFiredAt(minutes)) / SECOND;
    console.log(
      textTable(
        [`${TIMERS.toLocaleString("en-US")} timers due at one instant`, ""],
        [
          ["minutes", minutes.size],
          ["most schedules of a minute", most],
          ["the same for each of its seconds (quota: 1,000)", most / 60],
          ["if all were due at the instant's own minute, a second", TIMERS / 60],
          ["seconds between the last firing and the instant", spare],
          ["wakes put back to the instant, a second", Math.min(FIRED_A_SECOND, most / 60)],
          ["seconds that creating the schedules takes at least", TIMERS / CREATED_A_SECOND],
          [
            "seconds for 1,000 workers to take all turns after the instant",
            (TIMERS / MOST_WORKERS) * (TURN_MS / SECOND),
          ],
        ],
      ),
    );
    // Twelve minutes hold a little more than the quota; what is late is caught up with before the instant.
    expect(most / 60).toBeLessThan(FIRED_A_SECOND * 1.06);
    expect(spare).toBeGreaterThanOrEqual(30);
  });

  it("that are due all over a day fire at a rate of some ten a second, at any minute", () => {
    const minutes = minutesOf((n) => NOON + DAY + Math.floor((n / TIMERS) * DAY));
    const most = Math.max(...minutes.values());
    console.log(
      textTable(
        [`${TIMERS.toLocaleString("en-US")} timers due all over a day`, ""],
        [
          ["on average, a second", TIMERS / (DAY / SECOND)],
          ["most of a minute, for each of its seconds", most / 60],
        ],
      ),
    );
    expect(most / 60).toBeLessThan(FIRED_A_SECOND / 50);
    expect([...minutes.values()].reduce((sum, count) => sum + count, 0)).toBe(TIMERS);
  });
});
