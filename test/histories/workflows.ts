/**
 * The code that recorded the histories in this folder. Frozen with them: a workflow here is never changed, since a history can only be
 * replayed against code that asks for what it records. A new history gets a new workflow.
 */
import {
  app,
  CancelledError,
  event,
  NonRetryableError,
  StepInterruptedError,
  StepTimeoutError,
  WaitTimeoutError,
  workflow,
} from "../../lib/index.js";

export class OutOfStock extends Error {
  override name = "OutOfStock";
  constructor(readonly sku: string) {
    super(`no ${sku} left`);
  }
}

export const Paid = event<{ order: string; amount: number }>("paid", { key: ({ order }) => order });
export const Told = event<{ n: number }>("told");

/** Runs of bodies in this process: a replay must not make any. */
export const bodies = { run: 0 };

function ran<Result>(result: Result): Result {
  bodies.run += 1;
  return result;
}

/** What is outside, as it is when the histories are made. */
export const world = {
  isMended: false,
  /** Called by a body that is to take its process with it, on its first attempt. */
  kill: (): void => {},
};

async function deadly<Result>(attempt: number, result: Result): Promise<Result> {
  if (attempt > 1) return ran(result);
  world.kill();
  return new Promise(() => {});
}

/** Values, chance and time. */
const steps = workflow("steps", async (ctx, input: { name: string; at: Date }) => {
  const first = await ctx.step("first", () => ran({ big: 2n ** 70n, set: new Set([1, undefined, -0]) }));
  const id = ctx.uuid();
  await ctx.sleep("1h");
  const second = await ctx.step("second/with:odd#name%", () => ran([new Date(0), new Map([["a", NaN]])]));
  return { first, second, id, random: ctx.random(), now: ctx.now(), input };
});

const retries = workflow("retries", async (ctx) => {
  const told = await ctx.step(
    "flaky",
    ({ attempt }) => {
      if (attempt < 3) throw new TypeError(`attempt ${attempt}`);
      return ran(`attempt ${attempt}`);
    },
    { retry: { jitter: "none" } },
  );
  const refused = await ctx
    .step("refused", () => {
      throw new NonRetryableError("no", { cause: new OutOfStock("A-1") });
    })
    .catch((error: Error) => [error instanceof NonRetryableError, error.cause instanceof OutOfStock]);
  return { told, refused };
});

const parallel = workflow("parallel", async (ctx, count: number) => {
  const all = await Promise.all(
    Array.from({ length: count }, (_, n) => ctx.step("branch", () => ran(n * n))),
  );
  const settled = await Promise.allSettled([ctx.sleep("1m"), ctx.step("beside", () => ran("beside"))]);
  const first = await Promise.race([ctx.sleep("2m"), ctx.sleep("1m").then(() => "shorter")]);
  return { all, settled: settled.map(({ status }) => status), first };
});

const racing = workflow("racing", async (ctx) => {
  const ended = await ctx.race({
    payment: (branch) => branch.waitForEvent(Paid, { key: "o-1" }),
    patience: async (branch) => {
      await branch.step("remind", () => ran("reminded"));
      await branch.sleep("3h");
      return "gave up";
    },
  });
  return ended;
});

const mapping = workflow("mapping", async (ctx, items: string[]) => {
  const done = await ctx.map(
    items,
    async (branch, item, index) => {
      const size = await branch.step("measure", () => ran(item.length));
      if (size === 0) throw new OutOfStock(item);
      await branch.sleep({ seconds: index });
      return size;
    },
    { concurrency: 2, tolerate: { failures: 1 } },
  );
  return {
    statuses: done.items.map(({ status }) => status),
    values: done.values,
    errors: done.errors.map(String),
  };
});

const saga = workflow("saga", async (ctx) => {
  await ctx.step("reserve", () => ran("r-1"), { compensate: () => void ran("released") });
  await ctx
    .saga(async (inner) => {
      await inner.step("hold", () => ran("h-1"), { compensate: () => void ran("unheld") });
      throw new OutOfStock("B-2");
    })
    .catch(() => {});
  await ctx.step("charge", () => ran("c-1"), { compensate: () => void ran("refunded") });
  await ctx.step("ship", () => {
    throw new NonRetryableError("no truck");
  });
});

const cancelled = workflow("cancelled", async (ctx) => {
  await ctx.step("reserve", () => ran("r-1"), { compensate: () => void ran("released") });
  try {
    await ctx.sleep("30d");
  } catch (error) {
    await ctx.step("note", () => ran(error instanceof CancelledError));
    throw error;
  }
});

const child = workflow("child", async (ctx, n: number) => {
  await ctx.sleep("1m");
  if (n < 0) throw new OutOfStock(`child ${n}`);
  return ctx.step("square", () => ran(n * n));
});

const parent = workflow("parent", async (ctx) => {
  const good = await ctx.child(child, 7);
  const bad = await ctx.child(child, -1).catch((error: Error) => (error.cause as Error).message);
  return { good, bad };
});

const messages = workflow("messages", async (ctx) => {
  let total = 0;
  ctx.handleUpdate("add", async (inner, n: number) => {
    total += await inner.step("add", () => ran(n));
    return total;
  });
  ctx.setState({ waiting: true });
  const approval = ctx.callback<string>("approval", { timeout: "1d" });
  const go = await ctx.waitForSignal("go");
  const again = await ctx.waitForSignal("go");
  const early = await ctx.waitForSignal("early");
  const late = await ctx
    .waitForSignal("never", { timeout: "1h" })
    .catch((error: unknown) => error instanceof WaitTimeoutError);
  await ctx.sendEvent(Told, { n: 1 });
  await ctx.signal("nobody", "hello", { n: 1 });
  return { go, again, early, late, approved: await approval.promise, total };
});

const transaction = workflow("transaction", async (ctx) =>
  ctx.transaction("book", (tx) => {
    tx.put({ TableName: "stock", Item: { pk: "A-1", left: 3 } });
    return ran({ left: 3 });
  }),
);

const patched = workflow("patched", async (ctx) => {
  await ctx.sleep("1h");
  const how = ctx.patched("faster") ? "fast" : "slow";
  await ctx.step(how, () => ran(how));
  await ctx.sleep("1h");
  return how;
});

const counting = workflow("counting", async (ctx, input: { left: number; heard: unknown[] }) => {
  const heard = [...input.heard, await ctx.waitForSignal("tick")];
  if (input.left > 0) await ctx.continueAsNew({ left: input.left - 1, heard });
  return heard;
});

const redriven = workflow("redriven", async (ctx) => {
  const parts = await Promise.all([
    ctx.step("steady", () => ran("steady")),
    ctx.step(
      "broken",
      () => {
        if (!world.isMended) throw new OutOfStock("until mended");
        return ran("mended");
      },
      { retry: { maxAttempts: 1 } },
    ),
  ]);
  return parts;
});

const killed = workflow("killed", async (ctx) => {
  await ctx.step("before", () => ran(1));
  await ctx.sleep("10s");
  return ctx.step("deadly", ({ attempt }) => deadly(attempt, attempt));
});

const once = workflow("once", async (ctx) =>
  ctx
    .step("charge", ({ attempt }) => deadly(attempt, attempt), {
      semantics: "at-most-once",
    })
    .catch((error: unknown) => error instanceof StepInterruptedError),
);

const beating = workflow("beating", async (ctx) =>
  ctx.step(
    "import",
    async (step) => {
      if (step.lastHeartbeat === undefined) {
        step.heartbeat({ row: 41 });
        await new Promise(() => {});
      }
      return ran(step.lastHeartbeat);
    },
    { heartbeat: "10s", retry: { jitter: "none" } },
  ),
);

const timing = workflow("timing", { timeout: "1d" }, async (ctx) => {
  const slow = await ctx
    .step("hangs", () => new Promise<string>(() => {}), { timeout: "5s", retry: { maxAttempts: 1 } })
    .catch((error: unknown) => error instanceof StepTimeoutError);
  await ctx.step("note", () => ran(slow));
  await ctx.waitForEvent(Paid, { key: "nobody" });
});

/** Text that hardly shrinks, so that it is put away beside the history. */
function noise(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return String.fromCharCode(33 + (state % 90));
  }).join("");
}

const large = workflow("large", async (ctx) => {
  const text = await ctx.step("export", () => ran(noise(110_000)));
  return text.length;
});

export const recorded = app({
  workflows: [
    steps,
    retries,
    parallel,
    racing,
    mapping,
    saga,
    cancelled,
    child,
    parent,
    messages,
    transaction,
    patched,
    counting,
    redriven,
    killed,
    once,
    beating,
    timing,
    large,
  ],
  events: [Paid, Told],
  errors: [OutOfStock],
});
export default recorded;
