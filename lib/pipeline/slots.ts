/**
 * How many executions of one pipeline run at once. Beside them there is one execution that knows who runs and who waits: each asks it for a place when
 * it begins, and leaves when it ends; of one that is terminated, whose code hears of nothing, the bus tells. It sleeps in between, which costs nothing.
 */
import type { Context } from "../define/context.js";
import { event } from "../define/event.js";
import { type Workflow, workflow } from "../define/workflow.js";
import { digest } from "../model/ids.js";
import type { ExecutionEvent } from "../model/lifecycle.js";
import type { Concurrency, Graph } from "./graph.js";

/** Of an execution, by the name of its workflow. */
export const Terminated = event<ExecutionEvent>("holdfast.execution.terminated", {
  key: ({ workflow: name }) => name,
});

interface Asked {
  readonly do: "enter" | "leave";
  readonly executionId: string;
  /** As the pipeline of whoever asks says. */
  readonly concurrency: Concurrency;
}

/** Answers to those who asked. */
interface Place {
  readonly isGiven: boolean;
}

export interface Slots {
  /** The workflow whose executions these are. */
  readonly workflow: string;
  readonly running?: readonly string[];
  /** First come, first served. */
  readonly waiting?: readonly string[];
  /** As who asked last has it. */
  readonly concurrency?: Concurrency;
}

/** Of those that the newest asked for. */
interface Given {
  readonly slots: Slots;
  readonly given: readonly string[];
  /** Those who wait no longer. */
  readonly refused: readonly string[];
}

/** A history of so many messages is quick to replay. */
const MOST_MESSAGES = 500;

const ASKED = "slots";
/** The signal that gives, or refuses, a place. */
export const PLACE = "slot";

export function afterAsking(slots: Slots, { do: what, executionId, concurrency }: Asked): Given {
  if (what === "leave") return afterLeaving(slots, executionId, concurrency);
  const { running = [], waiting = [] } = slots;
  if (running.includes(executionId) || waiting.includes(executionId))
    return { slots, given: [], refused: [] };
  return promoted({ ...slots, waiting: [...waiting, executionId] }, concurrency, false);
}

/** Nothing is to be said to whoever left. */
export function afterLeaving(slots: Slots, executionId: string, concurrency: Concurrency): Given {
  const { running = [], waiting = [] } = slots;
  const isOther = (id: string): boolean => id !== executionId;
  const left = { ...slots, running: running.filter(isOther), waiting: waiting.filter(isOther) };
  return promoted(left, concurrency, running.includes(executionId));
}

function promoted(slots: Slots, { limit, keepWaiting }: Concurrency, isFreed: boolean): Given {
  const { running = [], waiting = [] } = slots;
  const given = waiting.slice(0, Math.max(0, limit - running.length));
  const rest = waiting.slice(given.length);
  const isPurged = isFreed && given.length > 0 && !keepWaiting;
  return {
    slots: { ...slots, running: [...running, ...given], waiting: isPurged ? [] : rest },
    given,
    refused: isPurged ? rest : [],
  };
}

/** Deployed with every pipeline. */
export const pipelineSlots: Workflow<Slots, never> = workflow("pipeline-slots", async (ctx, from: Slots) => {
  let slots = from;
  let messages = 0;
  let isFull: () => void = () => {};
  const full = new Promise<void>((resolve) => {
    isFull = resolve;
  });
  const take = async (told: Given): Promise<void> => {
    slots = told.slots;
    for (const id of told.given) await ctx.signal(id, PLACE, { isGiven: true } satisfies Place);
    for (const id of told.refused) await ctx.signal(id, PLACE, { isGiven: false } satisfies Place);
    messages += 1;
    if (messages >= MOST_MESSAGES) isFull();
  };
  const hear = async (): Promise<never> => {
    for (;;) {
      const asked = await ctx.waitForSignal<Asked>(ASKED);
      slots = { ...slots, concurrency: asked.concurrency };
      await take(afterAsking(slots, asked));
    }
  };
  const mourn = async (): Promise<never> => {
    for (;;) {
      const { executionId } = await ctx.waitForEvent(Terminated, { key: from.workflow });
      const { concurrency = { limit: 1, keepWaiting: true } } = slots;
      await take(afterLeaving(slots, executionId, concurrency));
    }
  };
  await Promise.race([full, hear(), mourn()]);
  return ctx.continueAsNew({ ...slots });
});

/** One for each workflow: of no other the bus tells it. */
function slotsIdOf({ workflow: by }: Context, { application, name, configId = "" }: Graph): string {
  return `slots.${digest(JSON.stringify([by, application, name, configId]), 22)}`;
}

/** @returns whether it has a place; false when it waited, and others were preferred */
export async function enter(ctx: Context, graph: Graph, concurrency: Concurrency): Promise<boolean> {
  const id = slotsIdOf(ctx, graph);
  const asked: Asked = { do: "enter", executionId: ctx.executionId, concurrency };
  await ctx.transaction("ask for a slot", async (tx) => {
    await tx.start(pipelineSlots, { workflow: ctx.workflow }, { id });
    tx.signal(id, ASKED, asked);
  });
  const { isGiven } = await ctx.waitForSignal<Place>(PLACE);
  return isGiven;
}

export async function leave(ctx: Context, graph: Graph, concurrency: Concurrency): Promise<void> {
  const asked: Asked = { do: "leave", executionId: ctx.executionId, concurrency };
  await ctx.signal(slotsIdOf(ctx, graph), ASKED, asked);
}
