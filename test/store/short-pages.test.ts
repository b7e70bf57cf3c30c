/** A table whose pages are cut short, as a megabyte of keys cuts them: here after two, so that they go on again and again. */
import { expect, test } from "vitest";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads } from "../../lib/store/memory/index.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { execution, T0 } from "./builders.js";
import { idsOf, pagesOf } from "./pages.js";

test("a count goes on over the pages of a partition, and so does a listing", async () => {
  const { client, documents } = freshDynamo();
  await createTables(client);
  let queries = 0;
  documents.middlewareStack.add(
    (next, context) => (args) => {
      if (context.commandName === "QueryCommand") {
        queries += 1;
        Object.assign(args.input, { Limit: 2 });
      }
      return next(args);
    },
    { step: "initialize", name: "short-pages" },
  );
  const tables = { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
  const store = createDynamoStore(tables, createMemoryPayloads());
  const ids = Array.from({ length: 60 }, (_, index) => `short-${index}`);
  for (const [index, id] of ids.entries())
    await store.createExecution(execution(id, { workflow: "short", createdAt: T0 + index }));
  expect(await store.countExecutions({ workflow: "short" })).toBe(60);
  expect(queries).toBeGreaterThan(30);
  expect(
    await store.countExecutions({ workflow: "short", createdAfter: T0 + 7, createdBefore: T0 + 48 }),
  ).toBe(41);
  const pages = await pagesOf((from) => store.listExecutions({ workflow: "short", limit: 20, ...from }));
  expect(idsOf(pages)).toEqual([...ids].reverse());
});
