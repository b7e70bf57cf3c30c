/** Events that can't be handled: where they go, with which reason, and what the audit does about those without one. Over real queues. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createDeliver } from "../../functions/deliver.js";
import { createStart } from "../../functions/start.js";
import {
  handedOn,
  partAttributes,
  partOf,
  sentBack,
  sinceOf,
  verdictOf,
} from "../../lib/aws/event-attributes.js";
import type { DeadLetter, EventQueue, Letter } from "../../lib/aws/event-queue.js";
import { MOST_RECEIVES, MOST_REDRIVES, redriveEvents } from "../../lib/aws/redrive-events.js";
import { app, event, workflow } from "../../lib/index.js";
import { eventMessageId } from "../../lib/model/message.js";
import { busEvent, type Deployment, invocation, openDeployment } from "./deployment.js";

const Paid = event("paid", {
  schema: z.object({ order: z.string(), amount: z.number().optional() }),
  key: ({ order }) => {
    if (order === "odd") throw new TypeError("no such order");
    return order;
  },
});
const Numbered = event<{ id: number | string[] }>("numbered", {
  key: ({ id }) => {
    if (Array.isArray(id)) throw new Error(`no number: ${id.join("")}`);
    return id as unknown as string;
  },
});
const Placed = event<{ id: string }>("placed");
const strict = workflow(
  "strict",
  { input: z.object({ id: z.string().max(3) }), startOn: Placed },
  async () => "strict",
);
const lax = workflow("lax", { startOn: Placed }, async () => "lax");
const waits = workflow("waits", (ctx, order: string) => ctx.waitForEvent(Paid, { key: order }));
const shop = app({ workflows: [strict, lax, waits], events: [Paid, Numbered] });

let deployment: Deployment;
beforeAll(async () => {
  deployment = await openDeployment();
});
afterAll(() => deployment.cloud.stop());
afterEach(async () => {
  for (const which of ["deliver", "start"] as const) await all(which);
  await deployment.drain("deliveries");
  deployment.logged.length = 0;
});

/** Everything that is dead now, taken out. */
async function all(which: "deliver" | "start"): Promise<DeadLetter[]> {
  const queue = deployment.events(which);
  const found: DeadLetter[] = [];
  for (let page = await queue.receive(60); page.length > 0; page = await queue.receive(60)) {
    found.push(...page);
    for (const { receipt } of page) await queue.delete(receipt);
  }
  return found;
}

/** As an event source mapping hands it over. */
const record = (body: unknown, receives = 1, attributes: Readonly<Record<string, string>> = {}) => ({
  Records: [
    {
      messageId: "m-1",
      body: typeof body === "string" ? body : JSON.stringify(body),
      attributes: { ApproximateReceiveCount: String(receives) },
      messageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, stringValue]) => [name, { dataType: "String", stringValue }]),
      ),
    },
  ],
});

const deliver = (batch: unknown, queue: Pick<EventQueue, "send" | "bury"> = deployment.events("deliver")) =>
  createDeliver(
    shop,
    () => deployment.outside,
    () => queue,
  )(batch, invocation());
const start = (batch: unknown) =>
  createStart(
    shop,
    () => deployment.outside,
    () => deployment.events("start"),
  )(batch, invocation());

const DONE = { batchItemFailures: [] };
const BACK = { batchItemFailures: [{ itemIdentifier: "m-1" }] };
const targeted = (id: string) => ({
  ...Object(busEvent("paid", { order: "o-1" }, `to-${id}`)),
  resources: [`holdfast:execution:${id}`],
});

describe("an event that no repeat can help", () => {
  test.each<[what: string, body: unknown, code: string, says: RegExp, attributes?: Record<string, string>]>([
    ["no JSON", "{", "MALFORMED_BUS_EVENT", /body is no JSON/],
    ["no event", { hello: 1 }, "MALFORMED_BUS_EVENT", /"source" is not text|no "detail"/],
    [
      "with an id that is none",
      { ...Object(busEvent("paid", { order: "o-1" })), resources: ["holdfast:event:"] },
      "MALFORMED_BUS_EVENT",
      /nothing stands behind "holdfast:event:"/,
    ],
    ["for no execution", targeted(""), "MALFORMED_BUS_EVENT", /nothing stands behind/],
    ["for what can't be an execution", targeted("#".repeat(3_000)), "INVALID_INPUT", /execution id/],
    ["of a type that nobody declares", busEvent("lost", {}), "UNKNOWN_EVENT", /no event "lost".*paid/],
    ["that does not fit its schema", busEvent("paid", { order: 7 }), "INVALID_INPUT", /order: /],
    [
      "whose key is no text",
      busEvent("numbered", { id: 7 }),
      "INVALID_INPUT",
      /its key is 7, and must be text/,
    ],
    [
      "of which no key can be made",
      busEvent("paid", { order: "odd" }),
      "INVALID_INPUT",
      /TypeError: no such/,
    ],
    [
      "with a part that is none",
      busEvent("paid", { order: "o-1" }),
      "MALFORMED_BUS_EVENT",
      /no list of execution ids/,
      { "holdfast.executions": "[7]" },
    ],
    [
      "with a forged cursor",
      busEvent("paid", { order: "o-1" }),
      "INVALID_INPUT",
      /cursor/,
      { "holdfast.after": "nowhere" },
    ],
  ])("%s is dead at once, as it came, with the reason", async (_, body, code, says, attributes = {}) => {
    const batch = record(body, 1, attributes);
    expect(await deliver(batch)).toEqual(DONE);
    const [letter, ...others] = await all("deliver");
    expect(others).toEqual([]);
    expect(letter?.body).toBe(batch.Records[0]?.body);
    expect(verdictOf(letter?.attributes ?? {})).toEqual({
      code,
      message: expect.stringMatching(says),
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      by: "deliver",
    });
    expect(letter?.attributes).toMatchObject(attributes);
    expect(deployment.logged).toContainEqual(
      expect.objectContaining({ level: "error", fields: expect.objectContaining({ reason: code }) }),
    );
  });

  test("goes back to its queue when it can't be buried, and is buried by the next try", async () => {
    const bury = () => Promise.reject(new Error("no queue"));
    const queue = { ...deployment.events("deliver"), bury };
    expect(await deliver(record("{"), queue)).toEqual(BACK);
    expect(await all("deliver")).toEqual([]);
    expect(await deliver(record("{", 2))).toEqual(DONE);
    expect(await all("deliver")).toHaveLength(1);
  });

  test("has a reason that fits, whatever characters the error has", async () => {
    const body = busEvent("numbered", { id: `\u0000\ud800\u001b${"ä€😀".repeat(500)}`.split("") });
    expect(await deliver(record(body))).toEqual(DONE);
    const [letter] = await all("deliver");
    const { message = "" } = verdictOf(letter?.attributes ?? {}) ?? {};
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1_024);
    expect(Buffer.byteLength(message)).toBeGreaterThan(1_000);
    expect(message).toMatch(/\uFFFD\uFFFD\uFFFDä€😀.*…$/su);
  });

  test("of start keeps no other workflow from starting by it", async () => {
    expect(await start(record(busEvent("placed", { id: "long" }, "p-1")))).toEqual(DONE);
    const [letter] = await all("start");
    expect(verdictOf(letter?.attributes ?? {})).toMatchObject({ code: "INVALID_INPUT", by: "start" });
    const { items } = await deployment.outside.store.listExecutions({ workflow: "lax", limit: 9 });
    expect(items).toHaveLength(1);
  });
});

describe("an event that a repeat may help", () => {
  test("goes back when the table can't be reached, however often", async () => {
    const { outside } = deployment;
    const putRecentEvent = () => Promise.reject(new Error("throttled"));
    const down = { ...outside, store: { ...outside.store, putRecentEvent } };
    const batch = record(busEvent("paid", { order: "o-1" }), 9);
    expect(
      await createDeliver(
        shop,
        () => down,
        () => deployment.events("deliver"),
      )(batch, invocation()),
    ).toEqual(BACK);
    expect(await all("deliver")).toEqual([]);
  });

  test("for an execution that is not there yet comes again, and is dead at its fifth receive (PROTOCOL A7)", async () => {
    for (const receives of [1, 4]) expect(await deliver(record(targeted("nobody"), receives))).toEqual(BACK);
    expect(await deliver(record(targeted("nobody"), 5))).toEqual(DONE);
    const [letter] = await all("deliver");
    expect(verdictOf(letter?.attributes ?? {})).toMatchObject({ code: "EXECUTION_NOT_FOUND" });
  });

  test("for an execution that comes into being meanwhile is delivered to it", async () => {
    expect(await deliver(record(targeted("later")))).toEqual(BACK);
    await start({ workflow: "waits", input: "o-2", id: "later" });
    expect(await deliver(record(targeted("later"), 2))).toEqual(DONE);
    expect((await deployment.outside.store.readHead("later"))?.inbox).toMatchObject([
      { id: eventMessageId("paid", "shop/to-later") },
    ]);
    expect(await all("deliver")).toEqual([]);
  });

  test("handed on for executions that failed is for them alone, and needs none of them to be there", async () => {
    await start({ workflow: "waits", input: "o-3", id: "part-1" });
    const attributes = partAttributes({ executions: ["part-1", "part-gone"] });
    expect(await deliver(record(busEvent("paid", { order: "o-3" }, "part"), 1, attributes))).toEqual(DONE);
    expect((await deployment.outside.store.readHead("part-1"))?.inbox).toMatchObject([
      { id: eventMessageId("paid", "shop/part") },
    ]);
    expect(await all("deliver")).toEqual([]);
  });
});

test("what is handed on says since when it is being delivered, and which part is left", () => {
  const at = Date.parse("2026-01-31T08:00:00Z");
  const first = handedOn({ after: "a" }, {}, at);
  expect([partOf(first), sinceOf(first)]).toEqual([{ after: "a" }, at]);
  const second = handedOn({ executions: ["x"] }, first, at + 9);
  expect([partOf(second), sinceOf(second)]).toEqual([{ executions: ["x"] }, at]);
  expect(sinceOf(handedOn({ after: "a" }, {}, undefined))).toBeUndefined();
});

describe("the audit's look at dead events (PROTOCOL A13)", () => {
  const redrive = (queue: EventQueue = deployment.events("deliver")) =>
    redriveEvents(deployment.outside, queue, () => false);
  const body = JSON.stringify(busEvent("paid", { order: "o-9" }));

  test("sends back what has no reason, counts, and leaves what has one to people", async () => {
    const queue = deployment.events("deliver");
    const after = { "holdfast.after": "WzAsbnVsbF0" };
    await queue.bury({ body, attributes: { ...after, ERROR_CODE: "NO_PERMISSIONS" } });
    await deliver(record("{"));
    expect(await redrive()).toEqual({ redriven: 1, failed: 0 });
    const sent = await received("deliveries");
    expect(sent).toEqual([
      { body, attributes: { ...after, "holdfast.redrives": "1", "holdfast.since": expect.any(String) } },
    ]);
  });

  test("says since when it is being delivered of what may have reached somebody, and of nothing else", async () => {
    const queue = deployment.events("deliver");
    const sent: Letter[] = [];
    const noting = { ...queue, send: async (letter: Letter) => void sent.push(letter) };
    const begun = Date.now();
    await queue.bury({ body: "new", attributes: {} });
    await queue.bury({ body: "old", attributes: { "holdfast.since": "2026-01-31T08:00:00.000Z" } });
    expect(await redrive(noting)).toEqual({ redriven: 2, failed: 0 });
    const sinceIn = (body: string) =>
      sinceOf(sent.find((letter) => letter.body === body)?.attributes ?? {}) ?? 0;
    expect(Math.abs(sinceIn("new") - begun)).toBeLessThan(60_000);
    expect(sinceIn("old")).toBe(Date.parse("2026-01-31T08:00:00Z"));
    // Refused, it reached nobody: whoever waits when it is sent back by a person is to have it.
    const reason = { "holdfast.reason": "UNKNOWN_EVENT" };
    expect(sentBack({ attributes: reason, sentAt: begun })).toEqual({});
    expect(sentBack({ attributes: { ...reason, "holdfast.since": "x" }, sentAt: begun })).toEqual({
      "holdfast.since": "x",
    });
  });

  test("gives it a reason after so many times, and then leaves it", async () => {
    const queue = deployment.events("deliver");
    await queue.bury({ body, attributes: { "holdfast.redrives": String(MOST_REDRIVES - 1) } });
    await queue.bury({ body, attributes: { "holdfast.redrives": String(MOST_REDRIVES) } });
    // What is left to people is hidden while the run looks at it.
    const shortly: EventQueue = { ...queue, receive: () => queue.receive(1) };
    expect(await redrive(shortly)).toEqual({ redriven: 1, failed: 0 });
    expect(await received("deliveries")).toMatchObject([
      { attributes: { "holdfast.redrives": String(MOST_REDRIVES) } },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const [letter, ...others] = await all("deliver");
    expect(others).toEqual([]);
    expect(verdictOf(letter?.attributes ?? {})).toMatchObject({ code: "EXHAUSTED", by: "audit" });
    await queue.bury({ body, attributes: letter?.attributes ?? {} });
    expect(await redrive()).toEqual({ redriven: 0, failed: 0 });
  });

  test("sends back ten in a run, and the rest in the runs after it", async () => {
    const queue = deployment.events("deliver");
    for (let index = 0; index < 13; index++) await queue.bury({ body: `${body} `, attributes: {} });
    expect(await redrive()).toEqual({ redriven: 10, failed: 0 });
    expect(await all("deliver")).toHaveLength(3);
  });

  const REASON = { "holdfast.reason": "UNKNOWN_EVENT" };
  const buryWithReasons = async (count: number) => {
    const queue = deployment.events("deliver");
    for (let index = 0; index < count; index++) await queue.bury({ body, attributes: REASON });
  };
  const told = () => deployment.logged.filter(({ message }) => message.includes("have a reason"));

  test("finds what has no reason behind however many that have one, and sees each of those once", async () => {
    const queue = deployment.events("deliver");
    await buryWithReasons(75);
    await queue.bury({ body: "an outage's", attributes: {} });
    const ids: string[] = [];
    const watched: EventQueue = {
      ...queue,
      receive: async (seconds) => {
        const page = await queue.receive(seconds);
        ids.push(...page.map(({ id }) => id));
        return page;
      },
    };
    expect(await redrive(watched)).toEqual({ redriven: 1, failed: 0 });
    expect(await received("deliveries")).toMatchObject([{ body: "an outage's" }]);
    expect(ids).toHaveLength(76);
    expect(new Set(ids).size).toBe(76);
    expect(told()).toEqual([]);
  });

  test("goes on behind one empty answer", async () => {
    const queue = deployment.events("deliver");
    await queue.bury({ body, attributes: {} });
    let answers = 0;
    const sampled: EventQueue = {
      ...queue,
      receive: async (seconds) => (answers++ === 0 ? [] : queue.receive(seconds)),
    };
    expect(await redrive(sampled)).toEqual({ redriven: 1, failed: 0 });
    expect(answers).toBe(3);
  });

  test.each(["the invocation's time", "the time for which they are hidden"])(
    "ends with %s, and says that more may be behind",
    async (what) => {
      await buryWithReasons(40);
      const { outside } = deployment;
      let looks = 0;
      // Ten seconds go by from one look at the clock to the next.
      const clock = { ...outside.clock, now: () => 10_000 * looks++ };
      let asked = 0;
      const run = what.startsWith("the invocation")
        ? redriveEvents(outside, deployment.events("deliver"), () => asked++ === 2)
        : redriveEvents({ ...outside, clock }, deployment.events("deliver"), () => false);
      expect(await run).toEqual({ redriven: 0, failed: 0 });
      expect(told()).toMatchObject([{ level: "info", fields: { lookedAt: 20 } }]);
      // What it did not look at is there for everybody.
      expect(await all("deliver")).toHaveLength(20);
    },
  );

  test("ends after so many receives, whatever comes", async () => {
    let receives = 0;
    const endless: EventQueue = {
      ...deployment.events("deliver"),
      receive: async () => [{ id: `m-${receives++}`, receipt: "r", body, attributes: REASON }],
    };
    expect(await redrive(endless)).toEqual({ redriven: 0, failed: 0 });
    expect(receives).toBe(MOST_RECEIVES);
    expect(told()).toMatchObject([{ fields: { lookedAt: MOST_RECEIVES } }]);
  });

  test.each(["before", "after"] as const)(
    "that dies %s its send, or its delete, loses nothing",
    async (when) => {
      for (const call of ["send", "delete"] as const) {
        const queue = deployment.events("deliver");
        await queue.bury({ body, attributes: {} });
        const dying: EventQueue = {
          ...queue,
          receive: (seconds) => queue.receive(Math.min(seconds, 1)),
          [call]: async (argument: never) => {
            if (when === "after") await queue[call](argument);
            throw new Error("the process ends here");
          },
        };
        expect(await redrive(dying)).toEqual({ redriven: call === "send" ? 0 : 1, failed: 1 });
        await new Promise((resolve) => setTimeout(resolve, 1_100));
        const left = await all("deliver");
        const sent = await received("deliveries");
        // Twice at worst, and that counts once; never not at all.
        const copies = { "before send": 1, "after send": 2, "before delete": 2, "after delete": 1 };
        expect(left.length + sent.length, `${when} ${call}`).toBe(copies[`${when} ${call}`]);
      }
    },
  );

  async function received(
    queue: "deliveries",
  ): Promise<{ body: string; attributes: Record<string, string> }[]> {
    const asDead = deployment.eventsOf(queue);
    const found = await asDead.receive(60);
    for (const { receipt } of found) await asDead.delete(receipt);
    return found.map(({ body: text, attributes }) => ({ body: text, attributes: { ...attributes } }));
  }
});
