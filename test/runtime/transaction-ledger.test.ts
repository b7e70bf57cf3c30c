/**
 * What transactions cost, on DynamoDB Local. It reports one item of each table at the doubled price, where AWS bills every item: two
 * units for each KB of each (the price rule of `TransactWriteItems`). So the bill is reckoned from the items of the request beside what is reported.
 */
import type { TransactWriteCommandInput } from "@aws-sdk/lib-dynamodb";
import { event, workflow } from "holdfast";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startExecution } from "../../lib/runtime/start.js";
import { limitsUntil } from "../../lib/runtime/turn/work.js";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { type CapacityMeter, meter } from "../setup/capacity.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { add, ask, dynamoAccounts, open } from "../store/accounts.js";
import { Bench } from "./bench.js";

const Moved = event<{ amount: number }>("moved");

/** Opens that many accounts. */
const opening = workflow("opening", async (ctx, { id, accounts }: { id: string; accounts: number }) => {
  await ctx.transaction("open", (tx) => {
    for (let n = 0; n < accounts; n++) ask(tx, open(`${id}/${n}`, 100));
  });
});
const transfer = workflow("transfer", async (ctx, { id }: { id: string }) => {
  await ctx.step("check", () => "fine");
  await ctx.transaction("move", (tx) => {
    ask(tx, add(`${id}/0`, -1), add(`${id}/1`, 1));
    tx.sendEvent(Moved, { amount: 1 });
  });
  await ctx.step("note", () => "done");
});

interface Row {
  readonly what: string;
  readonly reported: number;
  readonly billed: number;
  readonly roundTrips: number;
}

const rows: Row[] = [];
let store: Store;
let capacity: CapacityMeter;
/** Of every transaction so far. */
let items = 0;
let reportedOfTransactions = 0;

beforeAll(async () => {
  const { client, documents } = freshDynamo();
  await createTables(client);
  await dynamoAccounts(client, documents);
  documents.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const { TransactItems } = args.input as Partial<TransactWriteCommandInput>;
      if (TransactItems === undefined) return answer;
      items += TransactItems.length;
      const { ConsumedCapacity = [] } = answer.output as {
        ConsumedCapacity?: { Table?: { CapacityUnits?: number } }[];
      };
      for (const { Table } of ConsumedCapacity) reportedOfTransactions += Table?.CapacityUnits ?? 0;
      return answer;
    },
    { step: "initialize", name: "transactions", priority: "low" },
  );
  capacity = meter(documents);
  const tables = { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
  store = createDynamoStore(tables, createMemoryPayloads());
});

afterAll(() => {
  console.table(rows);
});

/** A run inline, from start to end, the user's own items included. */
async function measured(what: string, workflowName: string, id: string, input: unknown): Promise<Row> {
  const bench = new Bench([opening, transfer], [], { store });
  bench.cloud.relayIsOn = false;
  const process = await bench.process();
  const before = { items, reportedOfTransactions };
  const limits = limitsUntil(bench.cloud.clock.now() + 60_000, 60_000, 10_000);
  const { writes, indexWrites, roundTrips } = await capacity.measure(() =>
    startExecution(process, bench.app, { workflow: workflowName, id, input }, { owner: "request-1", limits }),
  );
  expect(await bench.status(id)).toBe("completed");
  const reported = writes + indexWrites;
  const billed =
    reported - (reportedOfTransactions - before.reportedOfTransactions) + 2 * (items - before.items);
  const row = { what, reported, billed, roundTrips };
  rows.push(row);
  return row;
}

/** Start with its indexes, and the settlement with the removal of one. */
const START_AND_END = 3 + 2;

describe("the write-unit ledger of transactions", () => {
  it.each([1, 2, 10, 99])(
    "of %i small items: two units for each, and two for the commit",
    async (accounts) => {
      const id = `opens-${accounts}`;
      const row = await measured(`a transaction of ${accounts} items`, opening.name, id, { id, accounts });
      expect(row.billed).toBe(START_AND_END + 2 * (accounts + 1));
      // The create, the transaction, the settlement, and the read of the result for the caller.
      expect(row.roundTrips).toBe(4);
    },
  );

  it("of two updates and an event, between two steps", async () => {
    await measured("the accounts", opening.name, "moves", { id: "moves", accounts: 2 });
    const row = await measured(
      "a step, a transaction of 2 items with an event, a step",
      transfer.name,
      "t-1",
      {
        id: "moves",
      },
    );
    // The first step alone, as the transaction's body waits for it; three items, and the mark of the event in its index; the last step rides with the end.
    expect(row.billed).toBe(START_AND_END + 1 + 2 * 3 + 2);
  });
});
