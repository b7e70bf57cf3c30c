/** How many executions of one pipeline run at once, and who is next. */
import { describe, expect, it } from "vitest";
import type { Concurrency } from "../../lib/pipeline/graph.js";
import { afterAsking, afterLeaving, type Slots } from "../../lib/pipeline/slots.js";
import { type Open, onEachStore, type PipelineBench, SECOND, waiting } from "./bench.js";

describe("places", () => {
  const two: Concurrency = { limit: 2, keepWaiting: true };
  const enter = (slots: Slots, executionId: string, concurrency = two) =>
    afterAsking(slots, { do: "enter", executionId, concurrency });
  const empty: Slots = { workflow: "w" };

  it("are given in the order of asking, and a repeat changes nothing", () => {
    let { slots } = enter(enter(empty, "a").slots, "b");
    const third = enter(slots, "c");
    expect(third.given).toEqual([]);
    ({ slots } = enter(third.slots, "d"));
    expect(enter(slots, "c")).toEqual({ slots, given: [], refused: [] });
    const left = afterLeaving(slots, "a", two);
    expect(left).toEqual({
      slots: { workflow: "w", running: ["b", "c"], waiting: ["d"] },
      given: ["c"],
      refused: [],
    });
    expect(afterLeaving(left.slots, "a", two)).toEqual({ slots: left.slots, given: [], refused: [] });
  });

  it("of one who stops waiting go to nobody", () => {
    const { slots } = enter(enter(enter(empty, "a").slots, "b").slots, "c");
    expect(afterLeaving(slots, "c", two)).toMatchObject({ slots: { waiting: [] }, given: [], refused: [] });
  });

  it("that become more go to those who wait", () => {
    const { slots } = enter(enter(enter(empty, "a").slots, "b").slots, "c");
    expect(enter(slots, "d", { limit: 4, keepWaiting: true }).given).toEqual(["c", "d"]);
  });

  it("that are taken again send the others away where nobody is kept waiting", () => {
    const one: Concurrency = { limit: 1, keepWaiting: false };
    let slots: Slots = empty;
    for (const id of ["a", "b", "c", "d"]) ({ slots } = enter(slots, id, one));
    expect(afterLeaving(slots, "a", one)).toMatchObject({ given: ["b"], refused: ["c", "d"] });
  });
});

onEachStore((open) => {
  async function several(
    concurrency: { readonly limit: number; readonly keepWaiting?: boolean },
    ids: string[],
  ) {
    const bench: PipelineBench = await (open satisfies Open)((ran) => [waiting(ran, "a")], { concurrency });
    for (const id of ids) await bench.run(10 * SECOND, id);
    const statuses = async () =>
      Object.fromEntries(
        await Promise.all(ids.map(async (id) => [id, (await bench.state(id)).status] as const)),
      );
    const end = async (id: string) => {
      await bench.bench.client.signal(id, "stage a", { name: "go" });
      await bench.pass(10 * SECOND);
    };
    return { bench, statuses, end };
  }

  it("the others wait, BUFFERED, and begin in the order of their starts", async () => {
    const { statuses, end } = await several({ limit: 2 }, ["p1", "p2", "p3", "p4"]);
    expect(await statuses()).toEqual({ p1: "RUNNING", p2: "RUNNING", p3: "BUFFERED", p4: "BUFFERED" });
    await end("p2");
    expect(await statuses()).toEqual({ p1: "RUNNING", p2: "SUCCEEDED", p3: "RUNNING", p4: "BUFFERED" });
    await end("p1");
    await end("p3");
    await end("p4");
    expect(new Set(Object.values(await statuses()))).toEqual(new Set(["SUCCEEDED"]));
  });

  it("nobody is kept waiting who could have begun, if it says so: the others are canceled", async () => {
    const { bench, statuses, end } = await several({ limit: 1, keepWaiting: false }, ["p1", "p2", "p3"]);
    await end("p1");
    expect(await statuses()).toEqual({ p1: "SUCCEEDED", p2: "RUNNING", p3: "CANCELED" });
    expect(String(await bench.bench.error("p3"))).toContain("keeps nobody waiting");
  });

  it.each(["cancel", "terminate"] as const)(
    "one that is ended by %s makes room, running or waiting",
    async (how) => {
      const { bench, statuses } = await several({ limit: 1 }, ["p1", "p2", "p3"]);
      await bench.bench.client[how]("p2");
      await bench.bench.client[how]("p1");
      await bench.pass(30 * SECOND);
      expect(await statuses()).toMatchObject({ p3: "RUNNING" });
    },
  );

  it("who failed makes room, too", async () => {
    const { bench, statuses } = await several({ limit: 1 }, ["p1", "p2"]);
    const { bench: inner } = bench;
    const asked = inner.client.update("p1", "pipeline", { do: "cancel", stage: "a" });
    await bench.pass(10 * SECOND);
    await asked;
    expect(await statuses()).toEqual({ p1: "CANCELED", p2: "RUNNING" });
  });
});
