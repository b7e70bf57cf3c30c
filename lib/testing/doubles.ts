/** What a test puts in the place of bodies and of whole workflows, by name; and the record of every body that ran. */
import type { App } from "../define/app.js";
import type { StepContext } from "../define/context.js";
import type { AnyWorkflow } from "../define/workflow.js";
import type { BodyCall } from "./surround.js";

/** `step`, `transaction`: the body of the step or transaction of that name. `compensation`: what undoes it. */
export type Part = "step" | "transaction" | "compensation";

/** One run of a body: of a step or transaction, or of what undoes it. */
export interface StepCall {
  readonly workflow: string;
  readonly step: string;
  readonly part: Part;
  readonly executionId: string;
  /** From 1. */
  readonly attempt: number;
  /** The same in every attempt. */
  readonly idempotencyKey: string;
  /** Whether a mock ran in its place. */
  readonly mocked: boolean;
}

/** What runs in a body's place: a function of what the body would be given, `{ throws: error }`, or else a value to return. */
export type Replacement<Args extends readonly unknown[]> =
  | ((...args: Args) => unknown)
  | { readonly throws: unknown }
  | object
  | string
  | number
  | boolean
  | bigint
  | null
  | undefined;

/** How long a double stands in. */
export interface MockOptions {
  /** How often it stands in; after that, what was there before runs again. Default: always. */
  readonly times?: number;
}

interface Double {
  readonly replacement: unknown;
  left: number;
}

export class Doubles {
  /** Every body that ran, oldest first. */
  readonly calls: StepCall[] = [];
  /** By workflow, name, and whether it does or undoes; the newest is last. */
  readonly #bodies = new Map<string, Double[]>();
  readonly #workflows = new Map<string, unknown>();

  put(
    part: "step" | "compensation",
    workflow: string,
    name: string,
    replacement: unknown,
    { times }: MockOptions,
  ): void {
    const key = keyOf(part, workflow, name);
    const doubles = this.#bodies.get(key) ?? [];
    this.#bodies.set(key, [...doubles, { replacement, left: times ?? Number.POSITIVE_INFINITY }]);
  }

  putWorkflow(workflow: string, replacement: unknown): void {
    this.#workflows.set(workflow, replacement);
  }

  /** Takes away all that stands in for this workflow: for this one name of its steps, or for every one and for itself. */
  remove(workflow: string, name?: string): void {
    if (name === undefined) this.#workflows.delete(workflow);
    for (const key of this.#bodies.keys()) {
      const [, of, named] = partsOf(key);
      if (of === workflow && (name === undefined || named === name)) this.#bodies.delete(key);
    }
  }

  /** The app, with one step in the place of each workflow that is mocked: its result is recorded, so that it is the same in every replay. */
  app(app: App): App {
    if (this.#workflows.size === 0) return app;
    const workflows = new Map(
      [...app.workflows].map(([name, workflow]) => [name, this.#inPlaceOf(workflow)] as const),
    );
    return { ...app, workflows, workflow: (name) => workflows.get(name) ?? app.workflow(name) };
  }

  /** Runs a body, or what stands in for it. */
  run(call: BodyCall, run: () => unknown): unknown {
    const part = partOf(call);
    if (part === undefined) return run();
    const { workflow, name, step, args } = call;
    const double = this.#bodies.get(keyOf(part, workflow, name))?.findLast(({ left }) => left > 0);
    const { executionId, attempt, idempotencyKey } = step;
    const mocked = double !== undefined;
    this.calls.push({ workflow, step: name, part, executionId, attempt, idempotencyKey, mocked });
    if (double === undefined) return run();
    double.left -= 1;
    // A step's context comes first, whatever else there is: a double of a step will do for a transaction.
    return perform(double.replacement, part === "transaction" ? [step, args[0]] : args);
  }

  #inPlaceOf(workflow: AnyWorkflow): AnyWorkflow {
    if (!this.#workflows.has(workflow.name)) return workflow;
    const replacement = this.#workflows.get(workflow.name);
    return {
      ...workflow,
      handler: (ctx, input) =>
        ctx.step("mock", (step: StepContext) => perform(replacement, [input, step]), {
          retry: { maxAttempts: 1 },
        }),
    };
  }
}

/** Which names tests know a body by. A body of another kind of operation is given a part of its own here. */
function partOf({ method, option }: BodyCall): Part | undefined {
  if (method !== "step" && method !== "transaction") return undefined;
  if (option === undefined) return method;
  return option === "compensate" ? "compensation" : undefined;
}

function perform(replacement: unknown, args: readonly unknown[]): unknown {
  if (typeof replacement === "function") return Reflect.apply(replacement, undefined, args);
  if (throws(replacement)) throw replacement.throws;
  return replacement;
}

function throws(replacement: unknown): replacement is { readonly throws: unknown } {
  return (
    typeof replacement === "object" &&
    replacement !== null &&
    "throws" in replacement &&
    Object.keys(replacement).length === 1
  );
}

function keyOf(part: Part, workflow: string, name: string): string {
  return JSON.stringify([part === "compensation" ? "undoes" : "does", workflow, name]);
}

function partsOf(key: string): [does: string, workflow: string, name: string] {
  return JSON.parse(key);
}
