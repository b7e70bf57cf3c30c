/** The ledger of typical workflows: its units keep the design's budgets, its dollars are arithmetic, and the page shows both. */
import { app, event, workflow } from "holdfast";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { textOf } from "../docs/pages.js";
import { CountedCloud } from "./ledger/cloud.js";
import { type Count, count } from "./ledger/count.js";
import { localGround, memoryGround } from "./ledger/ground.js";
import { type LedgerRow, ledger, rowOf } from "./ledger/section.js";
import { TYPICAL, type TypicalKey } from "./ledger/workflows.js";
import { pageSection } from "./page.js";
import { asMarkdown } from "./render.js";

/** The start with its index entries; a lease for the first turn, which is queued; the entry that the end removes. */
const START = 3;
const LEASE = 1;
const CLOSED = 1;

/** Write units, in the order in which they are spent. */
const BUDGETS: Readonly<Record<TypicalKey, number>> = {
  // The last step shares its write with the end.
  "three-steps": START + LEASE + 3 + CLOSED,
  "ten-steps": START + LEASE + 10 + CLOSED,
  "three-thousand-steps": START + LEASE + 3_000 + CLOSED,
  // A thousand results that come together are 3 KB, compressed; then the end.
  "fan-out": START + LEASE + 3 + 1 + CLOSED,
  // Two steps, a failure, one undone, the error, which lies beside the head, and the other undone with the end; a failed one is indexed again.
  saga: START + LEASE + 2 + 1 + 1 + 1 + 1 + CLOSED + 1,
  // A step; the wait; a step with the suspension. The event, its delivery. A lease, what came, the wait's removal, a step with the end.
  event: START + LEASE + 1 + 1 + 1 + (1 + 1) + LEASE + 1 + 1 + 1 + CLOSED,
  // The suspension. A lease, the timer, a step with the end.
  sleep: START + LEASE + 1 + LEASE + 1 + 1 + CLOSED,
  // The request of the child, its start, the suspension. Its own lease and end, the message to the parent, and the note that it was told. A
  // lease; what came, which with ids as long as these does not fit beside the end; the end.
  child: START + LEASE + 1 + START + 1 + (LEASE + 1 + 1 + 1 + CLOSED) + LEASE + 1 + 1 + CLOSED,
  // An application is an entry more. A, and B with the end.
  pipeline: START + 1 + LEASE + 1 + 1 + CLOSED,
};

const counts = new Map<TypicalKey, Count>();
let rows: readonly LedgerRow[] = [];

beforeAll(async () => {
  for (const typical of TYPICAL) counts.set(typical.key, await count(memoryGround(), typical));
  rows = TYPICAL.map((typical) => rowOf(typical, countOf(typical.key)));
});

function countOf(key: TypicalKey): Count {
  const found = counts.get(key);
  if (found === undefined) throw new Error(`${key} was not counted.`);
  return found;
}

function row(key: TypicalKey): LedgerRow {
  const found = rows.find((each) => each.key === key);
  if (found === undefined) throw new Error(`no row ${key}`);
  return found;
}

describe("the ledger of typical workflows", () => {
  it.each(TYPICAL)("$what: the write units are what is written", ({ key }) => {
    const { writes, indexWrites, refused } = countOf(key);
    expect({ units: writes + indexWrites, refused }).toEqual({ units: BUDGETS[key], refused: 0 });
  });

  // Three thousand calls of DynamoDB Local take a minute; they are as many on the tables in memory.
  it.each(TYPICAL.filter(({ key }) => key !== "three-thousand-steps"))(
    "$what: the same on DynamoDB Local, and nothing is left to the relay",
    async (typical) => {
      const ground = await localGround(inject("dynamodbEndpoint"));
      expect(await count(ground, typical)).toEqual(countOf(typical.key));
    },
  );

  it("counts the messages of a wait: its start, its event, its wake, its timer, and that put back to its second", () => {
    expect(row("event")).toMatchObject({ sqsMessages: 5, lambdaInvocations: 5, timers: 1, events: 1 });
    expect(row("sleep")).toMatchObject({ sqsMessages: 3, lambdaInvocations: 3, timers: 1, events: 0 });
    expect(row("child")).toMatchObject({ sqsMessages: 3, lambdaInvocations: 3, timers: 0, events: 0 });
  });

  it("counts what the relay and a start by an event ask for, where a workflow sends one", async () => {
    const Done = event<{ id: string }>("counted.done");
    const sends = workflow("sends", async (ctx) => ctx.sendEvent(Done, { id: ctx.executionId }));
    const follows = workflow("follows", { startOn: Done }, async (ctx) => ctx.step("look", () => "seen"));
    const cloud = new CountedCloud(
      app({ workflows: [sends, follows] }),
      await localGround(inject("dynamodbEndpoint")),
    );
    const run = (id: string) => async () => {
      await cloud.client.start(sends, undefined, { id });
      await cloud.advance(3_600_000);
    };
    await run("first")();
    // Messages: the wake of the first, its event for deliver and for start, and the insurance of the turn that start runs. And a record for the relay.
    const traffic = { messages: 4, invocations: 5, events: 1, timers: 0 };
    expect(await cloud.count(run("second"))).toMatchObject(traffic);
  });

  it("makes dollars of what was counted, at the prices that it names", () => {
    const message = 3 * 0.4 + 0.2 + 0.02 * 0.5 * 13.3334;
    const call = 0.005 * 0.5 * 13.3334;
    expect(row("three-steps").dollarsPerMillion).toBeCloseTo(8 * 0.625 + 0.125 + message + 5 * call, 6);
    const { writeUnits, readUnits, dollarsPerMillion } = row("event");
    const onTheWay = 5 * message + 16 * call + 1 + 1;
    expect(dollarsPerMillion).toBeCloseTo(writeUnits * 0.625 + readUnits * 0.125 + onTheWay, 6);
  });

  it("makes dollars of others' counts, at theirs", () => {
    const { lambdaDurableFunctions, stepFunctionsStandard, temporalCloud } = row("three-steps").elsewhere;
    const lambda = 0.2 + (0.02 + 3 * 0.005) * 0.5 * 13.3334;
    const data = ((4e6 * 100) / 2 ** 30) * (0.25 + (0.15 * 14) / 30);
    expect(lambdaDurableFunctions.dollarsPerMillion).toBeCloseTo(4 * 8 + lambda + data, 6);
    expect(stepFunctionsStandard.dollarsPerMillion).toBeCloseTo(3 * 25 + 3 * 0.2, 6);
    expect(temporalCloud.dollarsPerMillion).toBeCloseTo(4 * 50, 6);
  });

  it("says in the comparison how many times as much others charge for three steps", () => {
    const { dollarsPerMillion, elsewhere } = row("three-steps");
    const said =
      /functions (\d+) times as much, Step Functions Standard (\d+) times, Temporal Cloud (\d+) times/.exec(
        textOf("docs/comparison.md"),
      );
    const { lambdaDurableFunctions, stepFunctionsStandard, temporalCloud } = elsewhere;
    expect(said?.slice(1).map(Number)).toEqual(
      [lambdaDurableFunctions, stepFunctionsStandard, temporalCloud].map((other) =>
        Math.round(other.dollarsPerMillion / dollarsPerMillion),
      ),
    );
  });

  it("is what docs/performance.md shows", () => {
    expect(pageSection("ledger")).toBe(asMarkdown(ledger.report(rows)));
  });
});
