/** Events and starts in a user's own transaction, on DynamoDB Local: there if and only if it commits, whoever dies when. */
import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { type DynamoDBDocumentClient, GetCommand, TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { DurableClient, event, InvalidInputError, InvalidTransactionError, workflow } from "holdfast";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { TransactionAction } from "../../lib/model/transaction.js";
import { audit } from "../../lib/runtime/audit.js";
import { relay } from "../../lib/runtime/bus/relay.js";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads, createMemoryStore } from "../../lib/store/memory/index.js";
import { stagedId } from "../../lib/store/outbox.js";
import type { Store } from "../../lib/store/ports.js";
import { dying, type Noted, noting } from "../runtime/outsides.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { type Accounts, add, dynamoAccounts, open } from "../store/accounts.js";
import { lease, SUSPENDED, settlementOf, T0 } from "../store/builders.js";

const Opened = event("account.opened", { schema: z.object({ id: z.string() }) });
const welcome = workflow(
  "welcome",
  { input: z.object({ id: z.string(), note: z.string().default("") }), version: "2" },
  async () => undefined,
);

const MINUTE = 60_000;
const LATER = T0 + 10 * MINUTE;

let documents: DynamoDBDocumentClient;
let store: Store;
let accounts: Accounts;

beforeAll(async () => {
  const dynamo = freshDynamo();
  documents = dynamo.documents;
  await createTables(dynamo.client);
  accounts = await dynamoAccounts(dynamo.client, documents);
  store = createDynamoStore(
    { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE },
    createMemoryPayloads(),
  );
});

const transact = (...actions: TransactionAction[]) =>
  documents.send(new TransactWriteCommand({ TransactItems: actions }));

/** A client, and what is sent and published by those who run beside it. Ids are the test's own, since all share a database. */
function using(): Noted & { readonly client: DurableClient } {
  const noted = noting(store);
  return { ...noted, client: new DurableClient({ outside: noted.outside }) };
}

/** What the stream hands to the relay. */
async function relayed(outside: Noted["outside"], executionId: string, slot: number): Promise<void> {
  const outbox = await store.readOutbox(executionId, slot);
  if (outbox !== undefined) await relay(outside, [outbox]);
}

describe("an execution that is started in a transaction", () => {
  it("is there when the transaction has committed, and is woken", async () => {
    const { client, outside, wakes } = using();
    const { executionId, items } = await client.outbox.startInTransaction(
      welcome,
      { id: "a" },
      { id: "w-1" },
    );
    expect(executionId).toBe("w-1");
    expect(await store.readHead("w-1")).toBeUndefined();
    await transact(open("w-1", 5), ...items);
    expect(await accounts.balance("w-1")).toBe(5);
    expect(await store.readHead("w-1")).toMatchObject({
      workflow: "welcome",
      version: "2",
      status: "running",
      input: { inline: { id: "a", note: "" } },
      epoch: 0,
      flags: [1],
    });
    await relayed(outside, "w-1", 0);
    expect(wakes).toEqual([{ executionId: "w-1", reason: "start" }]);
    expect(await store.readOutbox("w-1", 0)).toBeUndefined();
    await relayed(outside, "w-1", 0);
    expect(wakes).toHaveLength(1);
  });

  it("is listed by the application and the pipeline configuration that it is staged for", async () => {
    const { client } = using();
    const labels = { application: "tills", pipelineConfigId: "nightly" };
    const staged = await client.outbox.startInTransaction(
      welcome,
      { id: "a" },
      { id: "w-labelled", ...labels },
    );
    await transact(...staged.items);
    for (const filter of [{ application: "tills" }, { pipelineConfigId: "nightly" }])
      expect((await client.list(filter)).executions).toMatchObject([
        { executionId: "w-labelled", ...labels },
      ]);
  });

  it("leaves nothing of its mark in the head", async () => {
    const { client, outside } = using();
    await transact(...(await client.outbox.startInTransaction(welcome, { id: "a" }, { id: "w-lean" })).items);
    const names = async () =>
      Object.keys(
        (
          await documents.send(
            new GetCommand({ TableName: EXECUTIONS_TABLE, Key: { pk: "w-lean", sk: "head" } }),
          )
        ).Item ?? {},
      );
    expect(await names()).toEqual(expect.arrayContaining(["ob", "obAt"]));
    await relayed(outside, "w-lean", 0);
    for (const gone of ["ob", "obAt", "out", "outStates", "outVersion"])
      expect(await names()).not.toContain(gone);
  });

  it("is not there when it was cancelled, and nobody is woken", async () => {
    const { client, outside, wakes, at } = using();
    const input = { id: "a", note: "x".repeat(900) };
    const { items } = await client.outbox.startInTransaction(welcome, input, { id: "w-never" });
    await expect(transact(add("nobody", 1), ...items)).rejects.toThrow(TransactionCanceledException);
    at(LATER);
    await audit(outside);
    expect(wakes.filter(({ executionId }) => executionId === "w-never")).toEqual([]);
    expect(await store.readHead("w-never")).toBeUndefined();
  });

  it("cancels the transaction when its id is taken", async () => {
    const { client } = using();
    const staged = () => client.outbox.startInTransaction(welcome, { id: "a" }, { id: "w-taken" });
    await transact(open("taken-1", 1), ...(await staged()).items);
    await expect(transact(open("taken-2", 1), ...(await staged()).items)).rejects.toThrow(
      TransactionCanceledException,
    );
    expect(await accounts.balance("taken-2")).toBeUndefined();
  });

  it("brings a large input along", async () => {
    const { client } = using();
    const note = "x".repeat(5_000);
    const { items } = await client.outbox.startInTransaction(welcome, { id: "a", note }, { id: "w-large" });
    expect(items).toHaveLength(2);
    await transact(...items);
    expect(await client.describe("w-large")).toMatchObject({ input: { id: "a", note } });
  });

  it("goes on under its mark like any other: a turn and a message don't mind it", async () => {
    const { client, outside, wakes } = using();
    await transact(
      ...(await client.outbox.startInTransaction(welcome, { id: "a" }, { id: "w-early" })).items,
    );
    const taken = await store.acquireLease({ executionId: "w-early", seen: { epoch: 0 }, ...lease("t") });
    if (!taken.acquired) throw new Error("not acquired");
    expect(await store.settle(settlementOf(taken.head, SUSPENDED))).toEqual({ settled: true });
    await relayed(outside, "w-early", 0);
    expect(wakes).toHaveLength(1);
    expect(await store.readHead("w-early")).toMatchObject({ status: "suspended", epoch: 1 });
  });

  it("keeps its mark while its wake can't be sent, and is tried again when that is due", async () => {
    const { client, outside, wakes, at } = using();
    await transact(...(await client.outbox.startInTransaction(welcome, { id: "a" }, { id: "w-down" })).items);
    const down = {
      ...outside,
      wakes: { ...outside.wakes, send: () => Promise.reject(new Error("no queue")) },
    };
    await relayed(down, "w-down", 0);
    expect(await store.readOutbox("w-down", 0)).toMatchObject({
      states: [{ state: "failed", tries: 1, lastError: "Error: no queue" }],
      version: 1,
    });
    at(LATER);
    await audit(outside);
    expect(
      wakes.filter(({ executionId, reason }) => executionId === "w-down" && reason === "start"),
    ).toHaveLength(1);
    expect(await store.readOutbox("w-down", 0)).toBeUndefined();
  });

  const moments = [1, 2].flatMap((call) => [[call, "before"] as const, [call, "after"] as const]);
  it.each(moments)("is woken when the relay dies at its call %i, %s it", async (call, when) => {
    const { client, outside, wakes, at } = using();
    const id = `w-dies-${call}-${when}`;
    await transact(...(await client.outbox.startInTransaction(welcome, { id: "a" }, { id })).items);
    await relayed(dying(outside, call, when), id, 0).catch(() => undefined);
    at(LATER);
    await audit(outside);
    // The audit's own look at open executions comes on top of it, for another reason.
    expect(wakes).toContainEqual({ executionId: id, reason: "start" });
    expect(await store.readOutbox(id, 0)).toBeUndefined();
    expect(await store.readHead(id)).toMatchObject({ status: "running", epoch: 0 });
  });
});

describe("an event that is staged in a transaction", () => {
  it("is published when it has committed, under its own id, and then nothing is left of it", async () => {
    const { client, outside, published } = using();
    const { eventId, items } = await client.outbox.stage(Opened, { id: "b" }, { id: "e-1" });
    expect(eventId).toBe("e-1");
    await transact(open("e-1", 1), ...items);
    await relayed(outside, stagedId("e-1"), 1);
    expect(published).toEqual([
      {
        name: "account.opened",
        detail: JSON.stringify({ id: "b" }),
        at: T0,
        resources: ["holdfast:event:e-1", "holdfast:order:orders/staged#e-1/1/0"],
      },
    ]);
    expect(await store.readOutbox(stagedId("e-1"), 1)).toBeUndefined();
  });

  it("is not published when it was cancelled", async () => {
    const { client, outside, published, at } = using();
    const { items } = await client.outbox.stage(Opened, { id: "b" }, { id: "e-2" });
    await expect(transact(add("nobody", 1), ...items)).rejects.toThrow(TransactionCanceledException);
    at(LATER);
    await audit(outside);
    expect(published).toEqual([]);
  });

  it("may be staged beside others, and beside a start", async () => {
    const { client, outside, wakes, published } = using();
    const one = await client.outbox.stage(Opened, { id: "c1" });
    const two = await client.outbox.stage(Opened, { id: "c2" });
    const started = await client.outbox.startInTransaction(welcome, { id: "c" }, { id: "w-beside" });
    await transact(...one.items, ...two.items, ...started.items);
    for (const { eventId } of [one, two]) await relayed(outside, stagedId(eventId), 1);
    await relayed(outside, "w-beside", 0);
    expect(published.map(({ detail }) => detail)).toEqual(['{"id":"c1"}', '{"id":"c2"}']);
    expect(wakes).toHaveLength(1);
  });

  const moments = [1, 2].flatMap((call) => [[call, "before"] as const, [call, "after"] as const]);
  it.each(moments)("is published when the relay dies at its call %i, %s it", async (call, when) => {
    const { client, outside, published, at } = using();
    const { eventId, items } = await client.outbox.stage(Opened, { id: "b" }, { id: `e-${call}-${when}` });
    await transact(...items);
    await relayed(dying(outside, call, when), stagedId(eventId), 1).catch(() => undefined);
    at(LATER);
    await audit(outside);
    const ours = published.filter(({ resources }) => resources.includes(`holdfast:event:${eventId}`));
    expect(ours.length).toBeGreaterThan(0);
    expect(await store.readOutbox(stagedId(eventId), 1)).toBeUndefined();
  });
});

describe("what can't be staged is refused before anything is written", () => {
  it.each([
    [
      "an input that does not fit",
      (c: DurableClient) => c.outbox.startInTransaction(welcome, { id: 3 } as never),
    ],
    [
      "an execution id that is none",
      (c: DurableClient) => c.outbox.startInTransaction(welcome, { id: "a" }, { id: "a#b" }),
    ],
    ["a payload that does not fit", (c: DurableClient) => c.outbox.stage(Opened, {} as never)],
    ["an event id that is none", (c: DurableClient) => c.outbox.stage(Opened, { id: "a" }, { id: "" })],
  ])("%s", async (_, ask) => {
    await expect(ask(using().client)).rejects.toThrow(InvalidInputError);
  });

  it("without tables", async () => {
    const client = new DurableClient({ outside: noting(createMemoryStore()).outside });
    await expect(client.outbox.stage(Opened, { id: "a" })).rejects.toThrow(InvalidTransactionError);
    await expect(client.outbox.startInTransaction(welcome, { id: "a" })).rejects.toThrow("DynamoDB Local");
  });
});
