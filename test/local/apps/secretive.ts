/** Workflows that hold a secret in everything that can hold one, and let it out wherever code of a user's can. */
import { setTimeout as sleep } from "node:timers/promises";
import { app, event, workflow } from "holdfast";
import { z } from "zod";

class CardError extends Error {
  override readonly name = "CardError";
  constructor(
    readonly card: string,
    cause?: Error,
  ) {
    super(`The card ${card} was refused.`, { cause });
  }
}

const Secret = z.object({ secret: z.string() });
type Secret = z.infer<typeof Secret>;

export const Told = event("told", { schema: Secret });
export const Begun = event("begun", { schema: Secret });

/** Its schema quotes what it refuses, as some libraries do. */
export const Quoting = event("quoting", {
  schema: Secret.refine(
    () => false,
    // biome-ignore lint/suspicious/noExplicitAny: what zod hands over is what came
    { error: (issue: any) => `received ${JSON.stringify(issue.input)}` },
  ),
});

/** Its schema fails itself, with what it was given. */
export const Failing = event("failing", {
  schema: Secret.transform((found): Secret => {
    throw new CardError(found.secret);
  }),
});

const TooLarge = event<Secret>("too.large");

/** A whole life: every kind of message in, every kind of value kept. */
export const keeper = workflow("keeper", { input: Secret }, async (ctx, { secret }) => {
  ctx.log.info("kept", { password: secret, request: { headers: { authorization: secret } } });
  ctx.setState({ secret });
  const done = ctx.callback<string>("done", { timeout: "1h" });
  ctx.handleUpdate("exchange", (_ctx, input: unknown) => ({ was: secret, input, token: done.token }));
  ctx.log.info("callback made", { token: done.token });
  await ctx.step("hold", () => ({ secret, token: done.token }));
  await ctx.child(failing, { secret }).catch(() => undefined);
  const heard = await ctx.waitForEvent(Told, { timeout: "1h" });
  const said = await ctx.waitForSignal<string>("say", { timeout: "1h" });
  await ctx.sendEvent(Begun, { secret });
  return { secret, heard, said, done: await done.promise };
});

export const failing = workflow("failing", { input: Secret }, async (ctx, { secret }) => {
  await ctx.step("pay", () => secret, {
    compensate: ({ length }, { attempt }) => {
      if (attempt < 2) throw new CardError(`${secret} ${length}`);
    },
    compensateRetry: { initialInterval: "10ms" },
  });
  await ctx.step("unsaid", () => void Promise.reject(new CardError(secret)));
  await ctx.sendEvent(TooLarge, { secret: secret.repeat(30_000) }).catch(() => undefined);
  await ctx.step("refuse", () => Promise.reject(new CardError(secret, new Error(secret))), {
    retry: { maxAttempts: 3, initialInterval: "10ms" },
  });
});

/** Awaits what is not durable, which stalls it. */
export const stalling = workflow("stalling", { input: Secret }, async (_ctx, { secret }) =>
  sleep(50, secret),
);

export const begun = workflow("begun", { startOn: Begun }, async (ctx, { secret }: Secret) =>
  ctx.step("take", () => secret),
);

const hooks = {
  stepFailed: ({ error }: { readonly error: { readonly message: string } }) => {
    throw new Error(error.message);
  },
};

export default app({
  workflows: [keeper, failing, stalling, begun],
  events: [Told, Quoting, Failing],
  errors: [CardError],
  hooks: [hooks],
});
