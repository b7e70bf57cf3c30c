/**
 * What values of each size cost on DynamoDB Local, in write units, round trips and objects, beyond what the same execution costs with a
 * small one. Exact figures: docs/large-values.md shows them.
 */
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
import { incompressible, ordinary } from "../setup/text.js";
import { Bench } from "./bench.js";

const giving = workflow("giving", async (ctx, text: string) => {
  // Not in its first turn, so that the input is read again.
  await ctx.sleep("1h");
  return text === "" ? "" : text.length;
});
/** The first result goes into a commit of its own: the second step's body begins once it is durable. */
const resulting = workflow("resulting", async (ctx, { kind, size }: { kind: Kind; size: number }) => {
  const text = await ctx.step("large", () => TEXTS[kind](size));
  await ctx.step("next", () => 1);
  await ctx.sleep("1h");
  return text.length;
});

const TEXTS = { ordinary, incompressible };
type Kind = keyof typeof TEXTS;

interface Cost {
  readonly units: number;
  readonly roundTrips: number;
  readonly objects: number;
}

let store: Store;
let capacity: CapacityMeter;
let objects = 0;
const rows: (Cost & { what: string; readBack: string })[] = [];

beforeAll(async () => {
  const { client, documents } = freshDynamo();
  await createTables(client);
  capacity = meter(documents);
  const memory = createMemoryPayloads();
  store = createDynamoStore(
    { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE },
    {
      ...memory,
      putObject: (key, content) => {
        objects += 1;
        return memory.putObject(key, content);
      },
      getObject: (key) => {
        objects += 1;
        return memory.getObject(key);
      },
    },
  );
});

afterAll(() => {
  console.table(rows);
});

async function cost(work: () => Promise<unknown>): Promise<Cost> {
  const before = objects;
  const spent = await capacity.measure(work);
  return {
    units: spent.writes + spent.indexWrites,
    roundTrips: spent.roundTrips,
    objects: objects - before,
  };
}

/** An inline first turn, up to its sleep; then the rest. */
async function run(workflowName: string, input: unknown, id: string): Promise<{ first: Cost; rest: Cost }> {
  const bench = new Bench([giving, resulting], [], { store, replay: "off" });
  const process = await bench.process();
  const now = bench.cloud.clock.now();
  const limits = limitsUntil(now + 60_000, 60_000, 10_000);
  const first = await cost(() =>
    startExecution(process, bench.app, { workflow: workflowName, input, id }, { owner: "request-1", limits }),
  );
  const rest = await cost(() => bench.cloud.advance(7_200_000));
  expect(await bench.status(id)).toBe("completed");
  return { first, rest };
}

const beyond = (one: Cost, other: Cost): Cost => ({
  units: one.units - other.units,
  roundTrips: one.roundTrips - other.roundTrips,
  objects: one.objects - other.objects,
});

async function row(
  what: string,
  workflowName: string,
  [large, small]: readonly [unknown, unknown],
): Promise<{ first: Cost; rest: Cost }> {
  const little = await run(workflowName, small, `${what}, small`.replaceAll(/\W/g, "-"));
  const much = await run(workflowName, large, what.replaceAll(/\W/g, "-"));
  const first = beyond(much.first, little.first);
  const rest = beyond(much.rest, little.rest);
  rows.push({ what, ...first, readBack: `${rest.roundTrips} + ${rest.objects} objects` });
  // Nothing of it is written a second time.
  expect(rest.units).toBe(0);
  return { first, rest };
}

const inItem = { roundTrips: 1, objects: 0 };
const inCommit = { roundTrips: 0, objects: 0 };
const inObject = { roundTrips: 0, objects: 1 };

describe("beyond a small one", () => {
  it.each([
    { size: 1_000, kind: "ordinary", units: 0, where: inCommit },
    { size: 1_000, kind: "incompressible", units: 0, where: inCommit },
    { size: 10_000, kind: "ordinary", units: 1, where: inCommit },
    { size: 10_000, kind: "incompressible", units: 7, where: inCommit },
    { size: 80_000, kind: "ordinary", units: 9, where: inCommit },
    { size: 99_000, kind: "incompressible", units: 72, where: inCommit },
    { size: 130_000, kind: "incompressible", units: 96, where: inItem },
    { size: 1_000_000, kind: "incompressible", units: 0, where: inObject },
    { size: 6_000_000, kind: "ordinary", units: 0, where: inObject },
  ] as const)("a step's result of $size bytes, $kind", async ({ size, kind, units, where }) => {
    const { first, rest } = await row(`result of ${size}, ${kind}`, "resulting", [
      { kind, size },
      { kind, size: 10 },
    ]);
    expect(first).toEqual({ units, ...where });
    expect(rest).toEqual({ units: 0, ...where });
  });

  it.each([
    { size: 1_000, kind: "ordinary", units: 1, where: inItem },
    { size: 10_000, kind: "ordinary", units: 2, where: inItem },
    { size: 10_000, kind: "incompressible", units: 8, where: inItem },
    { size: 99_000, kind: "ordinary", units: 12, where: inItem },
    { size: 99_000, kind: "incompressible", units: 73, where: inItem },
    { size: 1_000_000, kind: "incompressible", units: 0, where: inObject },
  ] as const)("an input of $size bytes, $kind", async ({ size, kind, units, where }) => {
    const { first, rest } = await row(`input of ${size}, ${kind}`, "giving", [TEXTS[kind](size), ""]);
    // It is put away for the head, and read by this turn as by every other.
    expect(first).toEqual({ units, roundTrips: 2 * where.roundTrips, objects: 2 * where.objects });
    expect(rest).toEqual({ units: 0, ...where });
  });
});
