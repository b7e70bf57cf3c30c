/** Executions that wait for one time each, in every way there is, and say when that came by the clock of the worker that fired it. */
import { app, workflow } from "holdfast";

export const KINDS = ["sleep", "retry", "timeout", "delayed start"] as const;
export type Kind = (typeof KINDS)[number];

export interface Timer {
  readonly kind: Kind;
  readonly ms: number;
}

export const timed = workflow("timed", async (ctx, { kind, ms }: Timer) => {
  const asked = ctx.now().getTime();
  switch (kind) {
    case "sleep":
      await ctx.sleep({ milliseconds: ms });
      break;
    case "timeout":
      await ctx.waitForSignal("never", { timeout: { milliseconds: ms } }).catch(() => undefined);
      break;
    case "retry": {
      const interval = { milliseconds: ms };
      const retry = {
        initialInterval: interval,
        maxInterval: interval,
        maxAttempts: 3,
        jitter: "none",
      } as const;
      const body = ({ attempt }: { attempt: number }): void => {
        if (attempt === 1) throw new Error("not yet");
      };
      await ctx.step("again", body, { retry });
      break;
    }
    case "delayed start":
      // Until something was recorded, the code's clock shows the time at which it was to start.
      await ctx.step("begin", () => undefined);
      return { dueAt: asked, firedAt: ctx.now().getTime() };
  }
  return { dueAt: asked + ms, firedAt: ctx.now().getTime() };
});

export default app({ workflows: [timed] });
