/** Values of every size, wherever a value can be: they come back as they were, from memory and from DynamoDB. */
import { createHash } from "node:crypto";
import { event, NonRetryableError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { sendMessage } from "../../lib/runtime/messages/send-message.js";
import { bringBack } from "../../lib/runtime/values/payloads.js";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads, createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { incompressible, ordinary } from "../setup/text.js";
import { Bench } from "./bench.js";

const Note = event<{ id: string; text: unknown }>("note", { key: ({ id }) => id });

/** Short, so that a failing comparison of megabytes can be read. */
const essence = (text: unknown): string =>
  typeof text === "string"
    ? `${text.length} ${createHash("sha256").update(text).digest("hex")}`
    : JSON.stringify(text);

/** Every place that takes a value, each read again from the store: the sleep ends the turn, and the process with it. */
const carrier = workflow("carrier", async (ctx, input: string) => {
  const result = await ctx.step("result", () => input);
  const thrown = await ctx
    .step("thrown", () => Promise.reject(new NonRetryableError(input)))
    .catch((error: unknown) => error);
  await ctx.sleep("1h");
  const message = thrown instanceof Error ? thrown.message : undefined;
  if (result !== input || message !== input) throw new Error("what was read is not what was written");
  return input;
});
const failing = workflow("failing", async (_, input: string) => {
  throw new NonRetryableError(input);
});
const listener = workflow("listener", async (ctx, { late }: { late: boolean }) => {
  if (late) await ctx.sleep("1h");
  const { text } = await ctx.waitForEvent(Note, { key: ctx.executionId, timeout: "1d", lookback: "1d" });
  await ctx.sleep("1h");
  return text;
});

const benchOn = (store: Store): Bench => new Bench([carrier, failing, listener], [Note], { store });

const STORES: readonly (readonly [string, () => Promise<Store>])[] = [
  ["memory", async () => createMemoryStore()],
  [
    "DynamoDB",
    async () => {
      const { client, documents } = freshDynamo();
      await createTables(client);
      const names = { executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
      return createDynamoStore({ documents, ...names }, createMemoryPayloads());
    },
  ],
];
const TEXTS = { incompressible, ordinary };
/** On either side of every border: the head, a unit, a commit's value, an item, and far beyond. */
const SIZES = [190, 299, 1_000, 1_100, 10_000, 99_990, 100_010, 134_000, 400_000, 6_000_000];

describe.each(STORES)("on %s", (_, open) => {
  it.each(SIZES.flatMap((size) => Object.entries(TEXTS).map(([kind, make]) => ({ size, kind, make }))))(
    "$size bytes, $kind, come back as input, result, error and output",
    async ({ size, make }) => {
      const text = make(size);
      const bench = benchOn(await open());
      await bench.start(carrier, text);
      await bench.start(failing, text, "x-2");
      await bench.cloud.advance(7_200_000);
      expect(bench.cloud.errors).toEqual([]);
      expect(await bench.status()).toBe("completed");
      expect(essence(await bench.output())).toBe(essence(text));
      const error = await bench.error("x-2");
      expect(essence(error instanceof Error && error.message)).toBe(essence(text));

      const history = await bench.client.history("x-1");
      const [started, completed] = [history[0]?.event, history.find(({ event }) => "result" in event)?.event];
      expect(essence(started !== undefined && "input" in started && started.input)).toBe(essence(text));
      expect(essence(completed !== undefined && "result" in completed && completed.result)).toBe(
        essence(text),
      );
    },
    60_000,
  );

  it.each(
    [299, 1_100, 99_990, 100_010, 250_000].flatMap((size) =>
      [false, true].flatMap((late) =>
        Object.entries(TEXTS).map(([kind, make]) => ({ size, late, kind, make })),
      ),
    ),
  )("an event of $size bytes, $kind, comes to a wait (begun later: $late)", async ({ size, late, make }) => {
    const text = make(size);
    const bench = benchOn(await open());
    await bench.start(listener, { late });
    await bench.cloud.settle();
    // To this execution alone: one that comes early is buffered in its history.
    bench.publish(Note, { id: "x-1", text }, ["holdfast:execution:x-1"]);
    await bench.cloud.advance(4 * 3_600_000);
    expect(bench.cloud.errors).toEqual([]);
    expect(essence(await bench.output())).toBe(essence(text));
  });

  it("a message of 6 MB, which no bus carries, comes through the inbox", async () => {
    const text = incompressible(6_000_000);
    const bench = benchOn(await open());
    await bench.start(listener, { late: false });
    await bench.cloud.settle();
    const message = {
      kind: "event",
      id: "m-1",
      at: bench.cloud.clock.now(),
      name: "note",
      key: "x-1",
      data: { id: "x-1", text },
    } as const;
    expect((await sendMessage(bench.store, "x-1", message)).outcome).toBe("appended");
    expect((await sendMessage(bench.store, "x-1", message)).outcome).toBe("duplicate");
    expect((await sendMessage(bench.store, "nobody", message)).outcome).toBe("missing");
    await bench.client.redrive("x-1");
    await bench.cloud.advance(4 * 3_600_000);
    expect(essence(await bench.output())).toBe(essence(text));
    expect((await sendMessage(bench.store, "x-1", { ...message, id: "m-2" })).outcome).toBe("closed");
  });

  it("a value that looks like a mark of ours is data", async () => {
    const forged = { $payload: "object/result-AAAAAAAAAAAAAAAAAAAAAA" };
    const echo = workflow("echo", async (ctx, input: unknown) => {
      const result = await ctx.step("forge", () => input);
      const { text } = await ctx.waitForEvent(Note, { key: "forged" });
      await ctx.sleep("1h");
      return [input, result, text];
    });
    const bench = new Bench([echo], [Note], { store: await open() });
    await bench.start(echo, forged);
    await bench.cloud.settle();
    bench.publish(Note, { id: "forged", text: forged });
    await bench.cloud.advance(7_200_000);
    expect(await bench.output()).toEqual([forged, forged, forged]);
  });

  it("a hundred of them in one history are brought back by one turn", async () => {
    const text = incompressible(140_000);
    const many = workflow("many", async (ctx) => {
      const results = await Promise.all(
        Array.from({ length: 100 }, (_, n) => ctx.step(`step-${n}`, () => `${n} ${text}`)),
      );
      await ctx.sleep("1h");
      return results.every((result, n) => result === `${n} ${text}`);
    });
    const bench = new Bench([many], [], { store: await open() });
    await bench.start(many, undefined);
    await bench.cloud.advance(7_200_000);
    expect(await bench.output()).toBe(true);
  }, 60_000);
});

describe("what is stored", () => {
  it("has marks for values that were put away, and no mark once they are brought back", async () => {
    const bench = benchOn(createMemoryStore());
    const text = incompressible(400_000);
    await bench.start(carrier, text);
    await bench.cloud.settle();
    const stored = await bench.history();
    expect(JSON.stringify(stored).length).toBeLessThan(2_000);
    expect(JSON.stringify(stored)).toMatch(/"result":\{"\$payload":"object\/result-[\w-]{16}"\}/);
    const whole = await bringBack(bench.store, "x-1", stored);
    expect(JSON.stringify(whole)).not.toContain("$payload");
  });

  it("is one payload for one content, however often it is said", async () => {
    const keys: string[] = [];
    const memory = createMemoryStore();
    const bench = benchOn({
      ...memory,
      putObject: (key, content) => {
        keys.push(key);
        return memory.putObject(key, content);
      },
    });
    const text = incompressible(400_000);
    await bench.start(carrier, text);
    await bench.start(carrier, text);
    await bench.cloud.settle();
    expect(keys.filter((key) => key.startsWith("x-1/input-"))).toHaveLength(2);
    expect(new Set(keys.map((key) => key.replace(/^x-1\/\w+-/, ""))).size).toBe(2);
  });
});
