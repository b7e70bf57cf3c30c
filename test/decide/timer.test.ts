import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Carrier, carrierFor, delaySecondsFor } from "../../lib/decide/timer.js";
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
    ["in 15 min and 1 ms", 15 * MINUTE + 1],
    ["in 15 min and 1 s", 15 * MINUTE + SECOND],
    ["in 16 min", 16 * MINUTE],
    ["in an hour", 60 * MINUTE],
    ["in a year", 365 * DAY],
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
    const dueAt = NOON + DAY;
    expect(minuteOf(dueAt, NOON, "order-1")).toBe(minuteOf(dueAt, NOON + 60 * MINUTE, "order-1"));
  });

  it.each([
    ["on a minute boundary", NOON + DAY, 13],
    ["in the first half of a minute", NOON + DAY + 15 * SECOND, 12],
    ["in the second half of a minute", NOON + DAY + 45 * SECOND, 13],
  ])("of very many timers of one instant %s is any of them, evenly", (_, dueAt, minutes) => {
    const timers = 200_000;
    const counts = new Map<number, number>();
    for (let n = 0; n < timers; n++) {
      const at = minuteOf(dueAt, NOON, `order-${n}`);
      counts.set(at, (counts.get(at) ?? 0) + 1);
    }
    expect(counts.size).toBe(minutes);
    const even = timers / minutes;
    // 5 % is some six standard deviations at this number.
    for (const count of counts.values()) expect(Math.abs(count - even) / even).toBeLessThan(0.05);
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
});
