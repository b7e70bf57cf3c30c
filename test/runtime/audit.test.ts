/** What a run of the audit writes: where it stopped, and nothing when it stopped where it began. */
import { describe, expect, it } from "vitest";
import type { MetricName } from "../../lib/model/metrics.js";
import { audit, OPEN_PER_RUN } from "../../lib/runtime/audit.js";
import type { Outside } from "../../lib/runtime/outside.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { execution, T0 } from "../store/builders.js";

/** A store that notes which cursors were saved, and an audit that runs on it. */
function audited(): { store: Store; run: () => Promise<string[]>; noted: Map<MetricName, number> } {
  let saved: string[] = [];
  const noted = new Map<MetricName, number>();
  const memory = createMemoryStore();
  const store: Store = {
    ...memory,
    saveCursor: (name, cursor, version) => {
      saved.push(cursor === "" ? `${name} from the beginning` : name);
      return memory.saveCursor(name, cursor, version);
    },
  };
  const outside: Outside = {
    service: "orders",
    store,
    wakes: { send: async () => {}, schedule: async () => "created" },
    bus: { publish: async () => [] },
    clock: { now: () => T0, sleep: async () => {} },
    log: { write: () => {} },
    meter: { note: (name, value) => void (value > 0 && noted.set(name, value)), tell: () => {} },
    random: () => 0.5,
    token: () => "token",
  };
  const run = async () => {
    saved = [];
    noted.clear();
    await audit(outside);
    return saved;
  };
  return { store, run, noted };
}

describe("the audit's cursors", () => {
  it("are not written while every shard fits in one page", async () => {
    const { store, run, noted } = audited();
    for (let index = 0; index < 20; index++) await store.createExecution(execution(`few-${index}`));
    expect(await run()).toEqual([]);
    expect(await run()).toEqual([]);
    expect([...noted]).toEqual([]);
  });

  it("move on through a shard that does not fit, and back to its beginning after its last page", async () => {
    const { store, run, noted } = audited();
    for (let index = 0; index < 1.5 * OPEN_PER_RUN; index++)
      await store.createExecution(execution(`many-${index}`));
    const first = await run();
    expect(first.length).toBeGreaterThan(0);
    expect(first.filter((each) => each.includes("beginning"))).toEqual([]);
    // What it measures says how far it came: where a round takes several runs, what is lost is found later.
    expect(noted.get("ShardsUnfinished")).toBe(first.length);
    expect(noted.get("OpenLooked")).toBeLessThanOrEqual(OPEN_PER_RUN);
    const second = await run();
    expect([...noted]).toEqual([]);
    expect(second).toEqual(first.map((name) => `${name} from the beginning`));
    expect(await run()).toEqual(first);
  });
});
