/** What the functions do with messages that are none, one by one: those that random rubbish (`test/fuzz`) has found. */
import { expect, test } from "vitest";
import { createAudit } from "../../functions/audit.js";
import { createDeliver } from "../../functions/deliver.js";
import { createRelay } from "../../functions/relay.js";
import { createStart } from "../../functions/start.js";
import { createWorker } from "../../functions/worker.js";
import type { PayloadCodec } from "../../lib/model/codec.js";
import { InvalidInputError } from "../../lib/model/errors.js";
import { commitItem } from "../../lib/store/dynamodb/commit-item.js";
import { createMeteredStore } from "../../lib/store/dynamodb/in-memory/index.js";
import { createMemoryPayloads, createMemoryStore } from "../../lib/store/memory/index.js";
import { sealedStore } from "../../lib/store/sealed/index.js";
import { fuzzed } from "../fuzz/app.js";
import { waiting } from "../fuzz/entries/deliver.js";
import { commitOf, imageOf } from "../fuzz/entries/relay.js";
import { invocation, openWorld } from "../fuzz/world.js";
import { testCodec } from "../store/sealed/codec.js";

const DEEP = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
const DONE = { batchItemFailures: [] };

test("a stream record that can't be read keeps the relay from none of the others", async () => {
  const world = openWorld(createMemoryStore());
  const good = commitOf("good");
  await world.outside.store.appendCommit(good, Date.now());
  const records = [
    { ...commitItem(commitOf("bad-1"), Date.now()), out: "[null]" },
    commitItem(good, Date.now()),
    { ...commitItem(commitOf("bad-2"), Date.now()), out: '[{"kind":"event","id":"e","at":1,"name":null}]' },
  ].map((item) => ({ dynamodb: { NewImage: imageOf(item) } }));
  const rubbish = { dynamodb: { NewImage: { sk: 7 } } };
  const answer = await createRelay(() => world.outside)({ Records: [...records, rubbish] }, invocation("r"));
  expect(answer).toEqual(DONE);
  expect(world.published.map(({ resources }) => resources[0])).toEqual(["holdfast:event:good/event"]);
  const errors = world.lines.filter(({ level }) => level === "error");
  expect(errors.map(({ fields }) => fields.error)).toEqual(
    Array.from({ length: 3 }, () => expect.objectContaining({ name: "CorruptHistoryError" })),
  );
});

test("a stream record that its app's codec can't open now keeps the relay from none of the others, and is no failure of theirs", async () => {
  const codec = testCodec();
  const tables = createMeteredStore(createMemoryPayloads());
  const sealed = sealedStore(tables.store, codec);
  for (const id of ["first", "second"]) await sealed.appendCommit(commitOf(id), Date.now());
  let calls = 0;
  const shaky: PayloadCodec = {
    ...codec,
    open: (...given) => {
      calls += 1;
      if (calls === 1) throw new TypeError("fetch failed");
      return codec.open(...given);
    },
  };
  const commits = tables.items().executions.filter(({ sk }) => String(sk).startsWith("commit#"));
  const world = openWorld(tables.store);
  const Records = commits.map((item) => ({ dynamodb: { NewImage: imageOf(item) } }));
  const answer = await createRelay(() => world.outside, { codec: shaky })({ Records }, invocation("r"));
  expect(answer).toEqual(DONE);
  expect(Records).toHaveLength(2);
  expect(world.published).toHaveLength(1);
  expect(world.lines.filter(({ level }) => level === "error")).toHaveLength(1);
});

test("an event whose resources are no texts is read without them", async () => {
  const world = openWorld(createMemoryStore());
  await waiting(world, ["a"]);
  const resources = [{ toString: 1 }, null, DEEP];
  const body = JSON.stringify({
    ...{ id: "e-1", source: "shop", "detail-type": "payment.completed", resources },
    detail: { order: "a", amount: 5 },
  });
  const deliver = createDeliver(
    fuzzed,
    () => world.outside,
    () => world.queue,
  );
  expect(await deliver({ Records: [{ messageId: "m-1", body }] }, invocation("d"))).toEqual(DONE);
  expect((await world.outside.store.readHead("waiting-a"))?.inbox).toHaveLength(1);
});

test.each([
  ["a time", "scheduledAt", "MALFORMED_FIRING"],
  ["an input", "input", "UNENCODABLE_VALUE"],
  ["a field", "unknown", "MALFORMED_FIRING"],
])("a firing with %s that nests without end is buried with the reason", async (_, field, code) => {
  const world = openWorld(createMemoryStore());
  const firing = { holdfast: "firing", by: "client", workflow: "echo", schedule: "s", overlap: "skip" };
  const valid = JSON.stringify({ ...firing, scheduledAt: "2026-01-01T00:00:00Z" });
  const body = valid.replace(/}$/, `,"${field}":${DEEP}}`);
  const start = createStart(
    fuzzed,
    () => world.outside,
    () => world.queue,
  );
  expect(await start({ Records: [{ messageId: "m-1", body }] }, invocation("s"))).toEqual(DONE);
  expect(world.buried[0]?.attributes["holdfast.reason"]).toBe(code);
});

test("a start whose options nest without end is refused", async () => {
  const world = openWorld(createMemoryStore());
  const request = JSON.parse(`{"workflow":"echo","input":1,"id":${DEEP}}`);
  const started = createStart(fuzzed, () => world.outside)(request, invocation("s"));
  await expect(started).rejects.toThrow(InvalidInputError);
});

test("a wake for a time that no scheduler knows is refused, and does not go round in the queue for ever", async () => {
  const world = openWorld(createMemoryStore());
  const body = JSON.stringify({ executionId: "x-1", reason: "timer", dueAt: 1e300 });
  const work = createWorker(fuzzed, () => world.outside);
  const failed = { batchItemFailures: [{ itemIdentifier: "m-1" }] };
  expect(await work({ Records: [{ messageId: "m-1", body }] }, invocation("w"))).toEqual(failed);
  expect(world.wakes).toEqual([]);
});

test("the audit looks at all open executions, whatever was saved of its last round", async () => {
  const world = openWorld(createMemoryStore());
  await waiting(world, ["a"]);
  for (let shard = 0; shard < 8; shard++) await world.outside.store.saveCursor(`open#${shard}`, "rubbish", 0);
  const audit = createAudit(
    () => world.outside,
    () => ({ receive: async () => [], delete: async () => {} }),
    () => undefined,
    () => [],
  );
  expect(await audit({}, invocation("a"))).toMatchObject({ looked: 1, failed: 0 });
  expect(await world.outside.store.readCursor("open#0")).toEqual({ cursor: "", version: 2 });
});
