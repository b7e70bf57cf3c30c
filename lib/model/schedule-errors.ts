/** The part of the error catalogue that is about recurring starts. */
import { HoldfastError } from "./errors.js";

/** A message that says it is a schedule's firing and is not one as we write them. */
export class MalformedFiringError extends HoldfastError {
  readonly code = "MALFORMED_FIRING";
  constructor(why: string) {
    super(
      `This is not a schedule's firing: ${why}. Expected what client.schedules.put or the DurableFunctions construct gives EventBridge Scheduler as a target's input. It stays in the dead-letter queue.`,
    );
    this.name = "MalformedFiringError";
  }
}

/** No schedule has this id. */
export class ScheduleNotFoundError extends HoldfastError {
  readonly code = "SCHEDULE_NOT_FOUND";
  constructor(id: string) {
    super(
      `There is no schedule "${id}" among those that clients have put. List them with client.schedules.list() or holdfast schedules list; one that a workflow declares is changed in its code.`,
    );
    this.name = "ScheduleNotFoundError";
  }
}
