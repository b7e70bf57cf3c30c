/** Several clients terminate one execution at one moment: each takes it from the other, and each is answered. */
import { workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { Bench } from "./bench.js";

const waits = workflow("waits", async (ctx) => ctx.waitForSignal("go"));

/** Another client terminates it just before the first one's call of this name. */
async function terminatedBefore(name: "acquireLease" | "salvageHistory" | "settle"): Promise<void> {
  const real = createMemoryStore();
  let bench: Bench | undefined;
  let other: Promise<unknown> | undefined;
  const store: Store = {
    ...real,
    [name]: async (...args: unknown[]) => {
      if (bench !== undefined && other === undefined) {
        other = bench.client.terminate("x-1", { by: "other" });
        await other;
      }
      return Reflect.apply(real[name], real, args);
    },
  };
  const made = new Bench([waits], [], { store });
  await made.start(waits, undefined);
  await made.cloud.settle();
  bench = made;
  const terminating = made.client.terminate("x-1", { by: "one" });
  // Whoever was fenced out looks again a moment later.
  await made.cloud.advance(1_000);
  const { status } = await terminating;
  expect(other).toBeDefined();
  expect(status).toBe("terminated");
  await made.cloud.settle();
  expect(await made.status()).toBe("terminated");
  expect((await made.story()).filter((line) => line === "ExecutionTerminated")).toHaveLength(1);
}

describe("terminated by another meanwhile", () => {
  it.each(["acquireLease", "salvageHistory", "settle"] as const)(
    "before its %s: both clients are told that it is",
    terminatedBefore,
  );
});
