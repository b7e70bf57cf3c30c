import { workflow } from "holdfast";
import { z } from "zod";
import { say } from "./services.js";

/** The smallest workflow with a side effect. */
export const greeting = workflow(
  "greeting",
  { input: z.object({ name: z.string().min(1) }), version: "1" },
  async (ctx, { name }) =>
    ctx.step("greet", (step) => {
      say("greeting.greet", step, { name });
      return `Hello, ${name}!`;
    }),
);
