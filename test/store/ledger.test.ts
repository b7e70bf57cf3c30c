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
});
