/** `workflow(...)`: a definition, name plus handler. */
import { InvalidDefinitionError } from "../model/errors.js";
import type { Overlap } from "../model/firing.js";
import { checkName, digest } from "../model/ids.js";
import { checkedLabels, type Labels } from "../model/labels.js";
import { LIFECYCLE_KINDS, type LifecycleKind } from "../model/lifecycle.js";
import type { EventPattern } from "../model/pattern/types.js";
import { issueOf, PatternError, readWhere, type Where } from "../model/pattern/where.js";
import { shown } from "../model/shown.js";
import { type Duration, durationMs } from "../model/time.js";
import type { Context } from "./context.js";
import type { AnyEventType, EventType } from "./event.js";
import { checkSchedules, type Schedule, type ScheduleOption } from "./schedule.js";
import { checkSchema, type Schema } from "./schema.js";

/** A declared workflow. `Input` is what a starter passes, `Output` what `result()` gives back. */
export interface Workflow<Input = unknown, Output = unknown> {
  readonly kind: "workflow";
  readonly name: string;
  readonly version?: string;
  /** Its executions run on the deployed code that they began with. */
  readonly pinned?: boolean;
  readonly input?: Schema<Input, unknown>;
  /** Each such event on the bus starts one execution, its payload being the input. */
  readonly startOn?: EventType<unknown, Input>;
  /** Only those whose payload it accepts. */
  readonly startWhere?: Where;
  /** Each starts one execution whenever it comes round. */
  readonly schedules?: readonly Schedule[];
  /** From an execution's start to its end, waits included. */
  readonly timeoutMs?: number;
  /** What each execution tells the bus of its life. Absent when that is nothing. */
  readonly lifecycleEvents?: readonly LifecycleKind[];
  /** Of its executions, where their start says nothing else. */
  readonly labels?: Labels;
  /** What an app that serves it serves beside it, without being told. */
  readonly companions?: Companions;
  /** Changes with its source and the version: recorded at the start of every execution. */
  readonly definition: string;
  /** The handler's text as it runs: bundled, and minified if the bundle is. Or what the handler interprets. */
  readonly source: string;
  /** What it does. Only the engine calls it. */
  readonly handler: (context: Context, input: never) => Promise<Output>;
}

/** Which code runs an execution after a deploy. */
export type Versioning = "auto-upgrade" | "pinned";

export interface Companions {
  readonly workflows: readonly AnyWorkflow[];
  readonly events: readonly AnyEventType[];
}

/** Any workflow: for lists and look-ups. */
// biome-ignore lint/suspicious/noExplicitAny: input types differ per workflow, and handlers are contravariant in them
export type AnyWorkflow = Workflow<any, any>;

/** Options of a workflow. Everything has a default. */
export interface WorkflowOptions<Input> {
  /** A label of your own for this version of the code, shown with every execution. */
  readonly version?: string;
  /**
   * What a deploy means to executions under way. `"auto-upgrade"`: from their next turn on they run the new code, which has to ask for the same
   * where they have been (`ctx.patched`). `"pinned"`: they run the code that they began with to their end. Default: `"auto-upgrade"`. Holds for
   * executions that are created from then on. See docs/versioning.md.
   */
  readonly versioning?: Versioning;
  /** The event that starts it; with `where`, only those whose payload, as the workflow receives it, that event pattern accepts. */
  readonly startOn?:
    | EventType<unknown, NoInfer<Input>>
    | {
        readonly event: EventType<unknown, NoInfer<Input>>;
        readonly where: EventPattern<NoInfer<Input>>;
      };
  /**
   * When executions start by themselves: `"rate(1 hour)"`, `"cron(0 9 ? * MON-FRI *)"`, an object that says more of it, or a list. They are given
   * a `Firing`, or the schedule's `input`. See docs/schedules.md.
   */
  readonly schedule?: ScheduleOption<NoInfer<Input>> | readonly ScheduleOption<NoInfer<Input>>[];
  /** The time zone of schedules that name none, such as `"Europe/Vienna"`. Default: UTC. */
  readonly timezone?: string;
  /** What schedules that don't say it do while the execution of the firing before is open. Default: `"skip"`. */
  readonly overlap?: Overlap;
  /** From an execution's start to its end, waits included: after it, what it waits for throws `ExecutionTimeoutError`. Default: none. */
  readonly timeout?: Duration;
  /**
   * Events that each execution sends to the bus when it has started, ended, stalled or been redriven (`holdfast.execution.failed` and the like,
   * with an `ExecutionEvent`): all of them, or those of the list. Default: none. Holds for executions that are created from then on.
   */
  readonly lifecycleEvents?: boolean | readonly LifecycleKind[];
  /** Of its executions, where their start says nothing else. */
  readonly labels?: Labels;
  /** What an app that serves it serves beside it, without being told: workflows that it works with, events that those wait for. */
  readonly companions?: Companions;
  /** What is recorded as its definition instead of the handler's text: of a handler that interprets something, that. */
  readonly source?: string;
}

/**
 * Declares a workflow.
 * @param name 1 to 128 characters of A-Z a-z 0-9 . _ : / -, unique in the app.
 * @throws InvalidDefinitionError
 */
export function workflow<Input, Parsed, Output>(
  name: string,
  options: WorkflowOptions<Input> & { readonly input: Schema<Input, Parsed> },
  handler: (context: Context, input: Parsed) => Promise<Output>,
): Workflow<Input, Output>;
export function workflow<Input, Output>(
  name: string,
  options: WorkflowOptions<Input> & { readonly input?: undefined },
  handler: (context: Context, input: Input) => Promise<Output>,
): Workflow<Input, Output>;
export function workflow<Input, Output>(
  name: string,
  handler: (context: Context, input: Input) => Promise<Output>,
): Workflow<Input, Output>;
export function workflow<Input, Output>(
  name: string,
  optionsOrHandler:
    | (WorkflowOptions<Input> & { readonly input?: Schema<Input> | undefined })
    | Handler<Output>,
  maybeHandler?: Handler<Output>,
): Workflow<Input, Output> {
  checkName("a workflow", name);
  const options = typeof optionsOrHandler === "function" ? {} : optionsOrHandler;
  const handler = typeof optionsOrHandler === "function" ? optionsOrHandler : maybeHandler;
  if (typeof handler !== "function") {
    throw new InvalidDefinitionError(
      `Workflow "${name}" has no handler. Expected workflow(name, options, async (ctx, input) => …).`,
    );
  }
  if (typeof options !== "object" || options === null) {
    throw new InvalidDefinitionError(
      `The options of workflow "${name}" are ${String(options)}. Expected workflow(name, options, handler) or workflow(name, handler).`,
    );
  }
  checkSchema(options.input, `The input of workflow "${name}"`);
  const { source = handler.toString(), labels, companions } = options;
  const beginning = beginningOf<Input>(name, options.startOn);
  const schedules = checkSchedules(name, options.schedule, options);
  return {
    kind: "workflow",
    name,
    ...(options.version === undefined ? {} : { version: options.version }),
    ...(isPinned(name, options.versioning) ? { pinned: true } : {}),
    ...(options.input === undefined ? {} : { input: options.input }),
    ...beginning,
    ...(schedules.length === 0 ? {} : { schedules }),
    ...(options.timeout === undefined ? {} : { timeoutMs: durationMs(options.timeout) }),
    ...checkedLifecycle(name, options.lifecycleEvents),
    ...(labels === undefined ? {} : { labels: checkedLabels(labels) }),
    ...(companions === undefined ? {} : { companions }),
    // 16 characters of base64 are 96 bits: no two versions of a workflow meet by chance.
    definition: digest(`${options.version ?? ""}\n${source}`, 16),
    source,
    handler,
  };
}

function beginningOf<Input>(
  name: string,
  startOn: WorkflowOptions<Input>["startOn"],
): { readonly startOn?: EventType<unknown, NoInfer<Input>>; readonly startWhere?: Where } {
  if (startOn === undefined) return {};
  const { event, where } =
    typeof startOn === "object" && startOn !== null && "event" in startOn
      ? startOn
      : { event: startOn, where: undefined };
  if (event?.kind !== "event") {
    throw new InvalidDefinitionError(
      `startOn of workflow "${name}" is not an event. Expected what event(...) returns, or { event, where }.`,
    );
  }
  if (where === undefined) return { startOn: event };
  try {
    return { startOn: event, startWhere: readWhere(where) };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    const { path, message } = issueOf(error);
    throw new InvalidDefinitionError(`startOn of workflow "${name}" can't be judged at ${path}: ${message}.`);
  }
}

function isPinned(name: string, versioning: Versioning = "auto-upgrade"): boolean {
  if (versioning === "pinned" || versioning === "auto-upgrade") return versioning === "pinned";
  throw new InvalidDefinitionError(
    `The versioning of workflow "${name}" is ${shown(versioning)}. Expected "auto-upgrade" or "pinned".`,
  );
}

function checkedLifecycle(
  name: string,
  asked: WorkflowOptions<never>["lifecycleEvents"] = false,
): Pick<Workflow, "lifecycleEvents"> {
  if (typeof asked === "boolean") return asked ? { lifecycleEvents: LIFECYCLE_KINDS } : {};
  const isList = Array.isArray(asked) && asked.every((kind) => LIFECYCLE_KINDS.includes(kind));
  if (!isList) {
    throw new InvalidDefinitionError(
      `lifecycleEvents of workflow "${name}" are ${shown(asked)}. Expected true, or a list of ${LIFECYCLE_KINDS.join(", ")}.`,
    );
  }
  const kinds = LIFECYCLE_KINDS.filter((kind) => asked.includes(kind));
  return kinds.length === 0 ? {} : { lifecycleEvents: kinds };
}

type Handler<Output> = (context: Context, input: never) => Promise<Output>;
