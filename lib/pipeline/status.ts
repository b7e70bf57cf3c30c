/** What can be said of a pipeline, a stage or a task, and what may follow what: Spinnaker's words, as Orca and its ports use them. */

export const STATUSES = [
  "NOT_STARTED",
  "BUFFERED",
  "RUNNING",
  "PAUSED",
  "SUSPENDED",
  "REDIRECT",
  "SUCCEEDED",
  "SKIPPED",
  "FAILED_CONTINUE",
  "TERMINAL",
  "STOPPED",
  "CANCELED",
] as const;

/** What can be said of a pipeline, a stage or a task, in Spinnaker's words. */
export type Status = (typeof STATUSES)[number];

/** Nothing more happens to it, unless it is restarted. */
export type CompleteStatus = "SUCCEEDED" | "SKIPPED" | "FAILED_CONTINUE" | HaltStatus;

/** What comes after it does not begin. */
export type HaltStatus = "TERMINAL" | "STOPPED" | "CANCELED";

const HALTS: readonly Status[] = ["TERMINAL", "STOPPED", "CANCELED"];
const CONTINUABLE: readonly Status[] = ["SUCCEEDED", "SKIPPED", "FAILED_CONTINUE"];
const ACTIVE: readonly Status[] = ["RUNNING", "PAUSED", "SUSPENDED", "REDIRECT"];

export function isHalt(status: Status): status is HaltStatus {
  return HALTS.includes(status);
}

/** What comes after it may begin. */
export function isContinuable(status: Status): status is Exclude<CompleteStatus, HaltStatus> {
  return CONTINUABLE.includes(status);
}

export function isComplete(status: Status): status is CompleteStatus {
  return isHalt(status) || isContinuable(status);
}

/** It has begun and has not ended. */
export function isActive(status: Status): boolean {
  return ACTIVE.includes(status);
}

/**
 * | from                  | to                                                              |
 * |-----------------------|-----------------------------------------------------------------|
 * | NOT_STARTED           | RUNNING, CANCELED, SKIPPED, BUFFERED, TERMINAL                  |
 * | BUFFERED              | NOT_STARTED, RUNNING, CANCELED, SKIPPED                         |
 * | RUNNING               | anything but NOT_STARTED and BUFFERED                           |
 * | PAUSED, SUSPENDED     | RUNNING, CANCELED, STOPPED, SKIPPED, TERMINAL, FAILED_CONTINUE  |
 * | REDIRECT              | RUNNING, SUCCEEDED, CANCELED                                    |
 * | what is complete      | nothing: a restart and a jump make it anew                      |
 *
 * From itself to itself everything may go. A stage that waits for a person may be skipped by one, and fails when its timeout comes: hence the last ones of SUSPENDED.
 */
const EXITS: Readonly<Record<Status, readonly Status[]>> = {
  NOT_STARTED: ["RUNNING", "CANCELED", "SKIPPED", "BUFFERED", "TERMINAL"],
  BUFFERED: ["NOT_STARTED", "RUNNING", "CANCELED", "SKIPPED"],
  RUNNING: STATUSES.filter((status) => status !== "NOT_STARTED" && status !== "BUFFERED"),
  PAUSED: ["RUNNING", "CANCELED", "STOPPED", "SKIPPED", "TERMINAL", "FAILED_CONTINUE"],
  SUSPENDED: ["RUNNING", "CANCELED", "STOPPED", "SKIPPED", "TERMINAL", "FAILED_CONTINUE"],
  REDIRECT: ["RUNNING", "SUCCEEDED", "CANCELED"],
  SUCCEEDED: [],
  SKIPPED: [],
  FAILED_CONTINUE: [],
  TERMINAL: [],
  STOPPED: [],
  CANCELED: [],
};

export function mayBecome(from: Status, to: Status): boolean {
  return from === to || EXITS[from].includes(to);
}
