/** The part of the error catalogue that is about recurring starts. */
import { HoldfastError } from "./errors.js";
import { shown } from "./shown.js";

/** A message that says it is a schedule's firing and is not one as we write them. */
export class MalformedFiringError extends HoldfastError {
  readonly code = "MALFORMED_FIRING";
  readonly why: string;
  constructor(why: string) {
    super(
      `This is not a schedule's firing: ${why}. Expected what client.schedules.put or the DurableFunctions construct gives EventBridge Scheduler as a target's input. It stays in the dead-letter queue.`,
    );
    this.name = "MalformedFiringError";
    this.why = why;
  }
}

/** There is no group for schedules of clients. */
export class NoClientSchedulesError extends HoldfastError {
  readonly code = "NO_CLIENT_SCHEDULES";
  constructor() {
    super(
      "This deployment keeps no schedules of clients. Expected a DurableFunctions construct with clientSchedules: true; its outputs name no group for them. Nothing was written. Set it and deploy, or declare the schedule in the code: workflow(name, { schedule }, …).",
    );
    this.name = "NoClientSchedulesError";
  }
}

/** No schedule has this id. */
export class ScheduleNotFoundError extends HoldfastError {
  readonly code = "SCHEDULE_NOT_FOUND";
  constructor(id: string) {
    super(
      `There is no schedule ${shown(id)} among those that clients have put. List them with client.schedules.list() or holdfast schedules list; one that a workflow declares is changed in its code.`,
    );
    this.name = "ScheduleNotFoundError";
  }
}

/** A schedule among those of clients that no client has put as it is, or that was damaged since. */
export class UnreadableScheduleError extends HoldfastError {
  readonly code = "UNREADABLE_SCHEDULE";
  readonly id: string;
  /** A sentence's part. */
  readonly why: string;
  constructor(id: string, why: string) {
    super(
      `Schedule "${id}" can't be read: ${why}. Expected a schedule as client.schedules.put writes it. Nothing was written. Put it again under this id, delete it (holdfast schedules delete ${id}), or look at it in EventBridge Scheduler's console if it is not yours.`,
    );
    this.name = "UnreadableScheduleError";
    this.id = id;
    this.why = why;
  }
}
