import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Carrier, carrierFor, delaySecondsFor, mayHaveFired } from "../../lib/decide/timer.js";
import { tooEarlyFor } from "../../lib/decide/wake.js";
import { NOON } from "../builders.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

const inProcess = (ms: number): Carrier => ({ by: "process", ms });
const onTheQueue = (delaySeconds: number): Carrier => ({ by: "queue", delaySeconds });

/** The minute of a timer that must be long enough to have one. */
function minuteOf(dueAt: number, now: number, spread = "order-1"): number {
  const carrier = carrierFor(dueAt, now, spread);
  if (carrier.by !== "schedule") throw new Error(`expected a schedule, found ${carrier.by}`);
  return carrier.at;
}

/** Any present, and any timer that is too long for the queue. */
const presents = fc.integer({ min: 0, max: 4_102_444_800_000 });
/** By how much one clock may be ahead of, or behind, another. */
const skews = fc.integer({ min: -30 * SECOND, max: 30 * SECOND });
const longTimers = fc.integer({ min: 15 * MINUTE + 1, max: 366 * DAY });

describe("how a wake is carried to its time, row by row and border by border", () => {
  it.each([
    ["a year ago", -365 * DAY, inProcess(0)],
    ["a millisecond ago", -1, inProcess(0)],
    ["now", 0, inProcess(0)],
    ["in 0.9 s", 900, inProcess(900)],
    ["in 1 s", SECOND, inProcess(1_000)],
    ["in 1 s and 1 ms", SECOND + 1, onTheQueue(1)],
    ["in 1.999 s, of which the queue carries only the whole second", 1_999, onTheQueue(1)],
    ["in 2 s", 2 * SECOND, onTheQueue(2)],
    ["in 899.5 s", 899_500, onTheQueue(899)],
    ["in 899.999 s", 899_999, onTheQueue(899)],
    ["in 900 s, the queue's longest delay", 900 * SECOND, onTheQueue(900)],
  ])("%s", (_, remaining, carrier) => {
    expect(carrierFor(NOON + remaining, NOON, "order-1")).toEqual(carrier);
  });

  it.each([
    ["in 15 min and 1 s", 15 * MINUTE + SECOND],
    ["in 16 min", 16 * MINUTE],
    ["in an hour", 60 * MINUTE],
    ["in 900.001 s", 900_001],
    ["in a year", 365 * DAY],
    ["in a year with a leap day", 366 * DAY - 1],
    ["in the longest sleep there is", 366 * DAY],
  ])("%s: a schedule at a whole minute, 14 min to 90 s ahead", (_, remaining) => {
    for (const present of [NOON, NOON + 1, NOON + 29_999, NOON + 30_000, NOON + 59_999]) {
      const dueAt = present + remaining;
      const at = minuteOf(dueAt, present);
      expect(at % MINUTE).toBe(0);
      expect(at).toBeGreaterThanOrEqual(dueAt - 14 * MINUTE);
      expect(at).toBeLessThanOrEqual(dueAt - 90 * SECOND);
    }
  });
});

describe("the minute of a schedule", () => {
  it.each([
    ["the first minute of a year", Date.UTC(2027, 0, 1)],
    ["a leap day", Date.UTC(2028, 1, 29, 0, 5)],
    ["the day after one", Date.UTC(2028, 2, 1, 0, 0, 0, 1)],
    ["the 28th of February of a year that has none", Date.UTC(2027, 1, 28, 23, 59, 59, 999)],
  ])("of a timer that is due in %s lies in the same window as any other's", (_, dueAt) => {
    for (let n = 0; n < 200; n++) {
      const at = minuteOf(dueAt, dueAt - 200 * DAY, `order-${n}`);
      expect(at % MINUTE).toBe(0);
      expect(at).toBeGreaterThanOrEqual(dueAt - 14 * MINUTE);
      expect(at).toBeLessThanOrEqual(dueAt - 90 * SECOND);
    }
  });

  it("has not been chosen before it fires, nor is it close, by a clock that is half a minute off either way", () => {
    fc.assert(
      fc.property(presents, longTimers, fc.string(), skews, (now, remaining, spread, skew) => {
        const dueAt = now + skew + remaining;
        expect(minuteOf(dueAt, now + skew, spread)).toBeGreaterThan(now + 30 * SECOND);
      }),
      { numRuns: 5_000 },
    );
  });

  it("lies in [T − 14 min, T − 90 s] and has not begun, for every present and every T", () => {
    fc.assert(
      fc.property(presents, longTimers, fc.string(), (now, remaining, spread) => {
        const dueAt = now + remaining;
        const at = minuteOf(dueAt, now, spread);
        expect(at % MINUTE).toBe(0);
        expect(at).toBeGreaterThanOrEqual(dueAt - 14 * MINUTE);
        expect(at).toBeLessThanOrEqual(dueAt - 90 * SECOND);
        expect(at).toBeGreaterThan(now);
      }),
      { numRuns: 5_000 },
    );
  });

  it("leaves one queue delay to T, even when the schedule fires in the first second of its minute", () => {
    fc.assert(
      fc.property(presents, longTimers, fc.string(), (now, remaining, spread) => {
        const dueAt = now + remaining;
        expect(carrierFor(dueAt, minuteOf(dueAt, now, spread), spread).by).toBe("queue");
      }),
      { numRuns: 5_000 },
    );
  });

  it("leaves at least half a minute, even when the schedule fires in the last second of its minute", () => {
    fc.assert(
      fc.property(presents, longTimers, fc.string(), (now, remaining, spread) => {
        const dueAt = now + remaining;
        expect(dueAt - (minuteOf(dueAt, now, spread) + MINUTE)).toBeGreaterThanOrEqual(30 * SECOND);
      }),
      { numRuns: 5_000 },
    );
  });

  it("is the same however often, and by whomever, it is chosen", () => {
    fc.assert(
      fc.property(presents, longTimers, longTimers, fc.string(), (dueAt, one, other, spread) => {
        expect(minuteOf(dueAt, dueAt - one, spread)).toBe(minuteOf(dueAt, dueAt - other, spread));
      }),
    );
  });

  it.each([
    ["on a minute boundary", NOON + DAY, 13],
    ["in the first half of a minute", NOON + DAY + 15 * SECOND, 12],
    ["in the second half of a minute", NOON + DAY + 45 * SECOND, 13],
  ])("of very many timers of one instant %s is any of them, evenly", (_, dueAt, minutes) => {
    const timers = 50_000;
    const counts = new Map<number, number>();
    for (let n = 0; n < timers; n++) {
      const at = minuteOf(dueAt, NOON, `order-${n}`);
      counts.set(at, (counts.get(at) ?? 0) + 1);
    }
    expect(counts.size).toBe(minutes);
    const even = timers / minutes;
    // 10 % is some six standard deviations at this number.
    for (const count of counts.values()) expect(Math.abs(count - even) / even).toBeLessThan(0.1);
  });
});

describe("the queue's delay", () => {
  it("never overshoots T, never leaves a whole second that it could have carried, and is a whole number of 0 to 900", () => {
    fc.assert(
      fc.property(presents, fc.integer({ min: -DAY, max: 366 * DAY }), (now, remaining) => {
        const delay = delaySecondsFor(now + remaining, now);
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(900);
        expect(delay * SECOND).toBeLessThanOrEqual(Math.max(0, remaining));
        if (remaining >= 0 && delay < 900) expect(remaining - delay * SECOND).toBeLessThan(SECOND);
      }),
      { numRuns: 5_000 },
    );
  });

  it("of a chain of carriers reaches T without passing it", () => {
    fc.assert(
      fc.property(presents, longTimers, fc.string(), (start, remaining, spread) => {
        const dueAt = start + remaining;
        let now = start;
        for (let hops = 0; hops < 4; hops++) {
          const carrier = carrierFor(dueAt, now, spread);
          if (carrier.by === "schedule") now = carrier.at;
          else if (carrier.by === "queue") now += carrier.delaySeconds * SECOND;
          else now += carrier.ms;
          expect(now).toBeLessThanOrEqual(dueAt);
          if (now === dueAt) return;
        }
        expect(now).toBe(dueAt);
      }),
    );
  });

  it("brings a wake to T by the clock of whoever fires it, however it differs from that of whoever armed it", () => {
    fc.assert(
      fc.property(
        presents,
        longTimers,
        fc.string(),
        skews,
        skews,
        (start, remaining, spread, arms, fires) => {
          const dueAt = start + remaining;
          // Armed by one, brought by the schedule at its minute, and put back by the other until it is not too early for that one.
          let now = minuteOf(dueAt, Math.min(start, start + arms), spread);
          const wake = { executionId: "order-1", reason: "timer", dueAt } as const;
          for (let hops = 0; tooEarlyFor(wake, now + fires) !== undefined; hops++) {
            expect(hops).toBeLessThan(3);
            const carrier = carrierFor(dueAt, now + fires, spread);
            expect(carrier.by).toBe("queue");
            now += carrier.by === "queue" ? carrier.delaySeconds * SECOND : 0;
          }
          // What is left is waited for in the process.
          expect(dueAt - (now + fires)).toBeLessThanOrEqual(SECOND);
          expect(now + fires).toBeLessThanOrEqual(Math.max(dueAt, dueAt + fires));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe("a schedule that is there already", () => {
  it.each([
    ["will fire: it is more than a hop ahead", 15 * MINUTE + 1, false],
    ["may have fired: it is a hop ahead, by a clock that may be behind", 15 * MINUTE, true],
    ["may have fired: it is a minute ahead", MINUTE, true],
    ["may have fired: its minute has come", 0, true],
  ])("%s", (_, ahead, fired) => {
    expect(mayHaveFired(NOON + ahead, NOON)).toBe(fired);
  });
});
