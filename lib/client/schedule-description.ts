/** A schedule in the clients' group, as it is told to people; what no client has put there as it is can't be. */
import { UnencodableValueError } from "../model/errors.js";
import { type Overlap, readSchedule, saysFiring } from "../model/firing.js";
import { MalformedFiringError, UnreadableScheduleError } from "../model/schedule-errors.js";
import { decode } from "../model/value.js";
import type { KeptSchedule } from "../runtime/outside.js";

/** A schedule as it stands. */
export interface ScheduleDescription {
  readonly id: string;
  readonly workflow: string;
  /** Absent when its executions are given a {@link Firing}. */
  readonly input?: unknown;
  readonly expression: string;
  readonly timezone: string;
  readonly overlap: Overlap;
  /** As Scheduler has it: of a rate that was written after its start, when it came round next. */
  readonly startAt?: Date;
  readonly endAt?: Date;
  readonly paused: boolean;
}

/** A schedule in the clients' group that a client can't have put as it is. */
export interface UnreadableSchedule {
  readonly id: string;
  readonly expression: string;
  /** A sentence's part: why it can't be read. */
  readonly reason: string;
}

/** Throws {@link UnreadableScheduleError}. */
export function describe(kept: KeptSchedule): ScheduleDescription {
  const { id, expression, timezone, startAt, endAt, paused } = kept;
  const { workflow, overlap, ...told } = toldBy(kept);
  return {
    ...{ id, workflow, expression, timezone, overlap, paused },
    ...told,
    ...(startAt === undefined ? {} : { startAt: new Date(startAt) }),
    ...(endAt === undefined ? {} : { endAt: new Date(endAt) }),
  };
}

export function isReadable(told: ScheduleDescription | UnreadableSchedule): told is ScheduleDescription {
  return !("reason" in told);
}

export function describeOrSay(kept: KeptSchedule): ScheduleDescription | UnreadableSchedule {
  try {
    return describe(kept);
  } catch (error) {
    if (!(error instanceof UnreadableScheduleError)) throw error;
    return { id: kept.id, expression: kept.expression, reason: error.why };
  }
}

/** What its message says. */
function toldBy({ id, body }: KeptSchedule): Pick<ScheduleDescription, "workflow" | "overlap" | "input"> {
  const refuse = (why: string) => new UnreadableScheduleError(id, why);
  try {
    const found: unknown = JSON.parse(body);
    if (!saysFiring(found)) throw refuse("its message is not a schedule's firing");
    const told = readSchedule(found);
    if (told.by !== "client") throw refuse("its message is that of a schedule which a workflow declares");
    if (told.schedule !== id) throw refuse(`its message names the schedule "${told.schedule}"`);
    const { workflow, overlap, input } = told;
    return { workflow, overlap, ...(input === undefined ? {} : { input: decode(input) }) };
  } catch (error) {
    if (error instanceof SyntaxError) throw refuse("its message is no JSON");
    if (error instanceof MalformedFiringError)
      throw refuse(`its message is not a schedule's firing: ${error.why}`);
    if (error instanceof UnencodableValueError)
      throw refuse("its input has a form that this release does not know");
    throw error;
  }
}
