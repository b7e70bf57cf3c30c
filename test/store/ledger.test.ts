/**
 * The write-unit ledger of the design, measured: what each operation of the store, and what belongs together, may cost, with payloads of
 * ordinary size. Printed at the end; `npm run ledger` prints it alone. The runtime's own is `test/runtime/ledger.test.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshDynamo } from "../setup/client.js";
import { PARALLEL, PARALLEL_KB } from "./ledger/entries/executions.js";
import { ENTRIES, isWithin, type Ledger, type Line, ledgerTable, openLedger } from "./ledger/measure.js";

let ledger: Ledger;
const lines: Line[] = [];

beforeAll(async () => {
  const { client, documents } = freshDynamo();
  ledger = await openLedger(client, documents);
});

afterAll(() => {
  console.log(ledgerTable(lines));
});

describe("the write-unit ledger", () => {
  test("has a line for every operation of the store", () => {
    const named = new Set<string>(ENTRIES.flatMap((entry) => entry.of));
    expect(Object.keys(ledger.store).filter((operation) => !named.has(operation))).toEqual([]);
  });

  test("takes steps that end together for what they are when compressed", () => {
    expect(Math.ceil((JSON.stringify(PARALLEL).length + 150) / 1024)).toBe(5);
    expect(PARALLEL_KB).toBe(4);
  });

  test.each(ENTRIES)("$what", async (entry) => {
    const line = await ledger.measure(entry);
    lines.push(line);
    expect(isWithin(line), `over its budget: ${JSON.stringify(line)}`).toBe(true);
    // A budget that is larger than what it is for would let the next dear change pass.
    expect(line.spent).toEqual(line.budget);
  });

  test("a count that the index decides asks each of the eight shards once, and reads no head", async () => {
    for (let index = 0; index < 30; index += 1)
      await store.createExecution(execution(`${ID}/counted-${index}`, { workflow: "counted" }));
    const spent = await capacity.measure(() =>
      store.countExecutions({ workflow: "counted", createdAfter: T0 }),
    );
    expect(spent).toMatchObject({ writes: 0, indexWrites: 0, roundTrips: 8 });
    expect(spent.reads).toBeLessThanOrEqual(8);
  });

  test("a deletion is 1 unit for its mark, 1 for each item of up to 1 KB, and 1 and its index entry for the head", async () => {
    const head = await start("deleted");
    const { executionId } = head;
    for (let slot = 1; slot <= 60; slot += 1)
      await store.appendCommit(
        commit(executionId, slot, { events: [stepCompleted("step", "x".repeat(500))] }),
      );
    await store.settle(settlementOf(head, COMPLETED, { slot: 60 }));
    const closed = { executionId, status: "completed", closedAt: T0 + 1_000 } as const;
    // 60 items of some 700 bytes, read at 4 KB a unit.
    await costs(() => store.surveyItems(executionId), { writes: 0, reads: 11, roundTrips: 1 });
    await costs(() => store.beginDeletion(closed, T0), { writes: 1, indexWrites: 0, roundTrips: 1 });
    const deleteItems = () => store.deleteItems({ executionId, deletedAt: T0, limit: 500 });
    // The head, the keys, and three batches.
    await costs(deleteItems, { writes: 60, indexWrites: 0, roundTrips: 5 });
    await costs(() => store.deleteHead({ ...closed, deletedAt: T0 }), {
      writes: 1,
      indexWrites: 1,
      roundTrips: 1,
    });
  });

  test("a deletion of a head alone is 1 unit and its index entry, behind two reads", async () => {
    const head = await start("bare");
    await store.settle(settlementOf(head, COMPLETED));
    const { executionId } = head;
    await costs(() => store.surveyItems(executionId), { writes: 0, reads: 1, roundTrips: 2 });
    const closed = { executionId, status: "completed", closedAt: T0 + 1_000 } as const;
    await costs(() => store.deleteHead(closed), { writes: 1, indexWrites: 1, roundTrips: 1 });
  });
});
