/**
 * A damaged table: one attribute, item or object of an execution that waits, or of what it shares with others, is not what was stored. Then all
 * the functions come by. Its neighbour goes on as if nothing had been; it itself goes on, stalls, or fails with an error that names the item.
 */
import {
  BatchWriteCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  ScanCommand,
} from "@aws-sdk/lib-dynamodb";
import { createAudit } from "../../../functions/audit.js";
import { createDeliver } from "../../../functions/deliver.js";
import { createRelay } from "../../../functions/relay.js";
import { createWorker } from "../../../functions/worker.js";
import { DurableClient } from "../../../lib/client/client.js";
import { AuditIncompleteError } from "../../../lib/model/errors.js";
import { startExecution } from "../../../lib/runtime/start.js";
import { createDynamoStore } from "../../../lib/store/dynamodb/index.js";
import { createMemoryPayloads } from "../../../lib/store/memory/index.js";
import type { PayloadStore, Store } from "../../../lib/store/ports.js";
import { DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../../setup/tables.js";
import { fuzzed } from "../app.js";
import type { Dice } from "../dice.js";
import { damaged, json, LONG } from "../rubbish.js";
import { short, type Tried, wrongWith } from "../verdict.js";
import { invocation, openWorld, type World } from "../world.js";
import type { Entry } from "./entry.js";

type Item = Record<string, unknown>;

/** What the tables and the bucket hold of two executions that wait for an event, before anything is damaged. */
interface Stock {
  readonly items: readonly { readonly table: string; readonly item: Item }[];
  readonly objects: readonly { readonly key: string; readonly content: Uint8Array }[];
}

const TABLES = [EXECUTIONS_TABLE, DIRECTORY_TABLE];

/** The one that is damaged, and the one beside it. */
const VICTIM = "x-victim";
const NEIGHBOUR = "x-neighbour";

/** @param documents of a database that nobody else uses */
export function damagedTables(documents: DynamoDBDocumentClient): Entry {
  let stock: Promise<Stock> | undefined;
  return {
    name: "tables: damaged",
    async run(dice) {
      stock ??= makeStock(documents);
      const made = await stock;
      const payloads = createMemoryPayloads();
      await restore(documents, payloads, made);
      const input = await damage(dice, documents, payloads, made);
      return visit(openWorld(storeOf(documents, payloads), "visit"), input);
    },
  };
}

function storeOf(documents: DynamoDBDocumentClient, payloads: PayloadStore): Store {
  return createDynamoStore(
    { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE },
    payloads,
  );
}

async function makeStock(documents: DynamoDBDocumentClient): Promise<Stock> {
  const payloads = createMemoryPayloads();
  const world = openWorld(storeOf(documents, payloads), "stock");
  for (const id of [VICTIM, NEIGHBOUR])
    await startExecution(world.outside, fuzzed, {
      workflow: "rich",
      input: { order: id, note: "n".repeat(2_000) },
      id,
    });
  await work(world);
  const client = new DurableClient({ outside: world.outside });
  for (const id of [VICTIM, NEIGHBOUR]) {
    await client.signal(id, "small", 1, { id: "s-1" });
    await client.signal(id, "large", "z".repeat(2_000), { id: "s-2" });
  }
  return {
    items: (await Promise.all(TABLES.map((table) => itemsOf(documents, table)))).flat(),
    objects: await Promise.all(
      (await payloads.listObjects("", 100)).map(async ({ key }) => ({
        key,
        content: (await payloads.getObject(key)) ?? new Uint8Array(),
      })),
    ),
  };
}

async function itemsOf(documents: DynamoDBDocumentClient, table: string): Promise<Stock["items"]> {
  const { Items = [] } = await documents.send(new ScanCommand({ TableName: table, ConsistentRead: true }));
  return Items.map((item) => ({ table, item }));
}

async function restore(
  documents: DynamoDBDocumentClient,
  payloads: PayloadStore,
  stock: Stock,
): Promise<void> {
  const kept = new Set(
    stock.items.map(({ table, item }) => `${table}\n${String(item.pk)}\n${String(item.sk)}`),
  );
  const present = (await Promise.all(TABLES.map((table) => itemsOf(documents, table)))).flat();
  const requests = [
    ...present
      .filter(({ table, item }) => !kept.has(`${table}\n${String(item.pk)}\n${String(item.sk)}`))
      .map(({ table, item: { pk, sk } }) => ({ table, request: { DeleteRequest: { Key: { pk, sk } } } })),
    ...stock.items.map(({ table, item }) => ({ table, request: { PutRequest: { Item: item } } })),
  ];
  for (let from = 0; from < requests.length; from += 25) {
    const batch = requests.slice(from, from + 25);
    const byTable = TABLES.map((table) => [
      table,
      batch.filter((each) => each.table === table).map(({ request }) => request),
    ]).filter(([, list]) => list?.length !== 0);
    await documents.send(new BatchWriteCommand({ RequestItems: Object.fromEntries(byTable) }));
  }
  for (const { key, content } of stock.objects) await payloads.putObject(key, content);
}

/** @returns what was done, in words */
async function damage(
  dice: Dice,
  documents: DynamoDBDocumentClient,
  payloads: PayloadStore,
  { items, objects }: Stock,
): Promise<string> {
  const object = objects.find(({ key }) => key.includes(VICTIM));
  if (object !== undefined && dice.percent(6)) {
    const { key, content } = object;
    if (dice.percent(30)) await payloads.deleteObjects([key]);
    else
      await payloads.putObject(key, dice.pick([content.slice(3), new Uint8Array(), Buffer.from("rubbish")]));
    return `the object ${key} is gone, or garbled`;
  }
  const mine = items.filter(({ item: { pk, sk } }) => !`${String(pk)} ${String(sk)}`.includes(NEIGHBOUR));
  const { table, item } = dice.pick(mine);
  const { pk, sk } = item;
  const where = `${table} ${String(pk)} ${String(sk)}`;
  if (dice.percent(8)) {
    await documents.send(new DeleteCommand({ TableName: table, Key: { pk, sk } }));
    return `${where} is gone`;
  }
  const names = Object.keys(item).filter((name) => !INDEX_KEYS.has(name));
  if (names.length === 0) return "nothing is damaged";
  const name = dice.pick(names);
  const { [name]: found, ...rest } = item;
  const wrong = dice.percent(15) ? undefined : wrongValue(dice, found);
  const written = wrong === undefined ? rest : { ...rest, [name]: wrong };
  try {
    await documents.send(new PutCommand({ TableName: table, Item: written }));
  } catch {
    return "nothing is damaged: the table does not take it";
  }
  return `${where}: ${name} was ${short(found, 600)}, and is ${wrong === undefined ? "gone" : short(wrong, 900)}`;
}

/** The table itself refuses these as anything but text, or a number of an index. */
const INDEX_KEYS = new Set(["pk", "sk"]);

function wrongValue(dice: Dice, found: unknown): unknown {
  const parsed = typeof found === "string" ? parsedJson(found) : undefined;
  if (parsed !== undefined && dice.percent(65)) return JSON.stringify(damaged(dice, parsed, isNoValue));
  if (typeof found === "object" && found !== null && !(found instanceof Uint8Array) && dice.percent(70))
    return damaged(dice, found);
  return dice.pick<() => unknown>([
    () => null,
    () => json(dice),
    () => (typeof found === "string" ? found.slice(0, dice.below(found.length)) : String(found)),
    () =>
      typeof found === "number" ? dice.pick([-found, found + 0.5, found + 1_000_000_000, 2 ** 60, 1e100]) : 7,
    () => "y".repeat(LONG),
    () => new Uint8Array([1, 2, 3]),
    () => new Set(["a"]),
    () => ({ a: { b: [] } }),
    () => (found instanceof Uint8Array ? found.slice(0, found.length / 2) : [found]),
    () => 9_007_199_254_740_993n,
    () => "[".repeat(20_000),
    () => "",
  ])();
}

function parsedJson(text: string): object | undefined {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null ? found : undefined;
  } catch {
    return undefined;
  }
}

/** Nobody can tell a value of a user's from another one: only what the engine itself wrote is damaged. */
function isNoValue(path: string): boolean {
  return !/(^|\.)(result|data|input|detail|error|details|state)(\.|$)/.test(path);
}

const AMOUNT = 5;
const NOTE = "to everybody";

/** The workflow's answer, for the order of the execution's own id. */
function expected(id: string): string {
  return JSON.stringify([id, 1, AMOUNT, "one", 200_000, 1, 2_000, NOTE]);
}

async function visit(world: World, damage: string): Promise<Tried> {
  const { store } = world.outside;
  const broken: string[] = [];
  const attempt = async (what: string, call: () => Promise<unknown>): Promise<void> => {
    try {
      await call();
    } catch (error) {
      if (!(error instanceof AuditIncompleteError))
        broken.push(...wrongWith(error).map((wrong) => `${what}: ${wrong}`));
    }
  };
  const context = () => invocation("visit");
  const events = [...[VICTIM, NEIGHBOUR].map(paid), note()].map((event) => ({
    messageId: event.id,
    body: JSON.stringify(event),
  }));
  const deliver = createDeliver(
    fuzzed,
    () => world.outside,
    () => world.queue,
  );
  await attempt("deliver", () => deliver({ Records: events }, context()));
  for (const letter of world.sent.splice(0)) {
    const messageAttributes = Object.fromEntries(
      Object.entries(letter.attributes).map(([name, stringValue]) => [name, { stringValue }]),
    );
    const record = { messageId: "handed-on", body: letter.body, messageAttributes };
    await attempt("deliver", () => deliver({ Records: [record] }, context()));
  }
  const audit = createAudit(
    () => world.outside,
    () => ({ receive: async () => [], delete: async () => {} }),
    () => undefined,
    () => [],
  );
  await attempt("audit", () => audit({}, context()));
  for (const id of [VICTIM, NEIGHBOUR]) world.wakes.push({ executionId: id, reason: "message" });
  for (let rounds = 0; world.wakes.length > 0; rounds++) {
    if (rounds === MOST_ROUNDS) {
      broken.push(`its wakes come to an end: ${short(world.wakes)}`);
      break;
    }
    await attempt("worker", () => work(world));
    // What was put back comes when it was put back to.
    world.advance(120_000);
  }
  await attempt("relay", () => createRelay(() => world.outside)({ Records: [] }, context()));
  const { end, wrong } = await endOf(store);
  broken.push(...(await looks(world)));
  const neighbour = await store.readHead(NEIGHBOUR);
  const told = JSON.stringify(neighbour?.output);
  if (told !== `{"inline":${expected(NEIGHBOUR)}}`)
    broken.push(`the neighbour ends well, and it is ${neighbour?.status}: ${told}`);
  return { input: damage, end, broken: [...broken, ...wrong, ...world.wrongInLog()] };
}

const MOST_ROUNDS = 30;

/** How the damaged one ended. */
async function endOf(store: Store): Promise<{ readonly end: string; readonly wrong: readonly string[] }> {
  try {
    const head = await store.readHead(VICTIM);
    if (head === undefined) return { end: "gone", wrong: [] };
    const told = JSON.stringify(head.output);
    const isWrong = head.status === "completed" && told !== `{"inline":${expected(VICTIM)}}`;
    const isMute = head.status === "stalled" && head.stall === undefined;
    return {
      end: head.status,
      wrong: [
        ...(isWrong ? [`what succeeds is right, and it is ${told}`] : []),
        ...(isMute ? ["what stalls says why"] : []),
        ...(head.status === "failed" ? [`damage fails no workflow: ${short(head.error)}`] : []),
      ],
    };
  } catch (error) {
    return { end: "unreadable", wrong: wrongWith(error) };
  }
}

/** Whoever looks is shown it, or told what is wrong; a list shows the others. */
async function looks(world: World): Promise<string[]> {
  const client = new DurableClient({ outside: world.outside });
  const broken: string[] = [];
  const ask = async (what: string, call: () => Promise<unknown>): Promise<void> => {
    try {
      await call();
    } catch (error) {
      broken.push(...wrongWith(error).map((wrong) => `client.${what}: ${wrong}`));
    }
  };
  await ask("describe", () => client.describe(VICTIM));
  await ask("history", () => client.history(VICTIM));
  await ask("pauses", () => client.pauses(VICTIM));
  await ask("list", async () => {
    const { executions } = await client.list({ workflow: "rich" });
    if (!executions.some(({ executionId }) => executionId === NEIGHBOUR))
      broken.push("a list shows the neighbour");
  });
  await ask("waiting", () => client.waiting("payment.completed"));
  await ask("outbox", () => client.outbox.list());
  await ask("definitions", () => client.definitions());
  await ask("terminate", () => client.terminate(VICTIM, { reason: "fuzz" }));
  return broken;
}

function paid(order: string) {
  return event(`e-${order}`, "payment.completed", { order, amount: AMOUNT });
}

function note() {
  return event("e-note", "note", NOTE);
}

function event(id: string, type: string, detail: unknown) {
  return { id, source: "shop", "detail-type": type, detail };
}

/** Hands the worker all wakes that there are, in one batch, those that came to nothing one time. */
async function work(world: World): Promise<void> {
  const wakes = world.wakes.splice(0).map(({ dueAt: _, ...wake }, index) => ({
    messageId: `${wake.executionId}-${index}`,
    body: JSON.stringify(wake),
  }));
  await createWorker(fuzzed, () => world.outside)({ Records: wakes }, invocation("work"));
}
