/** What many at once cost: writes that they share, time that grows with their number alone, and the same result however often replayed. */
import { workflow } from "holdfast";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startExecution } from "../../lib/runtime/start.js";
import { limitsUntil } from "../../lib/runtime/turn/work.js";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { type CapacityMeter, meter } from "../setup/capacity.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { Bench } from "./bench.js";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

const fanOut = workflow(
  "fan-out",
  async (ctx, { items, concurrency }: { items: number; concurrency?: number }) => {
    const { values } = await ctx.map(
      upTo(items),
      (item, n) => item.step("square", () => n * n),
      concurrency === undefined ? {} : { concurrency },
    );
    return values.reduce((sum, value) => sum + value, 0);
  },
);

const sumOfSquares = (items: number): number => ((items - 1) * items * (2 * items - 1)) / 6;

interface Row {
  readonly what: string;
  readonly units: number;
  readonly budget: number;
  readonly commits: number;
}

const rows: Row[] = [];
let store: Store;
let capacity: CapacityMeter;

beforeAll(async () => {
  const { client, documents } = freshDynamo();
  await createTables(client);
  capacity = meter(documents);
  store = createDynamoStore(
    { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE },
    createMemoryPayloads(),
  );
  // The first start of all records the workflow's definition, which is no part of what a run costs.
  await new Bench([fanOut], [], { store, replay: "off" }).start(fanOut, { items: 1 }, "first");
});

afterAll(() => {
  console.table(rows);
});

describe("steps that end together", () => {
  // A step's event is about 90 bytes of JSON, a fifth of that compressed; a write takes 100 KB of JSON along, or what is there.
  it.each([
    [1_000, 1, 12],
    [10_000, 11, 80],
  ])(
    "share writes: %i of them take at most %i commits, and %i units in all",
    async (items, commits, budget) => {
      const bench = new Bench([fanOut], [], { store, replay: "off" });
      const id = `fan-out-${items}`;
      const now = bench.cloud.clock.now();
      const spent = await capacity.measure(() =>
        startExecution(
          bench.cloud.client(),
          bench.app,
          { workflow: fanOut.name, input: { items }, id },
          { owner: "request-1", limits: limitsUntil(now + 900_000, 900_000, 10_000) },
        ),
      );
      expect(await bench.output(id)).toBe(sumOfSquares(items));
      const written = (await store.loadHistory(id, 0)).length;
      const units = spent.writes + spent.indexWrites;
      rows.push({ what: `${items} parallel steps, inline, start to end`, units, budget, commits: written });
      expect(written).toBeLessThanOrEqual(commits);
      expect(units).toBeLessThanOrEqual(budget);
    },
    120_000,
  );
});

describe("a large map", () => {
  it("of 10,000 items gives the same when it is replayed, and runs each body once", async () => {
    let bodies = 0;
    const counted = workflow("counted", async (ctx, items: number) => {
      const result = await ctx.map(upTo(items), (item, n) =>
        item.step("s", () => {
          bodies += 1;
          return n;
        }),
      );
      await ctx.sleep("1h");
      return [result.items.length, result.values.every((value, index) => value === index), result.errors];
    });
    // Each suspension is followed by a replay that must come to the same place, with the same result at the end.
    const bench = new Bench([counted]);
    await bench.start(counted, 10_000);
    await bench.cloud.advance(7_200_000);
    expect(await bench.output()).toEqual([10_000, true, []]);
    expect(bodies).toBe(10_000);
  }, 120_000);

  it("that takes several invocations comes to the same, and runs each body once", async () => {
    let bodies = 0;
    const slow = workflow<number, number>("slow", async (ctx, items: number) => {
      const { values } = await ctx.map(
        upTo(items),
        (item, n) =>
          item.step("s", async () => {
            bodies += 1;
            await bench.cloud.clock.sleep(1_000);
            return n;
          }),
        { concurrency: 100 },
      );
      return values.reduce((sum, value) => sum + value, 0);
    });
    const bench = new Bench([slow], [], { workerTimeoutMs: 30_000, replay: "off" });
    await bench.start(slow, 10_000);
    await bench.cloud.advance(3_600_000);
    expect(await bench.output()).toBe((9_999 * 10_000) / 2);
    expect(bodies).toBe(10_000);
    expect((await bench.head()).epoch).toBeGreaterThan(3);
  }, 120_000);

  it("takes time that grows with the number of its items alone", async () => {
    const msOf = async (items: number): Promise<number> => {
      const bench = new Bench([fanOut], [], { workerTimeoutMs: 900_000, replay: "off" });
      const began = performance.now();
      await bench.start(fanOut, { items, concurrency: 500 });
      await bench.cloud.settle();
      expect(await bench.output()).toBe(sumOfSquares(items));
      return performance.now() - began;
    };
    await msOf(500);
    const [few, many] = [await msOf(1_000), await msOf(10_000)];
    // Ten times as many; a hundred times as long where it were quadratic. Other work on the machine takes its share of either.
    expect(many / few).toBeLessThan(40);
  }, 120_000);
});
