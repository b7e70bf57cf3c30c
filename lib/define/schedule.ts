/** Schedules that a workflow declares: checked where they are written, and brought into one form. */
import { InvalidDefinitionError } from "../model/errors.js";
import { DEFAULT_SCHEDULE, type Firing, isOverlap, isScheduleName, type Overlap } from "../model/firing.js";
import { whyNoRecurrence } from "../model/schedule-expression.js";
import { shown } from "../model/shown.js";

/** When a workflow begins again and again. */
export interface Recurring {
  /** `rate(5 minutes)`, `cron(0 9 ? * MON-FRI *)`: what EventBridge Scheduler takes, but for `at(…)`, which does not recur. */
  readonly expression: string;
  /** The IANA name of the time zone in which a cron expression is read. Default: the workflow's `timezone`, else UTC. */
  readonly timezone?: string;
  /** Default: the workflow's `overlap`, else `"skip"`. */
  readonly overlap?: Overlap;
  /** 1 to 64 characters of A-Z a-z 0-9 . _ -, unique in the workflow. Default: `"default"`. */
  readonly name?: string;
}

interface WithInput<Input> {
  /** What its executions are given, or how that is made of a firing. Default: the {@link Firing} itself. */
  readonly input: Input | ((firing: Firing) => Input);
}

/** A schedule, as text or with all there is to say of it. It needs an `input` where the workflow does not take a {@link Firing}. */
export type ScheduleOption<Input> =
  | (Recurring & WithInput<Input>)
  | ([Firing] extends [Input] ? string | (Recurring & Partial<WithInput<Input>>) : never);

/** A schedule that a workflow declares, with every field decided. */
export interface Schedule {
  readonly name: string;
  readonly expression: string;
  readonly timezone: string;
  readonly overlap: Overlap;
  /** What an execution that this firing starts is given. */
  inputFor(firing: Firing): unknown;
}

export interface ScheduleDefaults {
  readonly timezone?: string | undefined;
  readonly overlap?: Overlap | undefined;
}

const KNOWN = ["expression", "timezone", "overlap", "name", "input"];

/** @throws InvalidDefinitionError */
export function checkSchedules(
  workflow: string,
  given: unknown,
  defaults: ScheduleDefaults,
): readonly Schedule[] {
  if (given === undefined) {
    for (const option of ["timezone", "overlap"] as const) {
      if (defaults[option] === undefined) continue;
      throw new InvalidDefinitionError(
        `The option ${option} of workflow "${workflow}" has no effect without a schedule. Add schedule: "rate(…)" or "cron(…)", or leave ${option} out.`,
      );
    }
    return [];
  }
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length === 0)
    throw new InvalidDefinitionError(
      `The list of schedules of workflow "${workflow}" is empty. Leave schedule out for a workflow without one.`,
    );
  const schedules = list.map((each) => checkSchedule(workflow, each, defaults));
  const names = new Set<string>();
  for (const { name } of schedules) {
    if (names.has(name))
      throw new InvalidDefinitionError(
        `Two schedules of workflow "${workflow}" are called "${name}". Give each a name of its own: schedule: [{ name: "…", expression: "…" }, …].`,
      );
    names.add(name);
  }
  return schedules;
}

function checkSchedule(workflow: string, given: unknown, defaults: ScheduleDefaults): Schedule {
  const refuse = (why: string) =>
    new InvalidDefinitionError(`A schedule of workflow "${workflow}" can't work: ${why}.`);
  const fields = typeof given === "string" ? { expression: given } : given;
  if (typeof fields !== "object" || fields === null)
    throw refuse(`it is ${shown(given)}; expected "rate(…)", "cron(…)" or an object with an expression`);
  const unknown = Object.keys(fields).filter((key) => !KNOWN.includes(key));
  if (unknown.length > 0) throw refuse(`it has ${unknown.join(", ")}; known are ${KNOWN.join(", ")}`);
  const field = (key: string): unknown => Reflect.get(fields, key);
  const expression = field("expression");
  const timezone = field("timezone") ?? defaults.timezone ?? "UTC";
  const overlap = field("overlap") ?? defaults.overlap ?? "skip";
  const name = field("name") ?? DEFAULT_SCHEDULE;
  const why = whyNoRecurrence(expression, timezone);
  if (why !== undefined || typeof expression !== "string" || typeof timezone !== "string")
    throw refuse(`${shown(expression)}: ${why}`);
  if (!isOverlap(overlap))
    throw refuse(`its overlap is ${shown(overlap)}; expected "skip", "allow" or "cancel-previous"`);
  if (!isScheduleName(name))
    throw refuse(
      `its name is ${shown(name)}; expected 1 to 64 characters of A-Z a-z 0-9 . _ - that begin with a letter or digit`,
    );
  const input = field("input");
  const inputFor = (firing: Firing): unknown => {
    if (typeof input === "function") return Reflect.apply(input, undefined, [firing]);
    return "input" in fields ? input : firing;
  };
  return { name, expression, timezone, overlap, inputFor };
}
