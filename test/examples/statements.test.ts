import { MapFailedError, NonRetryableError } from "holdfast";
import { testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import shop, { statements } from "../../functions/workflows/index.js";
import { silent } from "./silent.js";

silent();

const month = "2026-10";
const customers = (count: number): string[] => Array.from({ length: count }, (_, index) => `c-${index}`);

describe("the statements", () => {
  it("are sent to everybody, in batches", async () => {
    const t = await testApp(shop);
    expect(await t.run(statements, { month, customers: customers(1_020) })).toEqual({
      sent: 1_020,
      unsent: [],
    });
    expect(t.calls("send")).toHaveLength(21);
  });

  it("go to nobody when there is nobody", async () => {
    const t = await testApp(shop);
    expect(await t.run(statements, { month, customers: [] })).toEqual({ sent: 0, unsent: [] });
  });

  it("name those who got none when a batch in ten fails for good", async () => {
    const t = await testApp(shop);
    t.mockStepOnce(statements, "send", { throws: new NonRetryableError("the list is damaged") });
    const output = await t.run(statements, { month, customers: customers(500) });
    expect(output).toEqual({ sent: 450, unsent: customers(50) });
  });

  it("stop when more than that fail, and begin no further batch", async () => {
    const t = await testApp(shop);
    t.mockStep(statements, "send", { throws: new NonRetryableError("the mail service is gone") });
    const failed = t.run(statements, { month, customers: customers(1_000) });
    await expect(failed).rejects.toMatchObject({ cause: expect.any(MapFailedError) });
    // Two of twenty may fail: the third stops it, and the five that were under way by then are all that ever began.
    expect(t.calls("send").length).toBeLessThanOrEqual(7);
  });

  it("are sent again only by the batches that were under way when a process died", async () => {
    const t = await testApp(shop);
    await t.client.start(statements, { month, customers: customers(500) }, { id: "s-1" });
    t.mockStep(statements, "send", () => new Promise(() => {}), { times: 5 });
    await t.settle();
    t.killAll();
    expect(await t.runToEnd("s-1")).toMatchObject({ sent: 500 });
    expect(
      t
        .calls("send")
        .map(({ attempt }) => attempt)
        .filter((attempt) => attempt === 2),
    ).toHaveLength(5);
    expect(t.calls("send")).toHaveLength(15);
  });
});
