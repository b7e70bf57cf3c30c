/** Many children of one parent, on DynamoDB Local: what they cost, and that the parent's head does not grow with them. */
import { workflow } from "holdfast";
import { expect, it } from "vitest";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { Bench } from "../runtime/bench.js";
import { meter } from "../setup/capacity.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";

const MANY = 200;

it("200 children of one parent end for some ten write units each, and the parent's head stays small", async () => {
  const { client, documents } = freshDynamo();
  await createTables(client);
  const capacity = meter(documents);
  const tables = { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
  const store = createDynamoStore(tables, createMemoryPayloads());
  let largestHead = 0;
  const watched: Store = {
    ...store,
    async readHead(id) {
      const head = await store.readHead(id);
      if (id === "x-1") largestHead = Math.max(largestHead, JSON.stringify(head).length);
      return head;
    },
  };
  const child = workflow("child", async (ctx, n: number) => ctx.step("double", () => n * 2));
  const parent = workflow("parent", async (ctx) => {
    const all = await Promise.all(Array.from({ length: MANY }, (_, n) => ctx.child(child, n)));
    return all.reduce((sum, n) => sum + n, 0);
  });
  const bench = new Bench([parent, child], [], { store: watched });
  const began = performance.now();
  const spent = await capacity.measure(async () => {
    await bench.start(parent, undefined);
    await bench.cloud.advance(60_000);
  });
  expect(await bench.output()).toBe(MANY * (MANY - 1));
  const each = (spent.writes + spent.indexWrites) / MANY;
  console.info(
    `${MANY} children: ${Math.round(performance.now() - began)} ms, ${each.toFixed(1)} write units each, largest head of the parent ${largestHead} bytes of JSON`,
  );
  expect(each).toBeLessThan(14);
  expect(largestHead).toBeLessThan(3_000);
}, 300_000);
