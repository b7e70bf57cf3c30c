/** A message that is accepted at the very moment of a settlement: the settlement is refused, and the same turn sees the message (I6). */
import { event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import type { EventMessage } from "../../lib/model/message.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { Bench } from "./bench.js";

const Paid = event<{ orderId: string; amount: number }>("payment.completed", { key: (data) => data.orderId });

/** Accepts `message` just before the first settlement, and sends no wake for it: only the refusal can make the turn look. */
function racing(message: EventMessage): Store {
  const memory = createMemoryStore();
  let raced = false;
  return {
    ...memory,
    settle: async (request) => {
      if (!raced) {
        raced = true;
        await memory.appendMessage(request.executionId, message);
      }
      return memory.settle(request);
    },
  };
}

const paid = (key: string): EventMessage => ({
  kind: "event",
  id: "m-1",
  at: Date.UTC(2026, 0, 1, 12),
  name: Paid.name,
  key,
  data: { orderId: key, amount: 7 },
});

describe("a message that is accepted while its turn settles", () => {
  it("is handed to the wait by the same turn, which then goes on", async () => {
    const waiting = workflow("waiting", async (ctx) => (await ctx.waitForEvent(Paid, { key: "o-1" })).amount);
    const bench = new Bench([waiting], [Paid], { store: racing(paid("o-1")) });
    await bench.start(waiting, undefined);
    await bench.cloud.settle();
    expect(await bench.output()).toBe(7);
    expect((await bench.head()).epoch).toBe(1);
  });

  it("is listed as unread when the execution closes without awaiting it", async () => {
    const plain = workflow("plain", async (ctx) => ctx.step("only", () => "done"));
    const bench = new Bench([plain], [Paid], { store: racing(paid("o-1")) });
    await bench.start(plain, undefined);
    await bench.cloud.settle();
    expect(await bench.output()).toBe("done");
    expect((await bench.history()).at(-1)).toMatchObject({ type: "ExecutionCompleted", unread: ["m-1"] });
  });
});
