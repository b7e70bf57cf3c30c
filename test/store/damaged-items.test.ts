/** Items that are not what was stored: each is named by what is wrong with it, and keeps nobody else from what is theirs. */
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { beforeAll, describe, expect, test } from "vitest";
import { CorruptHistoryError } from "../../lib/model/errors.js";
import { createDynamoStore, parseOutboxImage } from "../../lib/store/dynamodb/index.js";
import { commitKey, cursorKey, messageKey, waitKey } from "../../lib/store/dynamodb/keys.js";
import { createMemoryPayloads } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { commit, execution, largeMessage, outgoing, owned, T0 } from "./builders.js";

let documents: DynamoDBDocumentClient;
let store: Store;

beforeAll(async () => {
  const dynamo = freshDynamo();
  documents = dynamo.documents;
  await createTables(dynamo.client);
  const tables = { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
  store = createDynamoStore(tables, createMemoryPayloads());
});

type Key = { readonly pk: string; readonly sk: string };

async function damage(TableName: string, { pk, sk }: Key, change: Record<string, unknown>): Promise<void> {
  const { Item } = await documents.send(new GetCommand({ TableName, Key: { pk, sk }, ConsistentRead: true }));
  const kept = Object.entries({ ...Item, ...change }).filter(([, value]) => value !== undefined);
  await documents.send(new PutCommand({ TableName, Item: Object.fromEntries(kept) }));
}

describe("a commit", () => {
  test.each([
    ["without events", { events: undefined }, 'attribute "events" should be text'],
    ["with an event that is none", { events: "[null]" }, "holds at 0 what should be an object, and is null"],
    [
      "with an event of another release",
      { events: '[{"type":"StepTripled","at":1}]' },
      'has the type "StepTripled", which this release does not know',
    ],
    [
      "with an event without its operation",
      { events: `[{"type":"StepCompleted","at":${T0},"attempt":1}]` },
      'its "op" should be text that is not empty',
    ],
    ["with an epoch that no double holds", { epoch: 9_007_199_254_740_993n }, 'attribute "epoch" should be'],
  ])("%s says so", async (name, change, why) => {
    const id = `commit ${name}`;
    await store.appendCommit(commit(id, 1));
    await damage(EXECUTIONS_TABLE, commitKey(id, 1), change);
    await expect(store.loadHistory(id, 0)).rejects.toThrow(CorruptHistoryError);
    await expect(store.loadHistory(id, 0)).rejects.toThrow(why);
    expect(await store.salvageHistory(id)).toEqual({ commits: [], unread: [1] });
  });
});

describe("an outbox", () => {
  test.each([
    ["with a message that is none", { out: "[null]" }, "holds at 0 what should be an object, and is null"],
    [
      "with a message without a name",
      { out: '[{"kind":"event","id":"e","at":1,"detail":"{}"}]' },
      'its "name"',
    ],
    [
      "that is marked and empty",
      { out: undefined },
      "should hold the messages that the commit is marked for",
    ],
    ["with a state too few", { outStates: "[]" }, "should tell of 1 messages, and tells of 0"],
    [
      "with a state that is none",
      { outStates: '[{"state":"lost","tries":0}]' },
      'its "state" should be one of',
    ],
  ])("%s says so", async (name, change, why) => {
    const id = `outbox ${name}`;
    await store.appendCommit(commit(id, 1, { outgoing: [outgoing("e-1")] }), T0);
    await damage(EXECUTIONS_TABLE, commitKey(id, 1), change);
    await expect(store.readOutbox(id, 1)).rejects.toThrow(CorruptHistoryError);
    await expect(store.readOutbox(id, 1)).rejects.toThrow(why);
  });

  test.each([
    ["no object", 7],
    ["an attribute without a type", { pk: "o-1" }],
    ["a map with nothing in it", { pk: { S: "o-1" }, out: { M: { a: null } } }],
    ["a list that is none", { pk: { S: "o-1" }, out: { L: {} } }],
    ["text that is none", { pk: { S: {} }, sk: { S: "commit#0000000001" } }],
  ])("in a stream's record that holds %s says so", (_, image) => {
    expect(() => parseOutboxImage(image)).toThrow(CorruptHistoryError);
  });

  test("with a time far from any is found with the others", async () => {
    await store.appendCommit(commit("late", 1, { outgoing: [outgoing("e-2")] }), T0);
    await damage(EXECUTIONS_TABLE, commitKey("late", 1), { obAt: -9_000_000_000_000_000 });
    const { items } = await store.listOutboxes({ mark: "pending", until: T0, limit: 100 });
    expect(items).toContainEqual({ executionId: "late", slot: 1 });
  });
});

test("a message under another id than its key's says so: it would be taken twice, and never be deleted", async () => {
  await owned(store, "renamed");
  await store.appendMessage("renamed", largeMessage("m1", 2_000));
  for (const id of ["m2", ""]) {
    await damage(EXECUTIONS_TABLE, messageKey("renamed", "m1"), { id });
    await expect(store.loadMessages("renamed")).rejects.toThrow(CorruptHistoryError);
  }
});

test("a listing shows whom it can beside one that was created at no time", async () => {
  for (const id of ["timeless", "timely"]) await store.createExecution(execution(id, { workflow: "timed" }));
  await damage(EXECUTIONS_TABLE, { pk: "timeless", sk: "head" }, { createdAt: 9_000_000_000_000_000 });
  const { items, damaged = [] } = await store.listExecutions({ workflow: "timed", limit: 10 });
  expect(items.map(({ executionId }) => executionId)).toEqual(["timely"]);
  expect(damaged.map(({ executionId }) => executionId)).toEqual(["timeless"]);
});

test("a wait record is told beside those that can be read, page by page", async () => {
  const waits = ["a", "b", "c"].map((executionId) => ({
    ...{ name: "paid", key: "o-1", executionId, op: "event:paid", createdAt: T0, epoch: 1 },
  }));
  for (const wait of waits) await store.putWait(wait);
  const [, second] = waits;
  if (second !== undefined) await damage(DIRECTORY_TABLE, waitKey(second), { createdAt: "then" });
  const found: string[] = [];
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await store.findWaits({
      ...{ name: "paid", key: "o-1", limit: 1 },
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.items.map((wait) => wait.executionId));
    found.push(...(page.damaged ?? []).map((each) => `${each.executionId} is damaged`));
    ({ cursor } = page);
  }
  expect(found).toEqual(["a", "b is damaged", "c"]);
});

test.each([
  ["cursor", { cursor: 7 }, { cursor: "", version: 1 }],
  ["version", { version: "one" }, { cursor: "here", version: 0 }],
])("a saved cursor with a bad %s begins anew, and is written over", async (name, change, read) => {
  await store.saveCursor(name, "here", 0);
  await damage(DIRECTORY_TABLE, cursorKey(name), change);
  expect(await store.readCursor(name)).toEqual(read);
  expect(await store.saveCursor(name, "there", read.version)).toEqual({ saved: true });
  expect(await store.readCursor(name)).toMatchObject({ cursor: "there" });
});
