/** One event that very many executions wait for: what its delivery costs, and that each of them has it once. */
import { randomUUID } from "node:crypto";
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { app, event, workflow } from "holdfast";
import { createDeliver } from "../../functions/deliver.js";
import { systemClock } from "../../lib/aws/clock.js";
import type { Letter } from "../../lib/aws/event-queue.js";
import type { AwsOutside } from "../../lib/aws/outside.js";
import type { EventType } from "../../lib/define/event.js";
import { eventMessageId } from "../../lib/model/message.js";
import type { Spent } from "../setup/capacity.js";
import { DIRECTORY_TABLE } from "../setup/tables.js";
import { execution } from "../store/builders.js";
import type { Ground } from "./ground.js";

const KEY = "shop-7";

/** Its waits lie in eight partitions. */
const Opened = event<{ shop: string }>("shop.opened");
/** All that wait for one key lie in one. */
const Closed = event<{ shop: string }>("shop.closed", { key: ({ shop }) => shop });

const awaits = workflow("awaits", async (ctx) => {
  await ctx.waitForEvent(Opened);
  await ctx.waitForEvent(Closed, { key: KEY });
});
const shop = app({ workflows: [awaits], events: [Opened, Closed] });

export interface Delivery extends Spent {
  readonly what: string;
  readonly waiters: number;
  readonly seededSeconds: number;
  readonly passes: number;
  readonly seconds: number;
  /** Where their waits lie. */
  readonly partitions: number;
  /** The part of the waits that is in the fullest one. */
  readonly largest: number;
}

const WRITES_AT_ONCE = 50;
const INVOCATION_MS = 60_000;

/** @throws when one of them has it not at all, or twice, or was not woken for it */
export async function measureWaiters(ground: Ground, waiters: number): Promise<Delivery[]> {
  return [
    await deliverTo(ground, waiters, Opened, "without a key"),
    await deliverTo(ground, waiters, Closed, "of one key", KEY),
  ];
}

async function deliverTo(
  ground: Ground,
  waiters: number,
  { name }: Pick<EventType, "name">,
  what: string,
  key?: string,
): Promise<Delivery> {
  const { outside, capacity } = ground;
  const ids = Array.from({ length: waiters }, () => randomUUID());
  const began = performance.now();
  await each(ids, async (executionId) => {
    const created = execution(executionId, { workflow: awaits.name });
    await outside.store.createExecution(created);
    const wait = { name, executionId, op: `wait:${name}`, createdAt: created.createdAt, epoch: 1 };
    await outside.store.putWait(key === undefined ? wait : { ...wait, key });
  });
  const seededSeconds = (performance.now() - began) / 1_000;
  const partitions = await waitsByPartition(ground, name);

  const woken: string[] = [];
  const delivering: AwsOutside = {
    ...outside,
    clock: systemClock(),
    wakes: { ...outside.wakes, send: async ({ executionId }) => void woken.push(executionId) },
  };
  const eventId = randomUUID();
  const detail = { source: "shops", id: eventId, "detail-type": name, detail: { shop: KEY } };
  let passes = 0;
  const start = performance.now();
  const spent = await capacity.measure(async () => {
    passes = await invokeAll(delivering, { body: JSON.stringify(detail), attributes: {} });
  });
  const seconds = (performance.now() - start) / 1_000;

  await each(ids, async (executionId) => {
    const inbox = (await outside.store.readHead(executionId))?.inbox ?? [];
    if (inbox.length !== 1 || inbox[0]?.id !== eventMessageId(name, `shops/${eventId}`))
      throw new Error(`${executionId} has ${inbox.length} messages, and should have the event, once.`);
  });
  if (woken.length !== waiters || new Set(woken).size !== waiters)
    throw new Error(`${new Set(woken).size} of ${waiters} were woken, by ${woken.length} wakes.`);
  const largest = Math.max(...partitions.values()) / waiters;
  return { what, waiters, seededSeconds, passes, seconds, partitions: partitions.size, largest, ...spent };
}

/** The function, and its queue: one message at a time, until none is left. */
async function invokeAll(outside: AwsOutside, first: Letter): Promise<number> {
  const letters = [first];
  const queue = {
    send: async (letter: Letter) => void letters.push(letter),
    bury: async ({ attributes }: Letter) => {
      throw new Error(`The event was given up: ${JSON.stringify(attributes)}`);
    },
  };
  const deliver = createDeliver(
    shop,
    () => outside,
    () => queue,
  );
  let passes = 0;
  for (let letter = letters.shift(); letter !== undefined; letter = letters.shift()) {
    passes += 1;
    const ends = Date.now() + INVOCATION_MS;
    const context = { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => ends - Date.now() };
    const { batchItemFailures } = await deliver({ Records: [recordOf(letter)] }, context);
    if (batchItemFailures.length > 0) throw new Error("A pass failed: its message would come again.");
  }
  return passes;
}

function recordOf({ body, attributes }: Letter): object {
  const texts = Object.entries(attributes).map(([name, stringValue]) => [name, { stringValue }]);
  return { messageId: randomUUID(), body, messageAttributes: Object.fromEntries(texts) };
}

/** As the table holds them. */
async function waitsByPartition({ documents }: Ground, name: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  let from: Record<string, unknown> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await documents.send(
      new ScanCommand({
        TableName: DIRECTORY_TABLE,
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    for (const { pk } of Items)
      if (String(pk).startsWith(`wait#${name}`)) counts.set(String(pk), (counts.get(String(pk)) ?? 0) + 1);
    from = LastEvaluatedKey;
  } while (from !== undefined);
  return counts;
}

async function each(ids: readonly string[], work: (id: string) => Promise<void>): Promise<void> {
  for (let from = 0; from < ids.length; from += WRITES_AT_ONCE)
    await Promise.all(ids.slice(from, from + WRITES_AT_ONCE).map(work));
}
