/** Replaying a history that was taken down (`holdfast history <id> --json`) against the code as it is now. */

import { endedBeforeItsStart } from "../decide/unbegun.js";
import { classesByName } from "../define/error-classes.js";
import type { AnyWorkflow } from "../define/workflow.js";
import { CancelledError, InvalidInputError } from "../model/errors.js";
import type { ExecutionStarted, HistoryEntry } from "../model/history-entry.js";
import type { CancelRequested, HistoryEvent } from "../model/history-event.js";
import type { ClosedStatus } from "../model/status.js";
import type { EpochMs } from "../model/time.js";
import { decode, type ErrorClass } from "../model/value.js";
import { type Recording, replayRecording } from "../replay/recording.js";
import type { RecordedEvent } from "../replay/replay.js";

/** What a replay needs beside the history and the workflow. */
export interface ReplayOptions {
  /** Error classes of yours, as given to `app`: code that asks for `instanceof` must be answered as it was. */
  readonly errors?: readonly ErrorClass[];
}

/** What came of a replay that went well. */
export interface ReplayedHistory {
  readonly executionId: string;
  /** The name under which it was recorded. */
  readonly workflow: string;
  /** History events, the start not counted. */
  readonly events: number;
  /** How it ended; absent for a history that does not end. */
  readonly ended?: ClosedStatus;
  /** Of one that completed: what the code returned now. */
  readonly output?: unknown;
  /** Of one that failed or was cancelled: what the code threw now. */
  readonly error?: unknown;
  /** Of one that does not end: what the code waits for, such as `step "charge"`. */
  readonly waitsFor: readonly string[];
  /** Of one that does not end: the steps whose compensations would run if it failed there, in that order. */
  readonly undoable: readonly string[];
}

/**
 * Replays a history against code. No body runs, no time passes, and nothing leaves the process.
 * @param history what `client.history` gives, or `holdfast history <id> --json` prints
 * @throws NonDeterminismError when the code asks for something else than is recorded: both sides and the last event that matched
 * @throws NonDurableAwaitError, UnknownEngineFlagError, CorruptHistoryError
 * @throws InvalidInputError for something that is no history, or does not begin with its start
 */
export async function replayHistory(
  history: readonly HistoryEntry[],
  workflow: AnyWorkflow,
  options: ReplayOptions = {},
): Promise<ReplayedHistory> {
  const { recording, name, createdAt } = recordingOf(history);
  const errors = classesByName(options.errors ?? []);
  const events = recording.history.map(({ event }) => event);
  if (endedBeforeItsStart({ createdAt, startAt: recording.startAt }, events))
    return unbegun(recording, name, events);
  const { outcome, closing, pending, undoable } = await replayRecording(recording, workflow, errors);
  const { executionId } = recording;
  const told = { executionId, workflow: name, events: recording.history.length };
  if (closing === undefined)
    return { ...told, waitsFor: [...pending.values()].map(({ label }) => label), undoable };
  const ended = { ...told, waitsFor: [], undoable: [] };
  if (closing.type === "ExecutionTerminated" || outcome === undefined)
    return { ...ended, ended: "terminated" };
  if (outcome.kind === "continued") return { ...ended, ended: "continued" };
  return outcome.kind === "completed"
    ? { ...ended, ended: "completed", output: decode(outcome.output, errors) }
    : { ...ended, ended: outcome.kind, error: decode(outcome.error, errors) };
}

/** Its code never began, so there is nothing to replay. */
function unbegun(
  { executionId }: Recording,
  workflow: string,
  events: readonly HistoryEvent[],
): ReplayedHistory {
  const told = { executionId, workflow, events: events.length, waitsFor: [], undoable: [] };
  const request = events.find((event): event is CancelRequested => event.type === "CancelRequested");
  const isCancelled = events.some(({ type }) => type === "ExecutionCancelled");
  return isCancelled
    ? { ...told, ended: "cancelled", error: new CancelledError(request?.reason) }
    : { ...told, ended: "terminated" };
}

/** @throws InvalidInputError */
export function recordingOf(history: unknown): {
  readonly recording: Recording;
  readonly name: string;
  readonly createdAt: EpochMs;
} {
  const entries = Array.isArray(history) ? history : [];
  const [first, ...rest]: unknown[] = entries;
  if (!isEntry(first) || first.event.type !== "ExecutionStarted" || !isWhole(first.event)) {
    throw new InvalidInputError("The history", [
      {
        path: "[0]",
        message:
          "expected the whole list that `holdfast history <id> --json` prints, from ExecutionStarted on",
      },
    ]);
  }
  const recorded = rest.map((entry, index): RecordedEvent => {
    if (isEntry(entry) && entry.event.type !== "ExecutionStarted")
      return { slot: entry.slot, event: entry.event };
    throw new InvalidInputError("The history", [
      { path: `[${index + 1}]`, message: "expected an event with its slot" },
    ]);
  });
  const { executionId, workflow, startAt, input, seed, startedBy, timeoutMs, flags } = first.event;
  return {
    name: workflow,
    createdAt: first.event.at,
    recording: {
      executionId,
      startAt,
      input,
      flags,
      history: recorded,
      ...(seed === undefined ? {} : { seed }),
      ...(startedBy === undefined ? {} : { startedBy }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    },
  };
}

function isEntry(
  entry: unknown,
): entry is { readonly slot: number; readonly event: ExecutionStarted | HistoryEvent } {
  if (typeof entry !== "object" || entry === null || !("slot" in entry) || !("event" in entry)) return false;
  const { slot, event } = entry;
  return (
    typeof slot === "number" &&
    typeof event === "object" &&
    event !== null &&
    "type" in event &&
    typeof event.type === "string"
  );
}

function isWhole({ executionId, workflow, startAt, input, flags }: ExecutionStarted): boolean {
  return (
    typeof executionId === "string" &&
    typeof workflow === "string" &&
    typeof startAt === "number" &&
    input !== undefined &&
    Array.isArray(flags)
  );
}
