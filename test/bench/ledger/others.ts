/**
 * What the same workflows cost elsewhere, by the rules of others' price pages: the cheapest way in which each is naturally written there.
 * Nothing of it was run.
 */
import { dollarsOf, gbSecondsOf, PRICES } from "./prices.js";
import type { TypicalKey } from "./workflows.js";

/** What is counted there, as the page says it. */
export const RULES = [
  "Others' counts: Lambda durable functions, 1 operation for the start, each step, wait, callback and invocation, and for a `Promise.all` (https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-sdk.html);",
  "Step Functions, 1 transition for each state that is entered, also in each iteration of a Map, and a Lambda request for each task; with the start and the end of the graph it would be two transitions more (https://aws.amazon.com/step-functions/pricing/);",
  "Temporal Cloud, 1 action for a start, an activity, a timer (that of a wait's timeout, too) and a signal, 2 for a child (https://docs.temporal.io/cloud/actions).",
  "Limits: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html, https://docs.temporal.io/workflow-execution/limits. All as of November 2026.",
].join(" ");

/** Of one run. */
interface Elsewhere {
  readonly durable: {
    readonly operations: number;
    readonly invocations: number;
    /** Calls that record something, each waited for: one for each operation of a sequence, and 250 results of what goes side by side. */
    readonly checkpoints: number;
    readonly note?: string;
  };
  readonly stepFunctions: {
    readonly transitions: number;
    /** Lambda functions that the states call. */
    readonly invocations: number;
    readonly note?: string;
  };
  readonly temporal: { readonly actions: number; readonly note?: string };
}

/** Steps in a row, in one invocation, and in one execution. */
const inARow = (steps: number): Elsewhere => ({
  durable: { operations: 1 + steps, invocations: 1, checkpoints: steps },
  stepFunctions: { transitions: steps, invocations: steps },
  temporal: { actions: 1 + steps },
});

const ELSEWHERE: Readonly<Record<TypicalKey, Elsewhere>> = {
  "three-steps": inARow(3),
  "ten-steps": inARow(10),
  "three-thousand-steps": {
    // Two starts and the invocation of the second, which the first waits for: it is invoked again when that has ended.
    durable: {
      operations: 2 + 1 + 3_000,
      invocations: 3,
      checkpoints: 3_001,
      note: "two executions, since one takes 3,000 operations and its start is one",
    },
    // A Map whose iterations go one after the other: seven history events for each (the iteration's two, the task's five), 21,000 of 25,000.
    stepFunctions: {
      transitions: 1 + 3_000,
      invocations: 3_000,
      note: "21,000 of at most 25,000 history events",
    },
    // Three history events for an activity, and three for the task that follows it.
    temporal: { actions: 1 + 3_000, note: "18,000 of at most 51,200 history events" },
  },
  "fan-out": {
    // `map` would count a context for each item besides.
    durable: { operations: 1 + 1_000 + 1, invocations: 1, checkpoints: 9 },
    stepFunctions: { transitions: 1 + 1_000, invocations: 1_000, note: "at most 40 at once" },
    temporal: { actions: 1 + 1_000 },
  },
  saga: {
    durable: { operations: 1 + 3 + 2, invocations: 1, checkpoints: 5 },
    // The third step's `Catch` leads to the two that undo, and they to a Fail.
    stepFunctions: { transitions: 3 + 2 + 1, invocations: 5 },
    temporal: { actions: 1 + 3 + 2 },
  },
  event: {
    // A callback, which has its own timeout. How its token gets to whoever answers is not counted.
    durable: { operations: 1 + 3 + 1, invocations: 2, checkpoints: 4 },
    // The wait is a task with a token, whose function hands the token on.
    stepFunctions: { transitions: 3 + 1, invocations: 4 },
    temporal: { actions: 1 + 3 + 1 + 1 },
  },
  sleep: {
    durable: { operations: 1 + 1 + 1, invocations: 2, checkpoints: 2 },
    stepFunctions: { transitions: 1 + 1, invocations: 1 },
    temporal: { actions: 1 + 1 + 1 },
  },
  child: {
    // `invoke`, and the child's own start and step. The parent is invoked again when it has ended.
    durable: { operations: 1 + 1 + 1 + 1, invocations: 3, checkpoints: 2 },
    // A task that starts the child and waits for it, and the child's own.
    stepFunctions: { transitions: 1 + 1, invocations: 1 },
    temporal: { actions: 1 + 2 + 1 },
  },
  // Two steps in a row: none of them has pipelines.
  pipeline: inARow(2),
};

/** An operation's value, as small as those of the workflows here. */
const OPERATION_GB = 100 / 1024 ** 3;

/** Two weeks, the construct's default. */
const KEPT_MONTHS = 14 / 30;

/** Dollars for a million runs. */
export interface Priced {
  readonly dollarsPerMillion: number;
  readonly note?: string;
}

export interface PricedElsewhere {
  readonly lambdaDurableFunctions: Priced & { readonly operations: number };
  readonly stepFunctionsStandard: Priced & { readonly transitions: number };
  readonly temporalCloud: Priced & { readonly actions: number };
}

export function pricedElsewhere(key: TypicalKey): PricedElsewhere {
  const { durable, stepFunctions, temporal } = ELSEWHERE[key];
  const { operations, invocations, checkpoints } = durable;
  const kept = PRICES.dataWritten.dollars + PRICES.dataKept.dollars * KEPT_MONTHS;
  const gbSeconds = gbSecondsOf(invocations, checkpoints);
  return {
    lambdaDurableFunctions: {
      operations,
      dollarsPerMillion:
        dollarsOf({ operations, invocations, gbSeconds }) + 1_000_000 * operations * OPERATION_GB * kept,
      ...noteOf(durable),
    },
    stepFunctionsStandard: {
      transitions: stepFunctions.transitions,
      dollarsPerMillion: dollarsOf({
        transitions: stepFunctions.transitions,
        invocations: stepFunctions.invocations,
      }),
      ...noteOf(stepFunctions),
    },
    temporalCloud: {
      actions: temporal.actions,
      dollarsPerMillion: dollarsOf({ actions: temporal.actions }),
      ...noteOf(temporal),
    },
  };
}

const noteOf = ({ note }: { readonly note?: string }) => (note === undefined ? {} : { note });
