/**
 * A schedule's firing: the message that EventBridge Scheduler sends when a schedule comes round, and the names that are made of it. A firing is
 * told from all others by its schedule and the time that it was scheduled for, however often and however late it comes.
 */
import { InvalidDefinitionError } from "./errors.js";
import { checkExecutionId, checkName, digest, LONGEST_EXECUTION_ID } from "./ids.js";
import { MalformedFiringError } from "./schedule-errors.js";
import { short, shown } from "./shown.js";
import type { EpochMs } from "./time.js";
import type { Encoded } from "./value.js";

/** What a workflow that a schedule starts is given, unless the schedule says otherwise. */
export interface Firing {
  /** The schedule's name: `"default"` for the only one that a workflow declares. */
  readonly schedule: string;
  /** When it was due, in ISO 8601 and UTC: `2026-01-31T08:00:00.000Z`. It may have come later. */
  readonly scheduledAt: string;
}

/** What a firing does while the execution of the one before is still open: start nothing, start all the same, or cancel that one and start. */
export type Overlap = "skip" | "allow" | "cancel-previous";

export const OVERLAPS: readonly Overlap[] = ["skip", "allow", "cancel-previous"];

export function isOverlap(found: unknown): found is Overlap {
  return OVERLAPS.some((overlap) => overlap === found);
}

/** The name of a workflow's only schedule. */
export const DEFAULT_SCHEDULE = "default";

/** What EventBridge Scheduler takes as a schedule's name, but for a sign at its beginning, which a command would take for an option. */
export function isScheduleName(name: unknown): name is string {
  return typeof name === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name);
}

/** What a schedule's message holds. One that a workflow declares is named; what a client has put carries all that there is to it. */
export type FiringMessage = { readonly workflow: string; readonly scheduledAt: EpochMs } & (
  | { readonly by: "workflow"; readonly schedule: string }
  | { readonly by: "client"; readonly schedule: string; readonly overlap: Overlap; readonly input?: Encoded }
);

/** EventBridge Scheduler replaces it by the time that the firing was scheduled for: `2022-03-22T18:59:43Z`. */
const SCHEDULED_TIME = "<aws.scheduler.scheduled-time>";

/** What tells our messages from events. */
const KIND = "firing";

/** In bytes: EventBridge Scheduler takes 256 KB as a target's input. */
export const LARGEST_BODY_BYTES = 262_144;

/** The body to give to EventBridge Scheduler. A `<` of the user's is escaped: nothing of theirs is replaced. */
export function firingBody(
  schedule:
    | { readonly by: "workflow"; readonly workflow: string; readonly schedule: string }
    | {
        readonly by: "client";
        readonly workflow: string;
        readonly schedule: string;
        readonly overlap: Overlap;
        readonly input?: Encoded;
      },
): string {
  const fixed = JSON.stringify({ holdfast: KIND, ...schedule }).replaceAll("<", "\\u003c");
  return `${fixed.slice(0, -1)},"scheduledAt":"${SCHEDULED_TIME}"}`;
}

/** Whether it says that it is a firing; whether it is one, {@link readFiring} tells. */
export function saysFiring(found: unknown): found is object {
  return typeof found === "object" && found !== null && Reflect.get(found, "holdfast") === KIND;
}

/** Throws {@link MalformedFiringError}. */
export function readFiring(found: object): FiringMessage {
  const scheduledAt = instantIn(Reflect.get(found, "scheduledAt"));
  return { ...readSchedule(found), scheduledAt };
}

/** A schedule's body before it was sent, without its time: what {@link firingBody} was given. Throws {@link MalformedFiringError}. */
export function readSchedule(found: object): Parameters<typeof firingBody>[0] {
  const { by, workflow, schedule, overlap, input, ...others }: Record<string, unknown> = { ...found };
  const unknown = Object.keys(others).filter((name) => name !== "holdfast" && name !== "scheduledAt");
  if (unknown.length > 0)
    throw new MalformedFiringError(`it has the unknown fields ${short(unknown.join(", "))}`);
  const named = { workflow: workflowIn(workflow), schedule: nameIn(schedule) };
  if (by === "workflow" && overlap === undefined && input === undefined) return { by, ...named };
  if (by !== "client") throw new MalformedFiringError(`its "by" is ${shown(by)}`);
  if (!isOverlap(overlap)) throw new MalformedFiringError(`its "overlap" is ${shown(overlap)}`);
  // It came out of JSON, and nobody but `firingBody` has put it there: the rest is `decode`'s to judge.
  return { by, ...named, overlap, ...(input === undefined ? {} : { input: input as Encoded }) };
}

function workflowIn(found: unknown): string {
  try {
    return checkName("a workflow", found);
  } catch (error) {
    if (error instanceof InvalidDefinitionError) throw new MalformedFiringError(error.message);
    throw error;
  }
}

function nameIn(found: unknown): string {
  if (isScheduleName(found)) return found;
  throw new MalformedFiringError(`its "schedule" is ${shown(found)}`);
}

function instantIn(found: unknown): EpochMs {
  const isInstant = typeof found === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(found);
  const at = isInstant ? Date.parse(found) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new MalformedFiringError(
    `its "scheduledAt" is ${shown(found)}, and no time such as 2026-01-31T08:00:00Z`,
  );
}

/** What names a schedule. */
export type ScheduleName = Pick<FiringMessage, "by" | "workflow" | "schedule">;

/**
 * Names a schedule among all others: no name of a workflow has an `@` or a `+`. A client's is known by its id alone: put with another
 * workflow, it is the same schedule still.
 */
export function scheduleKey({ by, workflow, schedule }: ScheduleName): string {
  return by === "client" ? `+${schedule}` : declaredKey(workflow, schedule);
}

/** The id of the execution that a firing starts: `nightly@2026-01-31T08:00:00Z`, or a hash of that where it is too long for an id. */
export function firingExecutionId({ by, workflow, schedule }: ScheduleName, scheduledAt: EpochMs): string {
  const of = by === "client" ? `${workflow}+${schedule}` : declaredKey(workflow, schedule);
  const id = `${of}@${new Date(scheduledAt).toISOString().replace(".000Z", "Z")}`;
  return id.length <= LONGEST_EXECUTION_ID ? checkExecutionId(id) : `firing-${digest(id, 22)}`;
}

function declaredKey(workflow: string, schedule: string): string {
  return schedule === DEFAULT_SCHEDULE ? workflow : `${workflow}@${schedule}`;
}

/** What an execution that a firing starts has as what started it: no id of a bus event, which is `<source>/<id>`, has two of these. */
export function startedByFiring(executionId: string): string {
  return `holdfast:schedule:${executionId}`;
}
