/** Handing a message to an execution: append, then wake; a continued one forwards. */
import { describe, expect, it } from "vitest";
import { deliverMessage } from "../../lib/runtime/messages/accept.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { COMPLETED, continued, execution, message, STALLED, settled, T0 } from "../store/builders.js";
import { dying, noting } from "./outsides.js";

const CONTINUED = (continuedTo: string) => ({ status: "continued", closedAt: T0, continuedTo }) as const;

describe("a message for an execution", () => {
  it("is appended, and the execution woken", async () => {
    const { outside, wakes } = noting(createMemoryStore());
    await outside.store.createExecution(execution("o-1"));
    expect(await deliverMessage(outside, "o-1", message("m1"))).toMatchObject({
      outcome: "appended",
      head: { executionId: "o-1", inbox: [message("m1")] },
    });
    expect(wakes).toEqual([{ executionId: "o-1", reason: "message" }]);
  });

  it("that is there already wakes it again: the one before may have died between the two", async () => {
    const { outside, wakes } = noting(createMemoryStore());
    await outside.store.createExecution(execution("o-1"));
    await expect(deliverMessage(dying(outside, 1, "after"), "o-1", message("m1"))).rejects.toThrow("dead");
    expect(wakes).toEqual([]);
    expect((await deliverMessage(outside, "o-1", message("m1"))).outcome).toBe("duplicate");
    expect(wakes).toHaveLength(1);
    expect((await outside.store.readHead("o-1"))?.inbox).toHaveLength(1);
  });

  it("sends no wake when it is told not to", async () => {
    const { outside, wakes } = noting(createMemoryStore());
    await outside.store.createExecution(execution("o-1"));
    await deliverMessage(outside, "o-1", message("m1"), { wake: false });
    expect(wakes).toEqual([]);
  });

  it("that is stalled is accepted", async () => {
    const { outside } = noting(createMemoryStore());
    await settled(outside.store, "o-1", STALLED);
    expect((await deliverMessage(outside, "o-1", message("m1"))).outcome).toBe("appended");
  });

  it("that is closed, or not there, is refused, and nobody is woken", async () => {
    const { outside, wakes } = noting(createMemoryStore());
    await settled(outside.store, "o-1", COMPLETED);
    expect(await deliverMessage(outside, "o-1", message("m1"))).toMatchObject({
      outcome: "closed",
      head: { status: "completed" },
    });
    expect(await deliverMessage(outside, "nobody", message("m1"))).toEqual({
      outcome: "missing",
      executionId: "nobody",
    });
    expect(wakes).toEqual([]);
  });

  it("that was continued, and continued again, is forwarded to the one that is open", async () => {
    const { outside, wakes } = noting(createMemoryStore());
    await settled(outside.store, "o-1", CONTINUED("o-2"));
    await settled(outside.store, "o-2", CONTINUED("o-3"));
    await outside.store.createExecution(execution("o-3"));
    expect(await deliverMessage(outside, "o-1", message("m1"))).toMatchObject({
      outcome: "appended",
      head: { executionId: "o-3" },
    });
    expect(wakes).toEqual([{ executionId: "o-3", reason: "message" }]);
    expect((await deliverMessage(outside, "o-1", message("m1"))).outcome).toBe("duplicate");
  });

  it("whose successor has ended is told that it is closed", async () => {
    const { outside } = noting(createMemoryStore());
    await settled(outside.store, "o-1", CONTINUED("o-2"));
    await settled(outside.store, "o-2", COMPLETED);
    expect(await deliverMessage(outside, "o-1", message("m1"))).toMatchObject({
      outcome: "closed",
      head: { executionId: "o-2" },
    });
  });

  it("whose successor is missing has it created first", async () => {
    const { outside, wakes } = noting(createMemoryStore());
    await continued(outside.store, "o-1", "o-1:run2");
    const answer = await deliverMessage(outside, "o-1", message("m1"));
    expect(answer).toMatchObject({
      outcome: "appended",
      head: { executionId: "o-1:run2", origin: { kind: "continued", executionId: "o-1" } },
    });
    expect(wakes).toContainEqual({ executionId: "o-1:run2", reason: "message" });
    expect(await deliverMessage(outside, "o-1", message("m1"))).toMatchObject({ outcome: "duplicate" });
  });
});
