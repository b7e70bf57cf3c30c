import { describe, expect, it } from "vitest";
import { decideRescue } from "../../lib/decide/rescue.js";
import type { Head } from "../../lib/model/head.js";
import type { Wake } from "../../lib/model/wake.js";
import { NOON } from "../builders.js";
import { anExecution, heldBy } from "./builders.js";

const DIED = { status: "running", epoch: 5, lease: heldBy("m-1", NOON - 1) } as const;
const DUE = { status: "suspended", epoch: 5, dueAt: NOON - 1 } as const;

const decide = (state: Partial<Head> | undefined, wake: Partial<Wake> = {}, cancelled = false) =>
  decideRescue({
    wake: { executionId: "x-1", reason: "timer", ...wake },
    head: state && anExecution(state),
    cancelled,
    now: NOON,
  });
const life = (fields: Partial<Wake> = {}) => ({ executionId: "x-1", reason: "audit", epoch: 5, ...fields });

describe("a wake that came out of the dead-letter queue, row by row", () => {
  it("is dropped where it has nothing to do", () => {
    expect(decide(undefined)).toEqual({ do: "drop" });
    expect(decide({ status: "stalled" })).toEqual({ do: "drop" });
    expect(decide({ status: "suspended", dueAt: NOON + 60_000 })).toEqual({ do: "drop" });
    expect(decide({ status: "running", startAt: NOON + 60_000, createdAt: 0 })).toEqual({ do: "drop" });
    expect(decide(DIED, { reason: "relay", slot: 1 })).toEqual({ do: "drop" });
  });

  it("goes back towards its own time", () => {
    const early = { dueAt: NOON + 60_000 };
    expect(decide(DUE, early)).toMatchObject({ do: "arm", wake: early });
  });

  it("waits behind a live lease", () => {
    const held = { ...DIED, lease: heldBy("m-1", NOON + 40_000) };
    expect(decide(held, { reason: "message" })).toEqual({ do: "send", wake: life(), delaySeconds: 40 });
  });

  it("lives on, at once and then every quarter of an hour, where nobody died over it", () => {
    for (const state of [DUE, { ...DIED, lease: { ...DIED.lease, failed: true } }] as const) {
      expect(decide(state)).toEqual({ do: "send", wake: life(), delaySeconds: 0 });
      expect(decide(state, { epoch: 4 })).toEqual({ do: "send", wake: life(), delaySeconds: 900 });
      expect(decide(state, { epoch: 4, rescues: 2 })).toMatchObject({ wake: life({ rescues: 2 }) });
    }
    // Its owner died before the wake was here for the first time, or since then nobody could even take it over.
    expect(decide(DIED)).toEqual({ do: "send", wake: life(), delaySeconds: 0 });
    expect(decide(DIED, { epoch: 5 })).toEqual({ do: "send", wake: life(), delaySeconds: 900 });
  });

  it("is dropped where the audit finds by itself what it is for", () => {
    expect(decide({ status: "completed", closedAt: 0, duties: ["parent"] })).toEqual({ do: "drop" });
    expect(decide(DUE, { reason: "audit" })).toEqual({ do: "drop" });
    // Somebody died over it, perhaps since it was sent: that is to be counted.
    expect(decide(DIED, { reason: "audit" })).toMatchObject({ do: "send", wake: life() });
  });

  it("lives on where an execution has ended, and is asked for its end again", () => {
    const closed = { status: "completed", closedAt: NOON, epoch: 5 } as const;
    expect(decide(closed)).toEqual({ do: "send", wake: life(), delaySeconds: 0 });
    expect(decide(closed, { epoch: 5, rescues: 9 })).toMatchObject({ do: "send", delaySeconds: 900 });
  });

  it("stalls its execution when owners have died in three of its lives", () => {
    expect(decide(DIED, { epoch: 1 })).toEqual({ do: "send", wake: life({ rescues: 1 }), delaySeconds: 0 });
    expect(decide(DIED, { epoch: 4, rescues: 1 })).toMatchObject({ wake: life({ rescues: 2 }) });
    expect(decide(DIED, { epoch: 4, rescues: 2 })).toMatchObject({ do: "stall", lives: 3 });
  });
});
