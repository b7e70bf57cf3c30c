/** A history of code that never began: there is nothing to replay, and it is told as it ended. */
import { app, workflow } from "holdfast";
import { replayHistory, testApp } from "holdfast/testing";
import { expect, it } from "vitest";

const late = workflow("late", async (ctx) => ctx.step("work", () => 1));

it.each([
  ["cancel", "cancelled"],
  ["terminate", "terminated"],
] as const)(
  "an execution that was ended by %s before its delayed start is replayed as %s",
  async (how, ended) => {
    const t = await testApp(app({ workflows: [late] }));
    await t.client.start(late, undefined, { id: "x-1", delay: "1h" });
    await t.client[how]("x-1", { reason: "no need" });
    await t.advance("2h");
    expect(t.calls("work")).toEqual([]);
    const told = await replayHistory(await t.client.history("x-1"), late);
    expect(told).toMatchObject({ ended, waitsFor: [], undoable: [] });
    if (ended === "cancelled") expect(String(told.error)).toContain("no need");
  },
);
