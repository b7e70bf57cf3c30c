/** Deliver: bus events out of its queue, with what a delivery before has left in their attributes. */
import { createDeliver } from "../../../functions/deliver.js";
import { createWorker } from "../../../functions/worker.js";
import { eventMessageId } from "../../../lib/model/message.js";
import { startExecution } from "../../../lib/runtime/start.js";
import type { Store } from "../../../lib/store/ports.js";
import { fuzzed, Paid } from "../app.js";
import type { Dice } from "../dice.js";
import { damaged, damagedText } from "../rubbish.js";
import { invocation, openWorld, type World } from "../world.js";
import { type Entry, type Record, shuffled } from "./entry.js";
import { outcomeOf } from "./start.js";

function paid(order: string, id = order): object {
  return {
    version: "0",
    id,
    source: "shop",
    account: "000000000000",
    time: "2026-01-01T12:00:00Z",
    region: "us-east-1",
    resources: ["holdfast:event:x-1/op/1"].slice(order === "o-1" ? 0 : 1),
    "detail-type": "payment.completed",
    detail: { order, amount: 5 },
  };
}

const TARGETED = { ...paid("o-1"), resources: ["holdfast:execution:waiting-a"] };
const NOTE = { ...paid("o-1"), "detail-type": "note" };

const PARTS = [
  {},
  { "holdfast.after": Buffer.from('{"partition":0,"after":"x"}').toString("base64url") },
  { "holdfast.executions": '["waiting-a","waiting-b"]' },
  { "holdfast.since": "2026-01-01T12:00:00.000Z", "holdfast.redrives": "3" },
];

function message(dice: Dice, index: number): Record {
  const body = damagedText(dice, dice.pick<object>([paid("o-1"), TARGETED, NOTE]));
  const part = dice.percent(40) ? damaged(dice, dice.pick(PARTS)) : dice.pick(PARTS);
  // SQS itself says that an attribute's value is text, and not empty.
  const texts = Object.entries(Object(part)).map(([name, value]) => [
    name || "name",
    { stringValue: String(typeof value === "string" ? value : JSON.stringify(value)) || " " },
  ]);
  const receives = String(dice.pick([1, 4, 5, 100, -1]));
  return {
    messageId: `bad-${index + 1}`,
    body,
    attributes: {
      ApproximateReceiveCount: receives,
      SentTimestamp: dice.pick(["1767268800000", "-5", "soon"]),
    },
    messageAttributes: Object.fromEntries(texts),
  };
}

export const deliverMessages: Entry = {
  name: "deliver: its queue",
  async run(dice, fresh) {
    const store = fresh();
    const world = openWorld(store);
    await waiting(world, ["a", "b"]);
    const bad = Array.from({ length: 1 + dice.below(3) }, (_, index) => message(dice, index));
    const good = ["a", "b"].map((order) => ({
      messageId: `good-${order}`,
      body: JSON.stringify(paid(order)),
    }));
    const deliver = createDeliver(
      fuzzed,
      () => world.outside,
      () => world.queue,
    );
    const batch = { Records: shuffled(dice, [...good, ...bad]) };
    return outcomeOf(world, bad, () => deliver(batch, invocation("request-1")), [
      ["good-a", () => hasMessage(store, "a")],
      ["good-b", () => hasMessage(store, "b")],
    ]);
  },
};

/** Executions that wait for the payment of their order. */
export async function waiting(world: World, orders: readonly string[]): Promise<void> {
  const { outside } = world;
  for (const order of orders)
    await startExecution(outside, fuzzed, { workflow: "waiter", input: { order }, id: `waiting-${order}` });
  const work = createWorker(fuzzed, () => outside);
  for (const [index, wake] of world.wakes.splice(0).entries())
    await work({ Records: [{ messageId: `w-${index}`, body: JSON.stringify(wake) }] }, invocation("first"));
}

async function hasMessage(store: Store, order: string): Promise<boolean> {
  const head = await store.readHead(`waiting-${order}`);
  const messages = [...(head?.inbox ?? []), ...(await store.loadMessages(`waiting-${order}`))];
  return messages.some(({ id }) => id === eventMessageId(Paid.name, `shop/${order}`));
}
