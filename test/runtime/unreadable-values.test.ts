/** A value that nobody can have stored is the table's fault: it stalls its execution, and is no failure that the workflow's code could catch. */
import { event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import type { Encoded } from "../../lib/model/value.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { Bench } from "./bench.js";

const Paid = event<{ id: string; amount: number }>("paid", { key: ({ id }) => id });

const careful = workflow("careful", async (ctx, input: string) => {
  try {
    const one = await ctx.step("one", () => "one");
    const { amount } = await ctx.waitForEvent(Paid, { key: ctx.executionId });
    await ctx.sleep("1h");
    return [input, one, amount];
  } catch (error) {
    return `caught ${String(error)}`;
  }
});

const RUBBISH: readonly Encoded[] = [
  { $bigint: "x" },
  { $url: "::" },
  { $date: {} },
  { $future: 1 },
  { $regexp: ["("] },
];

const STORED = { input: '"given"', result: '"one"', data: '{"id":"x-1","amount":5}' } as const;

/** A store that gives another value in the place of what was stored, wherever the value lies. */
function changing(place: keyof typeof STORED, value: () => Encoded | undefined): Store {
  const memory = createMemoryStore();
  const name = place === "input" ? "inline" : place;
  const changed = <T>(found: T): T => {
    const wrong = value();
    if (found === undefined || wrong === undefined) return found;
    return JSON.parse(
      JSON.stringify(found).replaceAll(`"${name}":${STORED[place]}`, `"${name}":${JSON.stringify(wrong)}`),
    );
  };
  return {
    ...memory,
    readHead: async (id) => changed(await memory.readHead(id)),
    acquireLease: async (request) => changed(await memory.acquireLease(request)),
    loadHistory: async (id, after) => changed(await memory.loadHistory(id, after)),
  };
}

describe.each(RUBBISH.map((value) => [JSON.stringify(value), value] as const))("%s", (_, rubbish) => {
  it.each(["input", "result", "data"] as const)(
    "as %s stalls the execution, and nothing of it is caught",
    async (place) => {
      let wrong: Encoded | undefined;
      const bench = new Bench([careful], [Paid], { store: changing(place, () => wrong), replay: "off" });
      await bench.start(careful, "given");
      await bench.cloud.settle();
      bench.publish(Paid, { id: "x-1", amount: 5 });
      await bench.cloud.advance(60_000);
      wrong = rubbish;
      await bench.cloud.advance(7_200_000);
      expect(await bench.status()).toBe("stalled");
      expect(JSON.stringify((await bench.head()).stall)).toContain("CorruptHistoryError");
      // What the last turn left in the head was written back as it was found: only what lies elsewhere can be mended here.
      if (place !== "input") return;
      wrong = undefined;
      await bench.client.redrive("x-1");
      await bench.cloud.advance(7_200_000);
      expect(await bench.output()).toEqual(["given", "one", 5]);
    },
  );
});
