/** What the history of a pipeline tells of its tasks beyond their state: each attempt, and what comes next. */
import type {
  HistoryEvent,
  StepAttemptFailed,
  StepCompleted,
  StepFailed,
  StepHeartbeat,
  StepStarted,
} from "../../model/history-event.js";
import { type Duration, durationMs, type EpochMs } from "../../model/time.js";
import { decode, type Encoded } from "../../model/value.js";
import { readPath } from "../../replay/path.js";
import { isObject } from "../json-value.js";
import { failureFrom } from "../run-task.js";
import type { TaskState } from "../state.js";
import type { TaskException } from "./view.js";

/** What is recorded of a task's attempts. */
export type AttemptEvent = StepStarted | StepAttemptFailed | StepCompleted | StepFailed | StepHeartbeat;

export interface Attempts {
  readonly attempts: number;
  readonly exceptions: readonly TaskException[];
  /** It failed, and is tried again then. */
  readonly retryAt?: EpochMs;
  /** It has not ended, and runs again then. */
  readonly againAt?: EpochMs;
}

/** The name of the step that a task runs as. */
export function stepNameOf(refId: string, task: string): string {
  return `${refId}/${task}`;
}

/** The name of the step in which a task is told that its stage was canceled. */
export function cancelStepNameOf(refId: string, task: string): string {
  return `${stepNameOf(refId, task)} (cancel)`;
}

/** By the name of the step. */
export function attemptEvents(history: readonly HistoryEvent[]): ReadonlyMap<string, AttemptEvent[]> {
  const found = new Map<string, AttemptEvent[]>();
  for (const event of history) {
    if (!isAttempt(event)) continue;
    const { name = "" } = readPath(event.op);
    const events = found.get(name);
    if (events === undefined) found.set(name, [event]);
    else events.push(event);
  }
  return found;
}

function isAttempt(event: HistoryEvent): event is AttemptEvent {
  return event.type.startsWith("Step");
}

/**
 * @param events all that have the name of its step
 * @param until of the history's last event: what was due by then has begun
 */
export function attemptsOf(
  events: readonly AttemptEvent[],
  { startedAt }: TaskState,
  until: EpochMs,
): Attempts {
  const last = events.at(-1);
  if (last === undefined || startedAt === undefined) return { attempts: 0, exceptions: [] };
  // A stage that is made anew runs in a branch of its own, so the branch tells its rounds apart.
  const round = events.filter(({ op, at }) => branchOf(op) === branchOf(last.op) && at >= startedAt);
  const ends = round.filter(isEnd);
  // One that is given up while it waits to be tried again fails once more, with the same attempt.
  const made = ends.filter((end, index) => {
    const next = ends[index + 1];
    return next?.type !== "StepFailed" || next.op !== end.op || next.attempt !== end.attempt;
  });
  return {
    attempts: made.length,
    exceptions: made.flatMap(exceptionIn),
    ...nextOf(ends.at(-1), until),
  };
}

function isEnd(event: AttemptEvent): event is Exclude<AttemptEvent, StepStarted | StepHeartbeat> {
  return event.type !== "StepStarted" && event.type !== "StepHeartbeat";
}

function branchOf(op: string): string {
  return op.slice(0, op.lastIndexOf("/") + 1);
}

function exceptionIn(event: StepAttemptFailed | StepFailed | StepCompleted): TaskException[] {
  if (event.type === "StepCompleted") return [];
  const { at, attempt, error } = event;
  const retry = event.type === "StepFailed" ? {} : { retryAt: event.retryAt };
  return [{ ...failureFrom(decode(error)), at, attempt, ...retry }];
}

function nextOf(
  last: StepAttemptFailed | StepFailed | StepCompleted | undefined,
  until: EpochMs,
): Pick<Attempts, "retryAt" | "againAt"> {
  if (last?.type === "StepAttemptFailed") return { retryAt: last.retryAt };
  if (last?.type !== "StepCompleted" || last.result === undefined) return {};
  const after = pollIn(last.result);
  const againAt = after === undefined ? 0 : last.at + durationMs(after);
  return againAt > until ? { againAt } : {};
}

/** How long a task that gave RUNNING waits before it runs again. */
function pollIn(result: Encoded): Duration | undefined {
  const found = decode(result);
  if (!isObject(found) || found.status !== "RUNNING") return undefined;
  // The engine has judged it when the task gave it.
  return (found.after ?? "1s") as Duration;
}
