/** Outboxes in items that have no room for them: commits were larger once. On DynamoDB Local, since it is the table that refuses. */
import { type DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import { beforeAll, describe, expect, test } from "vitest";
import { audit } from "../../lib/runtime/audit.js";
import { relayNew } from "../../lib/runtime/bus/relay.js";
import { commitItem } from "../../lib/store/dynamodb/commit-item.js";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { noting, stateOf } from "../runtime/outsides.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { incompressible } from "../setup/text.js";
import { commit, outgoing, T0 } from "./builders.js";

const MINUTE = 60_000;

let documents: DynamoDBDocumentClient;
let store: Store;

beforeAll(async () => {
  const dynamo = freshDynamo();
  documents = dynamo.documents;
  await createTables(dynamo.client);
  const tables = { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
  store = createDynamoStore(tables, createMemoryPayloads());
});

/** As many messages as once went into the largest commit: 390 KiB, and nothing counted for what becomes of them. */
async function putOld(executionId: string, messages: number): Promise<void> {
  const bytes = Math.floor((390 * 1_024 - 300) / messages) - JSON.stringify(outgoing("e-00000")).length - 1;
  const sent = Array.from({ length: messages }, (_, index) => ({
    ...outgoing(`e-${String(index).padStart(5, "0")}`),
    detail: JSON.stringify({ orderId: 1, text: "x".repeat(Math.max(0, bytes - 13)) }),
  }));
  const Item = commitItem(commit(executionId, 1, { outgoing: sent }), T0);
  await documents.send(new PutCommand({ TableName: EXECUTIONS_TABLE, Item }));
}

/** So many errors, each as long as may be, none of which has a part in common with another. */
function unlike(many: number): string[] {
  const text = incompressible(many * 200 + 1_000);
  return Array.from({ length: many }, (_, index) => text.slice(index * 200, index * 200 + 1_000));
}

describe("an outbox whose item has no room for what is to be said of it", () => {
  test("is carried all the same, though every first try fails", async () => {
    const [id, many] = ["old", 400];
    await putOld(id, many);
    const errors = unlike(many);
    const publish = async (entries: readonly unknown[]) =>
      entries.map(() => ({ ok: false, permanent: false, error: errors.pop() ?? "" }) as const);
    const down = noting(store, { bus: { publish } });
    const outbox = await store.readOutbox(id, 1);
    if (outbox === undefined) throw new Error("there is no outbox");
    await relayNew(down.outside, [outbox]);
    expect(down.wakes).toMatchObject([{ executionId: id, reason: "relay" }]);
    const failed = { state: "failed", tries: 1 };
    expect(await stateOf(store, id)).toEqual(Array.from({ length: many }, () => failed));
    const { outside, published, at } = noting(store);
    at(T0 + 10 * MINUTE);
    expect(await audit(outside)).toMatchObject({ relayed: many, failed: 0 });
    expect(published).toHaveLength(many);
    expect((await store.readOutbox(id, 1))?.pendingAt).toBeUndefined();
  });

  test("knows its own mark when the reply was lost", async () => {
    await putOld("lost", 190);
    const states = unlike(190).map((lastError) => ({ state: "failed", tries: 1, lastError }) as const);
    const mark = { executionId: "lost", slot: 1, version: 0, states, pendingAt: T0 };
    expect(await store.markOutbox(mark)).toEqual({ marked: true });
    expect(await store.markOutbox(mark)).toEqual({ marked: true });
    expect((await stateOf(store, "lost"))[0]).toEqual({ state: "failed", tries: 1 });
  });
});
