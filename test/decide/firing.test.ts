import { describe, expect, test } from "vitest";
import { type Before, decideFiring, ON_ITS_WAY_MS } from "../../lib/decide/firing.js";
import type { Overlap } from "../../lib/model/firing.js";

const T = Date.parse("2026-01-31T08:00:00Z");
const MINUTE = 60_000;
/** A minute after its start was written down, unless a test says otherwise. */
const NOW = T + MINUTE;
/** Where the chain of the execution before has come to. */
const LATEST = "nightly@before~2";
const EVERY: readonly Overlap[] = ["skip", "allow", "cancel-previous"];

const idAt = (at: number) => `nightly@${at}`;

const decide = (
  overlap: Overlap,
  scheduledAt: number,
  stands: Before["stands"],
  { decidedFor = T, now = NOW }: { decidedFor?: number; now?: number } = {},
) =>
  decideFiring(
    { scheduledAt, executionId: idAt(scheduledAt), overlap },
    { decidedFor, started: { executionId: idAt(T), at: T } },
    now,
    async () => ({ stands, executionId: LATEST }),
  );

describe("a firing", () => {
  test.each(EVERY)("with %s, of a schedule that never came round before starts", async (overlap) => {
    const before = () => Promise.reject(new Error("nobody is before it"));
    expect(
      await decideFiring({ scheduledAt: T, executionId: idAt(T), overlap }, undefined, NOW, before),
    ).toEqual({
      do: "begin",
    });
  });

  test.each<[Overlap, Before["stands"], object]>([
    ["skip", "ended", { do: "begin" }],
    ["skip", "open", { do: "skip", latest: LATEST }],
    ["skip", "missing", { do: "skip", latest: LATEST }],
    ["allow", "ended", { do: "begin" }],
    ["allow", "open", { do: "begin" }],
    ["cancel-previous", "ended", { do: "begin" }],
    ["cancel-previous", "open", { do: "begin", cancel: LATEST }],
    ["cancel-previous", "missing", { do: "begin", cancel: LATEST }],
  ])("with %s that comes later, the one before %s: %j", async (overlap, before, action) => {
    expect(await decide(overlap, T + MINUTE, before)).toEqual(action);
  });

  test.each(EVERY)("with %s starts where nobody can be about to create the one before", async (overlap) => {
    const begin = { do: "begin" };
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
    expect(await decide("skip", T + 6 * MINUTE, "ended", since)).toEqual({ do: "begin" });
  });

  test("for the same time, as another workflow's, is decided on by the one that came first", async () => {
    const known = { decidedFor: T, started: { executionId: "before+t-1@T", at: T } };
    const before = () => Promise.reject(new Error("it does not matter"));
    const decideOn = (overlap: Overlap) =>
      decideFiring({ scheduledAt: T, executionId: "nightly+t-1@T", overlap }, known, NOW, before);
    expect(await decideOn("skip")).toEqual({ do: "repeat if there" });
    expect(await decideOn("cancel-previous")).toEqual({ do: "repeat if there" });
    expect(await decideOn("allow")).toEqual({ do: "start" });
  });
});
