import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  afterSignal,
  afterTry,
  MOST_TRIES,
  MOST_TRIES_TO_FIND,
  nextTryAt,
  type PublishOutcome,
} from "../../lib/decide/relay.js";
import type { OutboxEntryState } from "../../lib/model/outgoing.js";
import { isFinal } from "../../lib/model/outgoing.js";
import { NOON } from "../builders.js";

const tried = (tries: number): OutboxEntryState => ({ state: tries === 0 ? "pending" : "failed", tries });
const accepted: PublishOutcome = { ok: true };
const malformed: PublishOutcome = { ok: false, permanent: true, error: "detail is malformed" };
const throttled: PublishOutcome = { ok: false, permanent: false, error: "throttled" };

describe("what becomes of an outgoing event after a try, row by row", () => {
  it.each([
    ["is published once the bus accepts it", tried(0), accepted, { state: "published", tries: 1 }],
    ["is published however late it is accepted", tried(899), accepted, { state: "published", tries: 900 }],
    [
      "is invalid at once where no retry can help",
      tried(0),
      malformed,
      { state: "invalid", tries: 1, lastError: "detail is malformed" },
    ],
    [
      "is invalid even at its last try, and not merely dead",
      tried(899),
      malformed,
      { state: "invalid", tries: 900, lastError: "detail is malformed" },
    ],
    [
      "will be tried again after any other failure",
      tried(0),
      throttled,
      { state: "failed", tries: 1, lastError: "throttled" },
    ],
    [
      "still has one try left after the last but one",
      tried(MOST_TRIES - 2),
      throttled,
      { state: "failed", tries: MOST_TRIES - 1, lastError: "throttled" },
    ],
    [
      "is dead after the last",
      tried(MOST_TRIES - 1),
      throttled,
      { state: "dead", tries: MOST_TRIES, lastError: "throttled" },
    ],
  ] as const)("an event %s", (_, before, outcome, after) => {
    expect(afterTry(before, outcome)).toEqual(after);
  });

  it("forgets the error of an earlier try once it is published", () => {
    expect(afterTry({ state: "failed", tries: 3, lastError: "throttled" }, accepted)).toEqual({
      state: "published",
      tries: 4,
    });
  });

  it("ends within a bounded number of tries, whatever the bus answers", () => {
    let entry = tried(0);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      expect(isFinal(entry.state)).toBe(false);
      entry = afterTry(entry, throttled);
    }
    expect(isFinal(entry.state)).toBe(true);
  });
});

describe("what a try to hand over a signal found, row by row", () => {
  it.each(["appended", "duplicate"] as const)("%s: it is there", (outcome) => {
    expect(afterTry(tried(0), afterSignal({ outcome }))).toEqual({ state: "published", tries: 1 });
  });

  it("closed: nothing will ever take it", () => {
    expect(afterTry(tried(0), afterSignal({ outcome: "closed" }))).toMatchObject({ state: "invalid" });
  });

  it.each([
    [0, "failed"],
    [MOST_TRIES_TO_FIND - 2, "failed"],
    [MOST_TRIES_TO_FIND - 1, "dead"],
    [5_000, "dead"],
  ])("missing, after %i tries: %s", (tries, state) => {
    expect(afterTry(tried(tries), afterSignal({ outcome: "missing" }))).toMatchObject({ state });
  });
});

describe("when a failed event is tried again", () => {
  it.each([
    ["the first failure", 1, 1_000, 3_000],
    ["the second failure", 2, 1_000, 5_000],
    ["the eighth failure", 8, 1_000, 257_000],
    ["the ninth failure, where the cap begins", 9, 1_000, 301_000],
    ["the nine hundredth failure", 900, 1_000, 301_000],
  ])("after %s, between the shortest and the longest delay", (_, tries, shortest, longest) => {
    expect(nextTryAt(tries, NOON, 0) - NOON).toBe(shortest);
    expect(nextTryAt(tries, NOON, 1) - NOON).toBe(longest);
  });

  it("never sooner than a second, never later than the cap and that second, and longer with every failure", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (tries, random) => {
          const delay = nextTryAt(tries, NOON, random) - NOON;
          expect(delay).toBeGreaterThanOrEqual(1_000);
          expect(delay).toBeLessThanOrEqual(301_000);
          expect(nextTryAt(tries + 1, NOON, random) - NOON).toBeGreaterThanOrEqual(delay);
        },
      ),
    );
  });
});
