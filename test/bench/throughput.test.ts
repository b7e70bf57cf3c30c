/** The arithmetic and the tables of the throughput's section; what it measures, it measures in `npm run bench`. */
import { describe, expect, it } from "vitest";
import { asMarkdown } from "./render.js";
import type { Call } from "./throughput/calls.js";
import { countedBetween, countedOf, NOTHING } from "./throughput/counts.js";
import { drive, percentile, ranOf } from "./throughput/drive.js";
import type { HoldfastRan } from "./throughput/holdfast.js";
import { medianPhases, phasesOf } from "./throughput/phases.js";
import { report } from "./throughput/report.js";
import { check, expected, type Order } from "./throughput/story.js";

describe("the load", () => {
  it("has so many executions in flight, never more, each with an input of its own", async () => {
    const orders: Order[] = [];
    let inFlight = 0;
    let most = 0;
    const ran = await drive({ inFlight: 3, executions: 10 }, async (order) => {
      orders.push(order);
      inFlight += 1;
      most = Math.max(most, inFlight);
      await new Promise((wake) => setImmediate(wake));
      inFlight -= 1;
      return expected(order);
    });
    expect(ran).toMatchObject({ inFlight: 3, executions: 10 });
    expect({ most, started: new Set(orders.map(({ n }) => n)).size }).toEqual({ most: 3, started: 10 });
  });

  it("fails on a wrong result", async () => {
    await expect(drive({ inFlight: 1, executions: 1 }, async () => [1])).rejects.toThrow(/should give/);
  });

  it("knows what steps give", () => {
    expect(expected({ n: 4, steps: 3 })).toEqual([5, 7, 10]);
    expect(() => check({ n: 4, steps: 3 }, [5, 7, 10])).not.toThrow();
    expect(() => check({ n: 4, steps: 3 }, [5, 7])).toThrow();
  });

  it("is executions and steps by its seconds, and the latencies that half and all but a twentieth do not exceed", () => {
    const ms = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(ranOf({ inFlight: 8, executions: 100 }, 4, ms)).toEqual({
      inFlight: 8,
      executions: 100,
      seconds: 4,
      executionsPerSecond: 25,
      stepsPerSecond: 75,
      medianMs: 50,
      p95Ms: 95,
    });
    expect(percentile([7], 0.95)).toBe(7);
    expect(() => percentile([], 0.5)).toThrow();
  });
});

describe("the counts", () => {
  it("are an execution's of three steps, and a step's by the difference to thirteen", () => {
    const counted = countedOf(
      20,
      { roundTrips: 120, writes: 100 },
      { roundTrips: 320, writes: 300, syncs: 7 },
    );
    expect(counted).toEqual({
      perExecution: { roundTrips: 6, writes: 5 },
      perStep: { roundTrips: 1, writes: 1 },
    });
  });

  it("are without what the engine does by itself", () => {
    const idle = { roundTrips: 5, writes: 1, syncs: 20 };
    const [before, after] = [
      { roundTrips: 10, writes: 10, syncs: 10 },
      { roundTrips: 50, writes: 20, syncs: 30 },
    ];
    expect(countedBetween(before, after, 2, idle)).toEqual({ roundTrips: 30, writes: 8, syncs: 0 });
    expect(countedBetween(before, after, 2, NOTHING)).toEqual({ roundTrips: 40, writes: 10, syncs: 20 });
  });
});

const call = (name: string, from: number, until: number): Call => ({ target: name, from, until });
const put = (from: number, until: number): Call => call("DynamoDB_20120810.PutItem", from, until);

describe("where the time goes", () => {
  const seen = { executionId: "order-1", began: 100, started: 110, ended: 190 };

  it("is the time of an execution, each part once", () => {
    // Two calls overlap, and one is of another service.
    const calls = [put(125, 130), put(128, 135), put(140, 150), call("AmazonSQS.SendMessage", 150, 155)];
    const phases = phasesOf(seen, { executionId: "order-1", until: 160, calls, before: [] });
    expect(phases).toEqual({ start: 10, queue: 15, tables: 20, rest: 15, result: 30 });
    expect(Object.values(phases).reduce((sum, ms) => sum + ms, 0)).toBe(seen.ended - seen.began);
  });

  it("has no queue where the worker begins before the client has its answer", () => {
    const phases = phasesOf(seen, {
      executionId: "order-1",
      until: 160,
      calls: [put(104, 114)],
      before: [],
    });
    expect(phases).toEqual({ start: 4, queue: 0, tables: 10, rest: 46, result: 30 });
  });

  it("is the median of each part", () => {
    const phases = { start: 1, queue: 2, tables: 3, rest: 4, result: 5 };
    const all = [phases, { ...phases, queue: 9 }, { ...phases, queue: 7, start: 0 }];
    expect(medianPhases(all)).toEqual({ ...phases, queue: 7 });
  });
});

describe("the report", () => {
  const load = { inFlight: 1, executions: 100 };
  const ran = ranOf(load, 10, [80, 90]);
  const counted = countedOf(1, { roundTrips: 6, writes: 5 }, { roundTrips: 16, writes: 15 });
  const phases = { start: 1, queue: 2, tables: 3, rest: 4, result: 5 };
  const holdfast: HoldfastRan = { ran: [{ ...ran, phases, putBack: 0.125 }], counted };

  it("gives the counts first, each engine's, and says who is missing, and why", () => {
    const syncs = { roundTrips: 32, writes: 7, syncs: 5 };
    const dbos = { ran: [ran], counted: { perExecution: syncs, perStep: syncs } };
    const text = asMarkdown(
      report({
        holdfast,
        peers: [
          { key: "dbos", ...dbos },
          { key: "restate", missing: "npm error 404" },
        ],
      }),
    );
    expect(text).toContain("| Holdfast, DynamoDB | 6 | 1 | 5 | 1 | AWS's | AWS's |");
    expect(text).toContain("| DBOS 5.3.0, PostgreSQL 15 | 32 | 32 | 7 | 7 | 5 | 5 |");
    expect(text).toContain("Restate 1.7.12, its own log is missing: npm error 404");
    expect(text).not.toContain("| Restate");
    expect(text.indexOf("Round trips")).toBeLessThan(text.indexOf("Executions per second"));
    expect(text).toContain("| Holdfast, DynamoDB Local in memory | 1 | 100 | 10 | 30 | 80 | 90 |");
    expect(text).toContain("| Holdfast, DynamoDB Local in memory | 1 | 1 | 2 | 3 | 4 | 5 | 13% |");
  });
});
