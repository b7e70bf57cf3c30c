/** What an app with a codec leaves in its tables: a canary goes in at every entrance, comes out at every exit, and lies nowhere in between. */
import { app, event, type PayloadCodec, type Workflow, workflow } from "holdfast";
import { testApp } from "holdfast/testing";
import { describe, expect, test, vi } from "vitest";
import { DurableClient } from "../../../lib/client/client.js";
import type { Encoded } from "../../../lib/model/value.js";
import { relay } from "../../../lib/runtime/bus/relay.js";
import { createMeteredStore } from "../../../lib/store/dynamodb/in-memory/index.js";
import { createMemoryPayloads } from "../../../lib/store/memory/index.js";
import type { PayloadStore } from "../../../lib/store/ports.js";
import { openArchive, sealPayload } from "../../../lib/store/sealed/boxes.js";
import { sealedStore } from "../../../lib/store/sealed/index.js";
import { Bench } from "../../runtime/bench.js";
import { commit, execution, T0 } from "../builders.js";
import { testCodec } from "./codec.js";

const CANARY = "tweet-tweet";
const Told = event<{ text: string }>("told");
const Heard = event<{ text: string }>("heard");
/** As long as an item, and longer; what is large is compressed, too. */
const medium = `${CANARY}${"-".repeat(5_000)}`;
const large = Array.from({ length: 60_000 }, (_, n) => `${CANARY}-${n % 977}-${(n * 7919) % 104_729}`).join();

const child = workflow("child", async (_ctx, text: string) => `${text} from a child`);
const answering = workflow("answering", async (ctx) => ctx.waitForSignal<string>("ask"));

const everything: Workflow<{ text: string; round: number }, unknown> = workflow(
  "everything",
  async (ctx, { text, round }: { text: string; round: number }) => {
    if (round === 0) return ctx.continueAsNew({ text, round: 1 });
    ctx.setState({ text });
    const small = await ctx.step("small", () => text);
    const sizes = [await ctx.step("medium", () => medium), await ctx.step("large", () => large)];
    const failed = await ctx
      .step(
        "fails",
        () => {
          throw new Error(`no ${text}`);
        },
        { retry: { maxAttempts: 2, initialInterval: "1s" } },
      )
      .catch((error: Error) => error.message);
    const told = await ctx.waitForEvent(Told);
    const signal = await ctx.waitForSignal<string>("go");
    const children = await Promise.all([ctx.child(child, text), ctx.child(child, large)]);
    await ctx.sendEvent(Heard, { text });
    await ctx.transaction("sends", async (tx) => {
      await tx.start(answering, undefined, { id: "answering-1" });
      tx.signal("answering-1", "ask", text);
    });
    return {
      small,
      sizes: sizes.map((each) => each.length),
      failed,
      told,
      signal,
      children: children.map((each) => each.length),
    };
  },
);

const failing = workflow("failing", async (ctx, text: string) => {
  await ctx.step("once", () => text);
  await ctx.sleep("1h");
  throw new Error(`an end with ${text}`);
});

/** Objects, and who looks at them. */
function watched(): PayloadStore & { readonly seen: Uint8Array[] } {
  const payloads = createMemoryPayloads();
  const seen: Uint8Array[] = [];
  return {
    ...payloads,
    seen,
    putObject: async (key, content) => {
      seen.push(content);
      return payloads.putObject(key, content);
    },
  };
}

async function run(codec: PayloadCodec | undefined) {
  const objects = watched();
  const { store, items } = createMeteredStore(objects, () => undefined);
  const kept: string[] = [];
  const look = (): void => {
    for (const item of [...items().executions, ...items().directory]) kept.push(shown(item));
  };
  const code = app({
    workflows: [everything, child, answering, failing],
    events: [Told],
    ...(codec === undefined ? {} : { codec }),
  });
  const t = await testApp(code, { store });
  const { client } = t;
  await client.start(everything, { text: CANARY, round: 0 }, { id: "e-1" });
  await t.settle();
  look();
  const { continuedTo = "" } = await client.describe("e-1");
  await t.publish(Told, { text: CANARY });
  await client.signal(continuedTo, "go", CANARY);
  look();
  await t.advance("10m");
  look();
  await client.start(failing, CANARY, { id: "f-1" });
  await t.settle();
  look();
  await t.advance("2h");
  look();
  return { t, client, kept, objects, continuedTo, store };
}

/** Bytes as the text that they might be. */
function shown(value: unknown): string {
  return JSON.stringify(value, (_key, found: unknown) =>
    found instanceof Uint8Array
      ? `bytes:${Buffer.from(found).toString("latin1")}`
      : typeof found === "object" &&
          found !== null &&
          "type" in found &&
          "data" in found &&
          found.type === "Buffer"
        ? `bytes:${Buffer.from(Object(found).data).toString("latin1")}`
        : found,
  );
}

describe("an app with a codec", () => {
  test("keeps nothing of what users store where it can be read, and gives all of it back", async () => {
    const { t, client, kept, objects, continuedTo } = await run(testCodec());
    expect(await client.result(continuedTo)).toEqual({
      small: CANARY,
      sizes: [medium.length, large.length],
      failed: `no ${CANARY}`,
      told: { text: CANARY },
      signal: CANARY,
      children: [CANARY.length + 13, large.length + 13],
    });
    expect(await client.result("answering-1")).toBe(CANARY);
    const described = await client.describe(continuedTo);
    expect([described.input, described.state]).toEqual([{ text: CANARY, round: 1 }, { text: CANARY }]);
    expect((await client.describe("f-1")).error?.message).toBe(`an end with ${CANARY}`);
    expect(JSON.stringify(await client.history(continuedTo))).toContain(CANARY);
    // What is sent to the bus is for others, and stands there as it is.
    expect(t.published.find(({ name }) => name === Heard.name)?.detail).toEqual({ text: CANARY });

    expect(kept.filter((item) => item.includes(CANARY))).toEqual([]);
    expect(objects.seen.length).toBeGreaterThan(0);
    for (const content of objects.seen)
      expect(Buffer.from(content.subarray(0, 13)).toString("latin1")).toBe(
        "\0HFS1\u0006test-1\u0001".slice(0, 12) + Buffer.from(content.subarray(12, 13)).toString("latin1"),
      );
  });

  test("is not what hides it: without one, the canary is found everywhere", async () => {
    const { kept } = await run(undefined);
    const found = kept.filter((item) => item.includes(CANARY));
    for (const place of ['"input"', '"result', '"data', '"detail', '"message', '"state"'])
      expect(found.some((item) => item.includes(place.slice(1)))).toBe(true);
  });

  test("is not read by a client without it, or with another: it is told so", async () => {
    const { store } = await run(testCodec("first"));
    const outside = new Bench([child], [], { store }).cloud.bare;
    const blind = await new DurableClient({ outside }).describe("f-1");
    expect(String(blind.input)).toMatch(/sealed by the codec "first".*Give the client its app's codec/);
    const other = await new DurableClient({ outside, codec: testCodec("second") }).describe("f-1");
    expect(String(other.input)).toContain("the codec did not open it: Error: This is second, and not first.");
    await expect(new DurableClient({ outside }).fork("f-1", { from: "once" })).rejects.toThrow(
      /sealed by the codec/,
    );
  });
});

test("an app that has lost its codec stalls, and goes on once it has it again", async () => {
  const { store } = createMeteredStore(createMemoryPayloads());
  const sleeper = workflow("sleeper", async (ctx, text: string) => {
    const began = await ctx.step("begin", () => text);
    await ctx.sleep("1h");
    return began;
  });
  const codec = testCodec();
  const withIt = app({ workflows: [sleeper], codec });
  const first = await testApp(withIt, { store });
  await first.client.start(sleeper, CANARY, { id: "s-1" });
  await first.settle();

  const without = await testApp(app({ workflows: [sleeper] }), { store });
  await without.advance("2h");
  await without.audit();
  await without.settle();
  const { status, error } = await without.client.describe("s-1");
  expect([status, error?.name, error?.message]).toEqual([
    "stalled",
    "SealedValueError",
    expect.stringMatching(/was sealed by the codec "test-1".*redrive what has stalled/),
  ]);

  const again = await testApp(withIt, { store });
  await again.advance("2h");
  await again.client.redrive("s-1");
  await again.settle();
  expect(await again.client.result("s-1")).toBe(CANARY);
});

test("what was sealed for one execution opens in no other", async () => {
  const { store } = createMeteredStore(createMemoryPayloads());
  const sealed = sealedStore(store, testCodec());
  const secret = { type: "StepCompleted", op: "step:a", attempt: 1, at: 1, result: "secret" } as const;
  await sealed.appendCommit(commit("mine", 1, { events: [secret] }));
  const [stolen] = await store.loadHistory("mine", 0);
  await store.appendCommit(commit("yours", 1, { events: stolen?.events ?? [] }));
  expect(await sealed.loadHistory("mine", 0)).toMatchObject([{ events: [secret] }]);
  const [event] = (await sealed.loadHistory("yours", 0)).flatMap((each) => each.events);
  expect(JSON.stringify(event)).toMatch(/\$sealed.*authenticate/);
});

test("all values of a commit are sealed by one call, and a large one is no larger than DynamoDB takes", async () => {
  const { store } = createMeteredStore(createMemoryPayloads());
  const codec = testCodec();
  let calls = 0;
  const counting: PayloadCodec = {
    ...codec,
    seal: (plain, place) => {
      calls += 1;
      return codec.seal(plain, place);
    },
  };
  const sealed = sealedStore(store, counting);
  // As full as a turn makes one: 300,000 bytes of text that hardly shrinks.
  const random = (n: number): string =>
    Array.from({ length: 100 }, (_, i) => String.fromCharCode(33 + ((n * 7919 + i * i * 104_729) % 94))).join(
      "",
    );
  const events = Array.from({ length: 2_000 }, (_, n) => ({
    type: "StepCompleted" as const,
    op: `step:${n}`,
    attempt: 1,
    at: n,
    result: random(n),
  }));
  await sealed.appendCommit(commit("many", 1, { events }));
  expect(calls).toBe(1);
  expect((await sealed.loadHistory("many", 0))[0]?.events).toEqual(events);
});

test("values from before there was a codec stay readable beside those that are sealed", async () => {
  const { store } = createMeteredStore(createMemoryPayloads());
  const sealed = sealedStore(store, testCodec());
  const done = (op: string, result: string | null) =>
    ({ type: "StepCompleted", op, attempt: 1, at: 1, result }) as const;
  await store.appendCommit(commit("old", 1, { events: [done("step:a", "plain")] }));
  await sealed.appendCommit(commit("old", 2, { events: [done("step:b", null), done("step:c", "sealed")] }));
  const events = (await sealed.loadHistory("old", 0)).flatMap((each) => each.events);
  expect(events).toEqual([done("step:a", "plain"), done("step:b", null), done("step:c", "sealed")]);
});

test.each([
  [{ seal: () => new Uint8Array(), open: () => new Uint8Array() }, "no id that can be recorded"],
  [
    { id: "has space", seal: () => new Uint8Array(), open: () => new Uint8Array() },
    "no id that can be recorded",
  ],
  [{ id: "half", seal: () => new Uint8Array() }, "lacks seal or open"],
])("a codec that is none is refused where the app is made: %o", (codec, message) => {
  expect(() => app({ workflows: [child], codec: codec as PayloadCodec })).toThrow(message);
});

test("an archive is opened by the codec that sealed it, and one from before is as it was", async () => {
  const codec = testCodec();
  const content = Buffer.from("compressed lines");
  const sealed = await sealPayload(codec, {}, content);
  expect(Buffer.from(sealed).toString("latin1")).not.toContain("compressed");
  expect(Buffer.from(await openArchive(sealed, codec)).toString()).toBe("compressed lines");
  expect(await openArchive(content, codec)).toEqual(content);
});

test.each([
  ["fails as a network does", () => Promise.reject(new TypeError("fetch failed")), "did not open"],
  [
    "is throttled",
    () => Promise.reject(Object.assign(new Error("slow down"), { name: "ThrottlingException" })),
    "did not open",
  ],
  ["never answers", () => new Promise<never>(() => {}), "did not answer within"],
])(
  "where the codec %s, the call fails as an outage does, and nothing is taken for lost",
  async (_what, open, message) => {
    vi.useFakeTimers();
    try {
      const { store } = createMeteredStore(createMemoryPayloads());
      await sealedStore(store, testCodec()).createExecution(execution("x"));
      const reading = sealedStore(store, { ...testCodec(), open }).readHead("x");
      const told = expect(reading).rejects.toMatchObject({
        name: "CodecError",
        message: expect.stringContaining(message),
      });
      await vi.advanceTimersByTimeAsync(10_000);
      await told;
    } finally {
      vi.useRealTimers();
    }
  },
);

test("what can't be sealed is not written", async () => {
  const { store } = createMeteredStore(createMemoryPayloads());
  const sealed = sealedStore(store, {
    ...testCodec(),
    seal: () => {
      throw new Error("no key");
    },
  });
  await expect(sealed.createExecution(execution("x"))).rejects.toThrow(/did not seal/);
  expect(await store.readHead("x")).toBeUndefined();
});

test("a user's own object that looks like a mark is not taken for one", async () => {
  const { store } = createMeteredStore(createMemoryPayloads());
  const sealed = sealedStore(store, testCodec());
  const lookalikes: Encoded[] = [
    { $sealed: [0, "x", "AAAA"], a: 1 },
    { $sealed: "text" },
    { $sealed: [0, "x"] },
    { $sealed: [1.5] },
  ];
  await store.appendCommit(
    commit("x", 1, {
      events: lookalikes.map((result, n) => ({
        type: "StepCompleted",
        op: `step:${n}`,
        attempt: 1,
        at: n,
        result,
      })),
    }),
  );
  const [read] = await sealed.loadHistory("x", 0);
  expect(read?.events.map((event) => "result" in event && event.result)).toEqual(lookalikes);
});

describe("what is sent, where the relay", () => {
  const sent = {
    kind: "event",
    id: "e-1",
    at: T0,
    name: Heard.name,
    detail: JSON.stringify({ text: CANARY }),
  } as const;
  const signal = {
    kind: "signal",
    id: "s-1",
    at: T0,
    to: "target",
    message: { kind: "signal", id: "s-1", at: T0, name: "ask", data: CANARY },
  } as const;

  /** A commit of the sender's, sealed; and a relay that has the codec, or not. */
  async function ground(codec: PayloadCodec) {
    const { store } = createMeteredStore(createMemoryPayloads());
    const sealed = sealedStore(store, codec);
    await sealed.createExecution(execution("target"));
    await sealed.createExecution(execution("sender"));
    await sealed.appendCommit(commit("sender", 1, { outgoing: [sent, signal] }), T0);
    const { cloud } = new Bench([child], [], { store });
    const carried = async (by: typeof store) => {
      const outbox = await by.readOutbox("sender", 1);
      const { bus } = cloud.bare;
      const asked: string[] = [];
      const publish: typeof bus.publish = (entries) => {
        asked.push(...entries.map(({ detail }) => detail));
        return bus.publish(entries);
      };
      await relay({ ...cloud.bare, store: by, bus: { publish } }, outbox === undefined ? [] : [outbox]);
      const states = (await by.readOutbox("sender", 1))?.states.map(({ state }) => state);
      return { states, asked };
    };
    return { store, sealed, carried };
  }

  test("has no codec, stays, as it is, for one that has it", async () => {
    const { store, sealed, carried } = await ground(testCodec());
    expect(await carried(store)).toEqual({ states: ["failed", "failed"], asked: [] });
    expect(await store.loadMessages("target")).toEqual([]);
    expect((await store.readHead("target"))?.inbox).toEqual([]);

    expect(await carried(sealed)).toMatchObject({
      states: ["published", "published"],
      asked: [JSON.stringify({ text: CANARY })],
    });
    const head = await sealed.readHead("target");
    const beside = await sealed.loadMessages("target");
    expect([...(head?.inbox ?? []), ...beside]).toMatchObject([{ name: "ask", data: CANARY }]);
  });

  test("has another codec, stays too", async () => {
    const { store, carried } = await ground(testCodec("one"));
    const { states, asked } = await carried(sealedStore(store, testCodec("other")));
    expect([states, asked]).toEqual([["failed", "failed"], []]);
  });
});

test("an outage of the codec uses up no attempt of a step", async () => {
  const codec = testCodec();
  let refusals = 0;
  const shaky: PayloadCodec = {
    ...codec,
    seal: (...given) => {
      refusals -= 1;
      if (refusals >= 0) throw new Error("KMS is out.");
      return codec.seal(...given);
    },
  };
  let ran = 0;
  const once = workflow("once", async (ctx) =>
    ctx.step(
      "body",
      () => {
        ran += 1;
        // The tries of the write that follows, and of the turn after it.
        if (ran <= 2) refusals = 3;
        return ran;
      },
      { retry: { maxAttempts: 1 } },
    ),
  );
  const t = await testApp(app({ workflows: [once], codec: shaky }), { replay: "off" });
  await t.client.start(once, undefined, { id: "o-1" });
  await t.advance("1h");
  expect(await t.client.result("o-1")).toBe(3);
  const taken = (await t.client.history("o-1")).filter(({ event }) => Object(event).type === "LeaseTaken");
  expect(taken.length).toBe(2);
});
