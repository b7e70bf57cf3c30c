/** What an operator is to be told of: an execution that fails, one that stalls, and one whose first owner dies. */
import { setTimeout as pause } from "node:timers/promises";
import { app, event, workflow } from "holdfast";

const Placed = event<{ id: string }>("order.placed", {
  schema: {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) =>
        typeof value === "object" && value !== null && "id" in value
          ? { value: { id: String(value.id) } }
          : { issues: [{ message: "expected an id" }] },
    },
  },
});

export const fails = workflow("fails", (ctx) =>
  ctx.step("one", () => Promise.reject(new Error("sold out")), { retry: { maxAttempts: 1 } }),
);
export const stalls = workflow("stalls", async () => {
  await pause(1);
});
export const dies = workflow("dies", (ctx) =>
  ctx.step("one", (step) => {
    if (step.attempt === 1) process.kill(process.pid, "SIGKILL");
    return step.attempt;
  }),
);
export const placed = workflow("placed", { startOn: Placed }, async (_, { id }) => id);

export default app({ workflows: [fails, stalls, dies, placed] });
