import { describe, expect, test } from "vitest";
import { type Before, decideFiring, ON_ITS_WAY_MS } from "../../lib/decide/firing.js";
import type { Overlap } from "../../lib/model/firing.js";

const T = Date.parse("2026-01-31T08:00:00Z");
const MINUTE = 60_000;
/** A minute after its start was written down, unless a test says otherwise. */
const NOW = T + MINUTE;
const EVERY: readonly Overlap[] = ["skip", "allow", "cancel-previous"];

const decide = (
  overlap: Overlap,
  scheduledAt: number,
  before: Before,
  { decidedFor = T, now = NOW }: { decidedFor?: number; now?: number } = {},
) =>
  decideFiring(
    { scheduledAt, overlap },
    { decidedFor, started: { scheduledFor: T, at: T } },
    now,
    async () => before,
  );

describe("a firing", () => {
  test.each(EVERY)("with %s, of a schedule that never came round before starts", async (overlap) => {
    const before = () => Promise.reject(new Error("nobody is before it"));
    expect(await decideFiring({ scheduledAt: T, overlap }, undefined, NOW, before)).toEqual({
      do: "begin",
      cancel: false,
    });
  });

  test.each<[Overlap, Before, object]>([
    ["skip", "ended", { do: "begin", cancel: false }],
    ["skip", "open", { do: "skip" }],
    ["skip", "missing", { do: "skip" }],
    ["allow", "ended", { do: "begin", cancel: false }],
    ["allow", "open", { do: "begin", cancel: false }],
    ["cancel-previous", "ended", { do: "begin", cancel: false }],
    ["cancel-previous", "open", { do: "begin", cancel: true }],
    ["cancel-previous", "missing", { do: "begin", cancel: true }],
  ])("with %s that comes later, the one before %s: %j", async (overlap, before, action) => {
    expect(await decide(overlap, T + MINUTE, before)).toEqual(action);
  });

  test.each(EVERY)("with %s starts where nobody can be about to create the one before", async (overlap) => {
    const begin = { do: "begin", cancel: false };
    expect(await decide(overlap, T + MINUTE, "missing", { now: T + ON_ITS_WAY_MS })).toEqual(begin);
    const sooner = await decide(overlap, T + MINUTE, "missing", { now: T + ON_ITS_WAY_MS - 1 });
    if (overlap !== "allow") expect(sooner).not.toEqual(begin);
  });

  test.each(EVERY)("with %s that was to start, comes again: it is started again", async (overlap) => {
    const since = { decidedFor: T + 5 * MINUTE };
    expect(await decide(overlap, T, "open")).toEqual({ do: "repeat" });
    // Firings after it were skipped.
    expect(await decide(overlap, T, "missing", since)).toEqual({ do: "repeat" });
  });

  test("that was skipped, comes again, or comes after a later one, starts nothing new; with allow it starts", async () => {
    const since = { decidedFor: T + 5 * MINUTE };
    for (const at of [T - MINUTE, T + MINUTE, T + 5 * MINUTE]) {
      expect(await decide("skip", at, "ended", since)).toEqual({ do: "repeat if there" });
      expect(await decide("cancel-previous", at, "ended", since)).toEqual({ do: "repeat if there" });
      expect(await decide("allow", at, "ended", since)).toEqual({ do: "start" });
    }
    expect(await decide("skip", T + 6 * MINUTE, "ended", since)).toEqual({ do: "begin", cancel: false });
  });
});
