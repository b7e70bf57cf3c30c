/** A large value that is gone, or is not what was stored: its execution stalls and names it, nobody else does, and a redrive goes on. */
import { CorruptHistoryError, ExecutionFailedError, event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { incompressible, ordinary } from "../setup/text.js";
import { Bench } from "./bench.js";

const Note = event<{ id: string; text: string }>("note", { key: ({ id }) => id });
const HUGE = incompressible(200_000);
/** An item of its own once it is compressed. */
const LONG = ordinary(150_000);

const reader = workflow("reader", async (ctx, input: string) => {
  const result = await ctx.step("result", () => HUGE);
  const compressed = await ctx.step("compressed", () => LONG);
  const { text } = await ctx.waitForEvent(Note, { key: ctx.executionId });
  await ctx.sleep("1h");
  return [input, result, compressed, text].map((each) => each.length);
});
const LENGTHS = [HUGE.length, HUGE.length, LONG.length, HUGE.length];

type Damage = (content: string | Uint8Array) => string | Uint8Array | undefined;

/** A store whose payloads can be damaged, by the beginning of their names, and mended. */
function fragile(): { store: Store; damaged: Map<string, Damage>; calls: string[] } {
  const memory = createMemoryStore();
  const damaged = new Map<string, Damage>();
  const calls: string[] = [];
  const through = <T extends string | Uint8Array>(name: string, content: T | undefined) => {
    calls.push(name);
    const damage = [...damaged].find(([prefix]) => name.startsWith(prefix))?.[1];
    return content === undefined || damage === undefined ? content : damage(content);
  };
  const store: Store = {
    ...memory,
    getObject: async (key) => {
      const found = through(key, await memory.getObject(key));
      return typeof found === "string" ? Buffer.from(found) : found;
    },
    getPayload: async (id, name) => through(`${id}/${name}`, await memory.getPayload(id, name)),
  };
  return { store, damaged, calls };
}

const DAMAGES: Readonly<Record<string, Damage>> = {
  "is gone": () => undefined,
  "is cut off": (content) => content.slice(0, content.length / 2),
  "is another's": () => JSON.stringify("somebody else's"),
  "is empty": () => new Uint8Array(),
};

describe.each(Object.entries(DAMAGES))("a payload that %s", (_, damage) => {
  it.each(["input", "result", "data"])(
    "stalls its execution and no other, and a redrive after its return goes on: %s",
    async (what) => {
      const { store, damaged } = fragile();
      const bench = new Bench([reader], [Note], { store });
      for (const id of ["x-1", "x-2"]) await bench.start(reader, HUGE, id);
      await bench.cloud.settle();
      for (const id of ["x-1", "x-2"]) bench.publish(Note, { id, text: HUGE });
      await bench.cloud.settle();
      expect(await bench.status("x-1")).toBe("suspended");

      damaged.set(`x-1/${what}-`, damage);
      await bench.cloud.advance(7_200_000);
      expect(await bench.status("x-1")).toBe("stalled");
      const stall = JSON.stringify((await bench.head("x-1")).stall);
      expect(stall).toMatch(
        new RegExp(`CorruptHistoryError.*payload .*object/${what}-[\\w-]{16}.*x-1/${what}-`),
      );
      expect(await bench.output("x-2")).toEqual(LENGTHS);

      // Whoever looks sees that, and all the rest.
      const description = await bench.client.describe("x-1");
      expect(description.error).toBeInstanceOf(CorruptHistoryError);
      expect(description.input instanceof Error).toBe(what === "input");
      const seen = (await bench.client.history("x-1")).map((entry) => JSON.stringify(entry));
      expect(seen.filter((entry) => entry.includes("CorruptHistoryError"))).toHaveLength(
        what === "result" ? 2 : 1,
      );
      await expect(bench.client.result("x-1")).rejects.toThrow(ExecutionFailedError);

      // Still damaged: it stalls again. Mended: it goes on as if nothing had been.
      await bench.client.redrive("x-1");
      await bench.cloud.advance(60_000);
      expect(await bench.status("x-1")).toBe("stalled");
      damaged.clear();
      await bench.client.redrive("x-1");
      await bench.cloud.advance(60_000);
      expect(await bench.output("x-1")).toEqual(LENGTHS);
      expect(bench.cloud.errors).toEqual([]);
    },
  );

  it("is as bad where it is an item of the table", async () => {
    const { store, damaged, calls } = fragile();
    const bench = new Bench([reader], [Note], { store });
    await bench.start(reader, HUGE);
    await bench.cloud.settle();
    damaged.set("x-1/result-", (content) => (content.length < 100_000 ? damage(content) : content));
    bench.publish(Note, { id: "x-1", text: HUGE });
    await bench.cloud.advance(7_200_000);
    expect(calls.some((name) => name.startsWith("x-1/result-"))).toBe(true);
    expect(JSON.stringify((await bench.head()).stall)).toMatch(/CorruptHistoryError.*its payload \\"result-/);
    damaged.clear();
    await bench.client.redrive("x-1");
    await bench.cloud.advance(7_200_000);
    expect(await bench.output()).toEqual(LENGTHS);
  });

  it("stalls the execution whose inbox names it", async () => {
    const { store, damaged } = fragile();
    const bench = new Bench([reader], [Note], { store });
    await bench.start(reader, HUGE);
    await bench.cloud.settle();
    damaged.set("x-1/data-", damage);
    bench.publish(Note, { id: "x-1", text: HUGE });
    await bench.cloud.settle();
    expect(await bench.status()).toBe("stalled");
    damaged.clear();
    await bench.client.redrive("x-1");
    await bench.cloud.advance(7_200_000);
    expect(await bench.output()).toEqual(LENGTHS);
  });
});

describe("a payload store that does not answer", () => {
  it("stalls nobody: the turn fails, its wake comes again, and the step's effect is asked for again", async () => {
    const memory = createMemoryStore();
    let down = true;
    const answers = async <T>(call: () => Promise<T>): Promise<T> => {
      if (down) throw new Error("the bucket is down");
      return call();
    };
    const store: Store = {
      ...memory,
      putObject: (key, content) => answers(() => memory.putObject(key, content)),
      getObject: (key) => answers(() => memory.getObject(key)),
    };
    const bench = new Bench([reader], [Note], { store });
    await expect(bench.start(reader, HUGE)).rejects.toThrow("the bucket is down");
    await expect(bench.head()).rejects.toThrow("no execution");
    down = false;
    await bench.start(reader, HUGE);
    down = true;
    await bench.cloud.advance(200_000);
    expect(await bench.status()).toBe("running");
    down = false;
    await bench.cloud.advance(600_000);
    bench.publish(Note, { id: "x-1", text: HUGE });
    await bench.cloud.advance(7_200_000);
    expect(await bench.output()).toEqual(LENGTHS);
  });
});
