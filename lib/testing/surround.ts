/**
 * What the kit puts around workflow code: every context that the code is given, the workflow's own and those that callbacks receive, goes
 * through the same wrapper, whatever its methods are. It knows two things by their looks: a function that is called with a context is
 * more of the workflow's code, and one that is called with a step's context is a body, which has effects.
 */
import type { App } from "../define/app.js";
import type { Context, StepContext } from "../define/context.js";
import type { AnyWorkflow } from "../define/workflow.js";

/** One thing that the code asked its context for. */
export interface Ask {
  readonly method: string;
  readonly args: readonly unknown[];
}

/** A body that is about to run. */
export interface BodyCall {
  readonly workflow: string;
  /** The context's method that it was given to: `step` or `transaction`. */
  readonly method: string;
  readonly name: string;
  /** The option under which it was given; absent for the body itself. */
  readonly option?: string;
  readonly step: StepContext;
  /** What the engine calls it with. */
  readonly args: readonly unknown[];
}

/** What is done around one run of a workflow's code. */
export interface Surroundings {
  asked(ask: Ask): void;
  /** @param run the body as the workflow's author wrote it */
  body(call: BodyCall, run: () => unknown): unknown;
}

type AnyFunction = (...args: unknown[]) => unknown;

/** The app with everything that its code is given surrounded. `begin` is called for each run of a workflow's code. */
export function surroundApp(
  app: App,
  begin: (workflow: AnyWorkflow, executionId: string) => Surroundings,
): App {
  const surrounded = (workflow: AnyWorkflow): AnyWorkflow => ({
    ...workflow,
    handler: (context, input) =>
      workflow.handler(surroundContext(context, begin(workflow, context.executionId)), input),
  });
  const workflows = new Map([...app.workflows].map(([name, workflow]) => [name, surrounded(workflow)]));
  return { ...app, workflows, workflow: (name) => workflows.get(name) ?? app.workflow(name) };
}

function surroundContext(context: Context, surroundings: Surroundings): Context {
  const known = new Map<PropertyKey, unknown>();
  const member = (key: PropertyKey): unknown => {
    if (known.has(key)) return known.get(key);
    const own: unknown = Reflect.get(context, key);
    if (!isFunction(own)) return own;
    const method = (...args: unknown[]): unknown => {
      surroundings.asked({ method: String(key), args });
      const name = typeof args[0] === "string" ? args[0] : "";
      const call = { workflow: context.workflow, method: String(key), name };
      return Reflect.apply(
        own,
        context,
        args.map((arg) => surroundArgument(arg, call, surroundings)),
      );
    };
    known.set(key, method);
    return method;
  };
  // On an object of its own: a context that is frozen could not be answered for.
  return new Proxy({} as Context, {
    get: (_, key) => member(key),
    has: (_, key) => Reflect.has(context, key),
    ownKeys: () => Reflect.ownKeys(context),
    getOwnPropertyDescriptor: (_, key) =>
      Reflect.has(context, key)
        ? { value: member(key), enumerable: true, configurable: true, writable: false }
        : undefined,
  });
}

/** Functions, and the functions in lists and plain objects (options, branches); declared things are left as they are. */
function surroundArgument(
  arg: unknown,
  call: Pick<BodyCall, "workflow" | "method" | "name">,
  surroundings: Surroundings,
): unknown {
  if (isFunction(arg)) return surroundFunction(arg, undefined, call, surroundings);
  if (Array.isArray(arg)) {
    return arg.some(isFunction)
      ? arg.map((item) => (isFunction(item) ? surroundFunction(item, undefined, call, surroundings) : item))
      : arg;
  }
  if (!isPlain(arg) || "kind" in arg) return arg;
  const entries = Object.entries(arg);
  if (!entries.some(([, item]) => isFunction(item))) return arg;
  return Object.fromEntries(
    entries.map(([option, item]) => [
      option,
      isFunction(item) ? surroundFunction(item, arg, { ...call, option }, surroundings) : item,
    ]),
  );
}

function surroundFunction(
  own: AnyFunction,
  owner: object | undefined,
  call: Omit<BodyCall, "step" | "args">,
  surroundings: Surroundings,
): AnyFunction {
  return (...args) => {
    const step = args.find(isStepContext);
    if (step !== undefined)
      return surroundings.body({ ...call, step, args }, () => Reflect.apply(own, owner, args));
    return Reflect.apply(
      own,
      owner,
      args.map((arg) => (isContext(arg) ? surroundContext(arg, surroundings) : arg)),
    );
  };
}

function isFunction(value: unknown): value is AnyFunction {
  return typeof value === "function";
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isContext(value: unknown): value is Context {
  return typeof value === "object" && value !== null && "executionId" in value && "step" in value;
}

function isStepContext(value: unknown): value is StepContext {
  return typeof value === "object" && value !== null && "executionId" in value && "idempotencyKey" in value;
}
