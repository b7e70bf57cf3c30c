/** What a publisher can do to others by what it writes into an event's `resources`: ids and targets are the publisher's own words. */
import { expect, test } from "vitest";
import { createDeliver } from "../../functions/deliver.js";
import { createStart } from "../../functions/start.js";
import { InvalidInputError } from "../../lib/model/errors.js";
import { eventIdOf } from "../../lib/model/message.js";
import { readBusEvent } from "../../lib/runtime/bus/bus-event.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { fuzzed } from "../fuzz/app.js";
import { waiting } from "../fuzz/entries/deliver.js";
import { invocation, openWorld, type World } from "../fuzz/world.js";

/** The name of the deployment that reads. */
const OWN = "fuzz";

function entry(source: string, resources: readonly string[], amount = 5, id = `${source}-${amount}`): object {
  return { id, source, "detail-type": "payment.completed", detail: { order: "a", amount }, resources };
}

async function delivered(world: World, ...events: object[]): Promise<string[]> {
  const deliver = createDeliver(
    fuzzed,
    () => world.outside,
    () => world.queue,
  );
  const Records = events.map((event, index) => ({ messageId: `m-${index}`, body: JSON.stringify(event) }));
  expect(await deliver({ Records }, invocation("d"))).toEqual({ batchItemFailures: [] });
  const head = await world.outside.store.readHead("waiting-a");
  return (head?.inbox ?? []).map(({ id }) => eventIdOf(id));
}

async function opened(): Promise<World> {
  const world = openWorld(createMemoryStore());
  await waiting(world, ["a"]);
  return world;
}

test("an id counts within the source that gave it: nobody's event is taken for a repeat of another's", async () => {
  const forged = entry("mallory", ["holdfast:event:e-1"], 0);
  const theirs = entry("billing", ["holdfast:event:e-1"]);
  const ours = entry(OWN, ["holdfast:event:e-1"], 7);
  const ids = await delivered(await opened(), forged, theirs, theirs, ours);
  expect(ids.toSorted()).toEqual(["@billing/e-1", "@mallory/e-1", "e-1"]);
});

test("nor does it start an execution in another's place", async () => {
  const world = openWorld(createMemoryStore());
  const start = createStart(
    fuzzed,
    () => world.outside,
    () => world.queue,
  );
  const placed = (source: string, amount: number) => ({
    ...entry(source, ["holdfast:event:e-1"], amount),
    "detail-type": "order.placed",
    detail: { id: "o-1", amount },
  });
  const events = [placed("mallory", 1), placed(OWN, 7), placed(OWN, 7)];
  const Records = events.map((event, index) => ({ messageId: `m-${index}`, body: JSON.stringify(event) }));
  await start({ Records }, invocation("s"));
  const { items } = await world.outside.store.listExecutions({ workflow: "placed", limit: 10 });
  expect(items).toHaveLength(2);
});

test.each([
  ["an execution's name for a source", "o-1", "x/1", "o-1/x/1"],
  ["a slash that would end the source", "a/b", "c", "a"],
  ["an escape that would be one", "a%2Fb", "c", "a/b"],
])("no source can spell another's: %s", (_, source, id, other) => {
  const forged = readBusEvent(entry(source, [`holdfast:event:${id}`]), OWN).dedupeId;
  const theirs = ["c", "b/c", id].flatMap((one) => [
    readBusEvent(entry(other, [`holdfast:event:${one}`]), OWN).dedupeId,
    readBusEvent(entry(OWN, [`holdfast:event:${other}`]), OWN).dedupeId,
  ]);
  expect(theirs).not.toContain(forged);
});

test("an id of any length is one of a bounded length here", () => {
  const long = (end: string) =>
    readBusEvent(entry(OWN, [`holdfast:event:${"x".repeat(200_000)}${end}`]), OWN);
  expect(long("1").dedupeId.length).toBeLessThan(100);
  expect(long("1").dedupeId).not.toBe(long("2").dedupeId);
  expect(readBusEvent(entry("s".repeat(5_000), []), OWN).dedupeId.length).toBeLessThan(100);
});

test("a target is an execution's id and nothing else, and gets what the event's schema lets through", async () => {
  const world = await opened();
  for (const target of ["", "a b", "staged#e-1", "../x", "x".repeat(201)])
    expect(() => readBusEvent(entry("shop", [`holdfast:execution:${target}`]), OWN)).toThrow(
      target === "" ? /nothing stands behind/ : InvalidInputError,
    );
  const aimed = { ...entry("shop", ["holdfast:execution:waiting-a"]), "detail-type": "order.placed" };
  await delivered(world, aimed);
  expect(world.buried.map(({ attributes }) => attributes["holdfast.reason"])).toEqual(["INVALID_INPUT"]);
  expect((await world.outside.store.readHead("waiting-a"))?.inbox ?? []).toEqual([]);
});

test("an aimed event for another key lies unread where it was aimed at, and ends no wait there", async () => {
  const world = await opened();
  const aimed = { ...entry("shop", ["holdfast:execution:waiting-a"]), detail: { order: "b", amount: 1 } };
  expect(await delivered(world, aimed)).toHaveLength(1);
  expect((await world.outside.store.readHead("waiting-a"))?.status).toBe("suspended");
});
