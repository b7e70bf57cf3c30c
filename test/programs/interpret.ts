/** Runs a program on a context. What it does outside of it goes through `Hands`. */
import {
  type Context,
  event,
  NonRetryableError,
  type StepContext,
  type StepOptions,
  workflow,
} from "holdfast";
import type { Transaction } from "../../lib/define/transaction.js";
import type { AnyWorkflow } from "../../lib/define/workflow.js";
import { type Part, type Program, partsOf, type StepPart } from "./program.js";

export const Arrived = event<{ place: string; n: number }>("arrived", { key: (data) => data.place });
export const Told = event<{ n: number }>("told");
/** Starts the program. */
export const Begun = event<object>("begun");

/** What the program does to the world, and what the world wants to know of it. */
export interface Hands {
  /** A body runs: how long it takes. */
  body(step: StepPart, context: StepContext): Promise<void> | void;
  /** What undoes the step of that result runs. */
  undo(result: string, context: StepContext): void;
  /** A callback's token is out. */
  token(token: string, name: string): void;
  /** A number that is the same within one delivery, and another in the next. */
  delivery(): number;
  /** Code went on that was over. */
  stray(where: string): void;
}

/** Whose code runs, and since which delivery it must not. */
class Life {
  /** Its code has ended by itself. */
  settled = false;
  #overSince: number | undefined;

  constructor(
    private readonly hands: Hands,
    private readonly around?: Life,
  ) {}

  end(): void {
    this.#overSince ??= this.hands.delivery();
  }

  /** What was woken in the very delivery that ended the branch is still on its way to its next request. */
  check(where: string): void {
    if (this.#overSince !== undefined && this.#overSince < this.hands.delivery())
      this.hands.stray(`${where} of a branch that was over since delivery ${this.#overSince}`);
    this.around?.check(where);
  }
}

interface Run {
  readonly ctx: Context;
  readonly hands: Hands;
  readonly life: Life;
  /** The execution's own: that of its handlers of updates, wherever they were given. */
  readonly root: Life;
  readonly child: AnyWorkflow;
  readonly version: CodeVersion;
}

/** The code as it was before its changes knew of `patched`, or as it is with them. */
export type CodeVersion = "before-patches" | "patched";

/** The workflow of a program, and that of the children of programs, whose input is theirs. */
export function workflowsOf(
  program: Program,
  hands: Hands,
  version: CodeVersion = "patched",
): [AnyWorkflow, AnyWorkflow] {
  const child: AnyWorkflow = workflow("child", async (ctx: Context, parts: readonly Part[]) => {
    const life = new Life(hands);
    try {
      return await inOrder({ ctx, hands, life, root: life, child, version }, parts);
    } finally {
      life.end();
    }
  });
  const timeout = program.timeoutMs === undefined ? {} : { timeout: ms(program.timeoutMs) };
  const options = { startOn: Begun, ...timeout };
  const root: AnyWorkflow = workflow("random", options, async (ctx: Context, input: unknown) => {
    const life = new Life(hands);
    const run = { ctx, hands, life, root: life, child, version };
    try {
      const result = await go(run, program.body);
      // The first has whatever it was started with.
      const generation = typeof input === "number" ? input : 0;
      if (generation < program.continues) return await ctx.continueAsNew(generation + 1);
      return result;
    } finally {
      life.end();
    }
  });
  return [root, child];
}

async function inOrder(run: Run, parts: readonly Part[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const part of parts) results.push(await go(run, part));
  return results;
}

/** One part, with a look at whether its code may still go on. */
async function go(run: Run, part: Part): Promise<unknown> {
  try {
    const result = await start(run, part);
    run.life.check(part.kind);
    return result;
  } catch (error) {
    run.life.check(`${part.kind}, which threw,`);
    throw error;
  }
}

/** A branch of a race. The first that ends is the end of the others; what it began itself and did not wait for goes on. */
const branch =
  (run: Run, lives: readonly Life[], n: number, part: Part) =>
  async (ctx: Context): Promise<unknown> => {
    const life = lives[n] ?? run.life;
    try {
      return await go({ ...run, ctx, life }, part);
    } finally {
      life.settled = true;
      for (const other of lives) if (!other.settled) other.end();
    }
  };

async function start(run: Run, part: Part): Promise<unknown> {
  const { ctx, hands, life } = run;
  const parts = partsOf(part);
  switch (part.kind) {
    case "step":
    case "transaction":
      return step(run, part);
    case "sleep":
      await ctx.sleep(ms(part.ms));
      return "slept";
    case "wait": {
      const { place, timeoutMs, lookbackMs } = part;
      const lookback = lookbackMs === undefined ? {} : { lookback: ms(lookbackMs) };
      const arrived = await ctx.waitForEvent(Arrived, { key: place, ...timeout(timeoutMs), ...lookback });
      return arrived.n;
    }
    case "signal":
      return ctx.waitForSignal(part.name, timeout(part.timeoutMs));
    case "callback": {
      const { name, timeoutMs, heartbeatMs } = part;
      const heartbeat = heartbeatMs === undefined ? {} : { heartbeat: ms(heartbeatMs) };
      const { token, promise } = ctx.callback(name, { ...timeout(timeoutMs), ...heartbeat });
      hands.token(token, name);
      return promise;
    }
    case "send":
      await ctx.sendEvent(Told, { n: part.n });
      return "sent";
    case "tell":
      await ctx.signal("listener", "told", part.n);
      return "told";
    case "state":
      ctx.setState({ n: part.n });
      return "set";
    case "draw":
      return [ctx.random(), ctx.uuid(), part.now ? ctx.now().getTime() : undefined];
    case "throw":
      throw new Error(part.message);
    case "in-order":
      return inOrder(run, parts);
    case "all":
      return Promise.all(parts.map((each) => go(run, each)));
    case "any":
      return Promise.any(parts.map((each) => go(run, each)));
    case "promise-race":
      return Promise.race(parts.map((each) => go(run, each)));
    case "allSettled": {
      const settled = await Promise.allSettled(parts.map((each) => go(run, each)));
      return settled.map((end) => (end.status === "fulfilled" ? end.value : String(end.reason)));
    }
    case "race": {
      const lives = parts.map(() => new Life(hands, life));
      const branches = parts.map((each, n) => branch(run, lives, n, each));
      return ctx.race(Object.fromEntries(branches.map((each, n) => [`b${n}`, each])));
    }
    case "map": {
      const lives = parts.map(() => new Life(hands, life));
      const { failures, enough, concurrency } = part;
      const options = {
        ...(concurrency === undefined ? {} : { concurrency }),
        ...(failures === undefined ? {} : { tolerate: { failures } }),
        ...(enough === undefined ? {} : { minSuccessful: Math.min(enough, parts.length) }),
      };
      try {
        const { items } = await ctx.map(
          parts,
          async (own, each, n) => {
            const inside = lives[n] ?? life;
            try {
              return await go({ ...run, ctx: own, life: inside }, each);
            } finally {
              inside.settled = true;
            }
          },
          options,
        );
        return items.map((item) => (item.status === "failed" ? String(item.error) : item));
      } finally {
        for (const each of lives) if (!each.settled) each.end();
      }
    }
    case "saga": {
      const inside = new Life(hands, life);
      try {
        return await ctx.saga((own) => inOrder({ ...run, ctx: own, life: inside }, parts));
      } catch (error) {
        inside.end();
        throw error;
      }
    }
    case "try":
      try {
        return parts[0] && (await go(run, parts[0]));
      } catch (error) {
        return ["rescued", String(error), parts[1] && (await go(run, parts[1]))];
      }
    case "finally":
      try {
        return parts[0] && (await go(run, parts[0]));
      } finally {
        if (parts[1] !== undefined) await go(run, parts[1]);
      }
    case "loose":
      for (const each of parts) void go(run, each).catch(() => {});
      return "loose";
    case "handle":
      ctx.handleUpdate(part.name, async (own, input: unknown) => [
        input,
        await inOrder({ ...run, ctx: own, life: run.root }, parts),
      ]);
      return "handles";
    case "patched": {
      const chosen = run.version === "patched" && ctx.patched(part.change) ? parts[0] : parts[1];
      return chosen && go(run, chosen);
    }
    case "child":
      return ctx.child(run.child, parts, { onParentClose: part.onParentClose });
  }
}

function step({ ctx, hands }: Run, part: StepPart): Promise<string> {
  const { name, fails = 0, tries = 12, compensation } = part;
  const work = async (context: StepContext): Promise<string> => {
    await hands.body(part, context);
    if (part.beats) context.heartbeat({ attempt: context.attempt });
    if (part.doomed) throw new NonRetryableError(`${name} is doomed`);
    if (!part.atMostOnce && context.attempt <= fails) throw new Error(`${name} failed`);
    return context.idempotencyKey;
  };
  const retry = { maxAttempts: tries, initialInterval: "2s", jitter: "none" } as const;
  const options: StepOptions<string> = {
    ...(part.atMostOnce ? { semantics: "at-most-once" } : { retry }),
    ...(compensation === undefined
      ? {}
      : {
          compensate: (result, context) => {
            hands.undo(result, context);
            if (context.attempt <= compensation) throw new Error(`${name} can't be undone`);
          },
          compensateRetry: { maxAttempts: 3, jitter: "none" },
        }),
  };
  if (part.kind === "step") return ctx.step(name, work, options);
  const { semantics: _, ...rest } = options;
  return ctx.transaction(
    name,
    async (tx: Transaction, context) => {
      const result = await work(context);
      tx.put({ TableName: "Orders", Item: { id: context.idempotencyKey } });
      tx.sendEvent(Told, { n: 0 });
      return result;
    },
    rest,
  );
}

const ms = (milliseconds: number) => ({ milliseconds });
const timeout = (timeoutMs: number | undefined) =>
  timeoutMs === undefined ? {} : { timeout: ms(timeoutMs) };
