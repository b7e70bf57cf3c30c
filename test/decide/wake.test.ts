import { describe, expect, it } from "vitest";
import { decideWake, isDue, tooEarlyFor, type WakeAction } from "../../lib/decide/wake.js";
import type { Head } from "../../lib/model/head.js";
import { STATUSES } from "../../lib/model/status.js";
import type { Wake, WakeReason } from "../../lib/model/wake.js";
import { NOON } from "../builders.js";
import { aMessage, anExecution, heldBy } from "./builders.js";

const REASONS: readonly WakeReason[] = [
  "start",
  "timer",
  "message",
  "insurance",
  "yield",
  "redrive",
  "audit",
];

const wakeFor = (reason: WakeReason, puts?: number): Wake => ({
  executionId: "order-1",
  reason,
  ...(puts === undefined ? {} : { puts }),
});

const finding = (
  head: Head | undefined,
  wake: Wake = wakeFor("timer"),
  messageId = "me",
  cancelled = false,
): WakeAction => decideWake({ wake, messageId, head, cancelled, now: NOON });

describe("what a wake finds, and what follows, row by row", () => {
  it("no execution: put back at once, and then with a short, growing delay, its count in the copy", () => {
    const delays = [0, 1, 2, 3, 4, 5, 6].map((puts) => {
      const action = finding(undefined, wakeFor("start", puts));
      if (action.do !== "put-back") throw new Error(`expected a put-back, found ${action.do}`);
      expect(action.wake.puts).toBe(puts + 1);
      return action.delaySeconds;
    });
    expect(delays).toEqual([0, 1, 2, 4, 8, 16, 30]);
  });

  it("no execution after seven tries: dropped", () => {
    expect(finding(undefined, wakeFor("start", 7))).toEqual({ do: "drop", why: "no such execution" });
  });

  it.each(["completed", "failed", "cancelled", "terminated", "continued"] as const)(
    "a closed (%s) execution: its closing duties are done again, whoever holds it and whatever the wake says",
    (status) => {
      for (const reason of REASONS) {
        expect(finding(anExecution({ status }), wakeFor(reason))).toEqual({ do: "close" });
        expect(finding(anExecution({ status, lease: heldBy("other", NOON + 1) }), wakeFor(reason))).toEqual({
          do: "close",
        });
      }
    },
  );

  it("a stalled execution: dropped, even with messages in its inbox", () => {
    expect(finding(anExecution({ status: "stalled", inbox: [aMessage("m-1")] }))).toEqual({
      do: "drop",
      why: "stalled",
    });
  });

  it.each([
    ["whose end is near: to its end, rounded up", 1, 1],
    ["whose end is a second off: to its end", 1_000, 1],
    ["whose end is 61.5 s off: to its end, rounded up", 61_500, 62],
    ["whose end is further than a queue can delay: as far as it can", 901_000, 900],
  ])("somebody else's live lease, announcing a message, %s", (_, leftMs, delaySeconds) => {
    const action = finding(
      anExecution({ status: "running", lease: heldBy("other", NOON + leftMs) }),
      wakeFor("message", 100),
    );
    expect(action).toMatchObject({ do: "put-back", delaySeconds, wake: { reason: "message", puts: 101 } });
  });

  it.each(REASONS.filter((reason) => reason !== "message"))(
    "somebody else's live lease, %s wake: put back with a short, growing delay, never dropped",
    (reason) => {
      const delays = [undefined, 1, 4, 5, 1_000_000].map((puts) => {
        const action = finding(
          anExecution({ status: "running", lease: heldBy("other", NOON + 60_000) }),
          wakeFor(reason, puts),
        );
        return action.do === "put-back" ? action.delaySeconds : action.do;
      });
      expect(delays).toEqual([1, 2, 16, 30, 30]);
    },
  );

  it("an expired lease: taken over, from its very last moment on", () => {
    expect(finding(anExecution({ lease: heldBy("other", NOON) }))).toEqual({ do: "take-over" });
    expect(finding(anExecution({ lease: heldBy("other", NOON - 1) }), wakeFor("message"))).toEqual({
      do: "take-over",
    });
    expect(finding(anExecution({ lease: heldBy("other", NOON + 1) })).do).toBe("put-back");
  });

  it("a lease held under its own message id: taken over at once, without waiting for its end", () => {
    expect(finding(anExecution({ lease: heldBy("me", NOON + 60_000) }))).toEqual({ do: "take-over" });
  });

  it("a released lease before the start, and a cancel in its inbox: a turn, which ends it", () => {
    const delayed = anExecution({ status: "running", startAt: NOON + 60_000 });
    expect(finding(delayed, wakeFor("message"), "me", true)).toEqual({ do: "turn" });
  });

  it("a released lease before `startAt`: dropped, with or without messages", () => {
    const delayed = { status: "running", startAt: NOON + 1_001 } as const;
    expect(finding(anExecution(delayed))).toEqual({ do: "drop", why: "before its start" });
    expect(finding(anExecution({ ...delayed, inbox: [aMessage("m-1")] }), wakeFor("message"))).toEqual({
      do: "drop",
      why: "before its start",
    });
  });

  it("a released lease of one that was not delayed: a turn, though it was created by a clock that is ahead", () => {
    const ahead = { status: "running", createdAt: NOON + 30_000, startAt: NOON + 30_000 } as const;
    for (const reason of REASONS)
      expect(finding(anExecution(ahead), wakeFor(reason))).toEqual({ do: "turn" });
  });

  it("a released lease within the second before `startAt`: a turn, which waits for the rest", () => {
    expect(finding(anExecution({ status: "running", startAt: NOON + 1_000 }))).toEqual({ do: "turn" });
  });

  it.each(["suspended", "paused", "compensating"] as const)(
    "a released lease, %s, an empty inbox and nothing due: dropped",
    (status) => {
      expect(finding(anExecution({ status }))).toEqual({ do: "drop", why: "nothing is due" });
      expect(finding(anExecution({ status, dueAt: NOON + 1_001 }))).toEqual({
        do: "drop",
        why: "nothing is due",
      });
    },
  );

  it.each([
    ["running, which is always due", { status: "running" }],
    ["due now", { dueAt: NOON }],
    ["due a year ago", { dueAt: NOON - 31_536_000_000 }],
    ["due within the second that a turn can wait for", { dueAt: NOON + 1_000 }],
    ["a message in its inbox", { inbox: [aMessage("m-1")] }],
    ["a message that is an item of its own", { inboxItems: 1 }],
  ] as const)("a released lease, %s: a turn", (_, state) => {
    expect(finding(anExecution(state))).toEqual({ do: "turn" });
  });

  it("takes one of its actions whatever it finds, and no wake for an execution under a live lease is dropped before its end", () => {
    for (const status of STATUSES) {
      for (const reason of REASONS) {
        const held = finding(anExecution({ status, lease: heldBy("other", NOON + 1) }), wakeFor(reason));
        // One that is stalled is being terminated.
        if (["running", "suspended", "paused", "compensating", "stalled"].includes(status)) {
          expect(held.do).toBe("put-back");
        } else {
          expect(["drop", "close"]).toContain(held.do);
        }
      }
    }
  });
});

describe("a wake before its own time", () => {
  it.each([
    ["says no time", undefined, undefined],
    ["is late", NOON - 1, undefined],
    ["is on time", NOON, undefined],
    ["comes within a second", NOON + 1_000, undefined],
    ["comes a second and a millisecond early", NOON + 1_001, 1_001],
    ["comes a year early", NOON + 31_536_000_000, 31_536_000_000],
  ])("that %s", (_, dueAt, early) => {
    const wake: Wake = { executionId: "order-1", reason: "timer", ...(dueAt === undefined ? {} : { dueAt }) };
    expect(tooEarlyFor(wake, NOON)).toBe(early);
  });

  it("that is not too early finds what it came for due", () => {
    for (const early of [-1, 0, 1, 999, 1_000]) {
      const dueAt = NOON + early;
      expect(tooEarlyFor({ executionId: "order-1", reason: "timer", dueAt }, NOON)).toBeUndefined();
      expect(isDue(anExecution({ dueAt }), NOON)).toBe(true);
    }
  });
});
