/** Random workflow programs: made from a seed, run on a context, and printed so that a person can read what failed. */
import { type Context, event, NonRetryableError } from "holdfast";
import type { Clock } from "../../lib/runtime/outside.js";
import { seededRandom } from "../../lib/testing/random.js";
import { eventLoopTurn } from "../runtime/slow-store.js";

export const Arrived = event<{ place: string; n: number }>("arrived", { key: (data) => data.place });
export const Told = event<{ n: number }>("told");

/** Waits are for one of these. */
export const PLACES = ["here", "there"] as const;

export interface Step {
  readonly kind: "step";
  readonly name: string;
  /** Attempts that fail before one goes well. */
  readonly fails: number;
  /** Fails for good, at once. */
  readonly doomed: boolean;
  readonly atMostOnce: boolean;
  readonly compensates: boolean;
  /** How long its body takes: turns of the event loop, and virtual time. */
  readonly turns: number;
  readonly ms: number;
}

export type Program =
  | Step
  | { readonly kind: "sleep"; readonly ms: number }
  | {
      readonly kind: "wait";
      readonly place: string;
      readonly timeoutMs: number;
      readonly lookbackMs: number | undefined;
    }
  | { readonly kind: "send"; readonly n: number }
  | { readonly kind: "in-order"; readonly parts: readonly Program[] }
  | {
      readonly kind: "together";
      readonly how: "all" | "race" | "any" | "allSettled";
      readonly parts: readonly Program[];
    }
  | { readonly kind: "try"; readonly body: Program; readonly rescue: Program };

export interface Flavour {
  /** Leaves out whatever could end otherwise when time passes otherwise: waits, races, doomed and at-most-once steps. */
  readonly deterministic: boolean;
  /** How many of its steps' bodies take virtual time, from 0 to 1. */
  readonly longBodies: number;
  readonly longestBodyMs: number;
}

/** The same seed and flavour give the same program. */
export function randomProgram(seed: number, flavour: Flavour): Program {
  const random = seededRandom(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const oneOf = <T>(first: T, ...others: T[]): T => others[below(others.length + 1)] ?? first;
  const chance = (share: number): boolean => random() < share;
  let made = 0;

  const step = (): Step => ({
    kind: "step",
    name: `s${made}`,
    fails: chance(0.3) ? 1 + below(2) : 0,
    doomed: !flavour.deterministic && chance(0.12),
    atMostOnce: !flavour.deterministic && chance(0.2),
    compensates: chance(0.5),
    turns: below(8),
    ms: chance(flavour.longBodies) ? below(flavour.longestBodyMs) : 0,
  });
  const send = (): Program => ({ kind: "send", n: made });
  const wait = (): Program => ({
    kind: "wait",
    place: oneOf<string>(...PLACES),
    timeoutMs: oneOf(500, 5_000, 60_000, 60_000),
    lookbackMs: chance(0.2) ? 0 : undefined,
  });
  const simple = (): Program => {
    made += 1;
    const kind = oneOf("step", "step", "step", "sleep", "wait", "send");
    if (kind === "step") return step();
    if (kind === "sleep") return { kind, ms: oneOf(0, 200, 900, 1_500, 8_000) };
    return kind === "wait" && !flavour.deterministic ? wait() : send();
  };
  const some = (depth: number, most: number): Program[] =>
    Array.from({ length: 2 + below(most - 1) }, () => part(depth));
  const part = (depth: number): Program => {
    if (depth === 0 || chance(0.5)) return simple();
    const kind = oneOf("in-order", "in-order", "together", "together", "try");
    if (kind === "in-order") return { kind, parts: some(depth - 1, 4) };
    if (kind === "try") return { kind, body: part(depth - 1), rescue: simple() };
    const how = flavour.deterministic
      ? oneOf("all" as const, "allSettled" as const)
      : oneOf("all" as const, "all" as const, "race" as const, "any" as const, "allSettled" as const);
    return { kind: "together", how, parts: some(depth - 1, 3) };
  };
  return { kind: "in-order", parts: some(2, 4) };
}

/** What the program did to the world: names of steps, once for every time. */
export interface World {
  readonly bodies: string[];
  readonly undone: string[];
}

/** The workflow's code. */
export async function run(ctx: Context, program: Program, world: World, clock: Clock): Promise<unknown> {
  const go = (part: Program): Promise<unknown> => run(ctx, part, world, clock);
  switch (program.kind) {
    case "step":
      return runStep(ctx, program, world, clock);
    case "sleep":
      await ctx.sleep({ milliseconds: program.ms });
      return "slept";
    case "wait": {
      const { place, timeoutMs, lookbackMs } = program;
      const lookback = lookbackMs === undefined ? {} : { lookback: { milliseconds: lookbackMs } };
      const arrived = await ctx.waitForEvent(Arrived, {
        key: place,
        timeout: { milliseconds: timeoutMs },
        ...lookback,
      });
      return arrived.n;
    }
    case "send":
      await ctx.sendEvent(Told, { n: program.n });
      return "sent";
    case "in-order": {
      const results: unknown[] = [];
      for (const part of program.parts) results.push(await go(part));
      return results;
    }
    case "together": {
      const parts = program.parts.map(go);
      if (program.how === "all") return Promise.all(parts);
      if (program.how === "race") return Promise.race(parts);
      if (program.how === "any") return Promise.any(parts);
      const settled = await Promise.allSettled(parts);
      return settled.map((end) => (end.status === "fulfilled" ? end.value : String(end.reason)));
    }
    case "try":
      try {
        return await go(program.body);
      } catch {
        return ["rescued", await go(program.rescue)];
      }
  }
}

function runStep(ctx: Context, step: Step, world: World, clock: Clock): Promise<string> {
  return ctx.step(
    step.name,
    async ({ attempt }) => {
      world.bodies.push(step.name);
      for (let turn = 0; turn < step.turns; turn++) await eventLoopTurn();
      await clock.sleep(step.ms);
      if (step.doomed) throw new NonRetryableError(`${step.name} is doomed`);
      if (!step.atMostOnce && attempt <= step.fails) throw new Error(`${step.name} failed`);
      return step.name;
    },
    {
      ...(step.atMostOnce
        ? { semantics: "at-most-once" as const }
        : { retry: { maxAttempts: 12, initialInterval: "2s", jitter: "none" } }),
      ...(step.compensates
        ? {
            compensate: (result) => {
              world.undone.push(result);
            },
          }
        : {}),
    },
  );
}

export function stepsOf(program: Program): Step[] {
  switch (program.kind) {
    case "step":
      return [program];
    case "in-order":
    case "together":
      return program.parts.flatMap(stepsOf);
    case "try":
      return [...stepsOf(program.body), ...stepsOf(program.rescue)];
    default:
      return [];
  }
}

/** The program as text, a line for each part. */
export function printed(program: Program, indent = ""): string {
  const inside = (parts: readonly Program[]): string =>
    parts.map((part) => `\n${printed(part, `${indent}  `)}`).join("");
  switch (program.kind) {
    case "step": {
      const traits = [
        program.fails > 0 && !program.atMostOnce && `fails ${program.fails} times`,
        program.doomed && "doomed",
        program.atMostOnce && "at most once",
        program.compensates && "compensates",
        program.ms > 0 && `takes ${program.ms} ms`,
      ].filter((trait) => trait !== false);
      return `${indent}step ${program.name}${traits.length === 0 ? "" : ` (${traits.join(", ")})`}`;
    }
    case "sleep":
      return `${indent}sleep ${program.ms} ms`;
    case "wait": {
      const lookback = program.lookbackMs === undefined ? "" : `, lookback ${program.lookbackMs} ms`;
      return `${indent}wait for an arrival ${program.place}, ${program.timeoutMs} ms${lookback}`;
    }
    case "send":
      return `${indent}send ${program.n}`;
    case "in-order":
      return `${indent}in order${inside(program.parts)}`;
    case "together":
      return `${indent}together, ${program.how}${inside(program.parts)}`;
    case "try":
      return `${indent}try${inside([program.body])}\n${indent}rescue${inside([program.rescue])}`;
  }
}
