/** A pipeline's execution, read from its history: what each of its stages has come to, and why it does not go on. */
import { pausedMs, pausesOf } from "../../decide/pauses.js";
import type { ExecutionStarted, HistoryEntry } from "../../model/history-entry.js";
import type { ChildEnded, ChildRequested, HistoryEvent } from "../../model/history-event.js";
import type { EpochMs } from "../../model/time.js";
import { decode } from "../../model/value.js";
import { recordingOf } from "../../testing/replay-history.js";
import type { Graph } from "../graph.js";
import { isObject, type JsonObject } from "../json-value.js";
import { keptIn, restartedFrom, triggerIn } from "../restarted.js";
import { failureFrom } from "../run-task.js";
import { initialState, type PipelineState } from "../state.js";
import { attemptEvents } from "./attempts.js";
import { canceledIn, endIn, neverBegan, settled, stallIn, statusOf } from "./ended.js";
import { replayed } from "./replayed.js";
import { stageViews } from "./stage-views.js";
import type { PipelineView } from "./view.js";

/** What {@link readPipeline} has found out, in the form in which the interpreter has it. */
export interface ReadPipeline {
  readonly view: PipelineView;
  readonly state: PipelineState;
  /** What the execution was started with: its trigger, and of one that restarts another what it keeps of that. */
  readonly input: JsonObject;
}

/**
 * What is known of a pipeline's execution: one that runs, is stalled, paused or has ended in any way. Its tasks' code is not needed, nothing runs,
 * and nothing is asked of anybody.
 * @param history all of it, as `client.history` gives it
 * @param graph as recorded with the definition that the execution has
 * @throws InvalidInputError for something that is no history
 */
export async function readPipeline(
  history: readonly HistoryEntry[],
  graph: Graph,
  options: { readonly hasBegun?: boolean } = {},
): Promise<PipelineView> {
  return (await readWithState(history, graph, options)).view;
}

/** @param options `hasBegun` false: its start is delayed, and still to come */
export async function readWithState(
  history: readonly HistoryEntry[],
  graph: Graph,
  { hasBegun = true }: { readonly hasBegun?: boolean } = {},
): Promise<ReadPipeline> {
  // Also judges the history.
  const { recording } = recordingOf(history);
  const started = startedIn(history);
  const events = recording.history.map(({ event }) => event);
  const input = inputIn(started);
  const attempts = attemptEvents(events);
  const ended = endIn(events);
  const isBegun = hasBegun && !neverBegan(history, ended);
  const { state: found, end, incomplete } = isBegun ? await replayed(history, graph, attempts) : {};
  const begun = found ?? { ...initialState(started.startAt), status: isBegun ? "RUNNING" : "NOT_STARTED" };
  const state = ended === undefined ? begun : settled(graph, begun, ended);
  const pauses = pausesOf(events);
  const pause = pauses.find(({ until }) => until === undefined);
  const error = end?.error === undefined ? undefined : failureFrom(end.error);
  const canceled = canceledIn(events);
  const stalled = stallIn(events);
  const of = restartedFrom(input);
  const parent = parentIn(input);
  const last: EpochMs = events.at(-1)?.at ?? started.at;
  const view: PipelineView = {
    executionId: recording.executionId,
    application: graph.application,
    name: graph.name,
    ...(graph.configId === undefined ? {} : { configId: graph.configId }),
    status: statusOf(state, pause !== undefined),
    trigger: triggerIn(input),
    createdAt: started.at,
    ...(isBegun ? { startedAt: state.startedAt } : {}),
    ...(state.endedAt === undefined ? {} : { endedAt: state.endedAt }),
    pausedMs: pausedMs(pauses, last),
    ...(pause === undefined ? {} : { paused: pauseOf(pause) }),
    ...(canceled === undefined ? {} : { canceled }),
    ...(of === undefined ? {} : { restartedFrom: of }),
    ...(parent === undefined ? {} : { parentPipeline: parent }),
    ...(error === undefined ? {} : { error }),
    ...(stalled === undefined ? {} : { stalled }),
    ...(incomplete === undefined ? {} : { incomplete }),
    stages: stageViews(graph, state, {
      attempts,
      until: last,
      kept: keptIn(input),
      children: openChildren(events),
    }),
  };
  return { view, state, input };
}

/** What an execution was started with. */
export function inputOf(history: readonly HistoryEntry[]): JsonObject {
  return inputIn(startedIn(history));
}

function startedIn([first]: readonly HistoryEntry[]): ExecutionStarted {
  if (first?.event.type === "ExecutionStarted") return first.event;
  throw new TypeError("A history that was judged does not begin with its start.");
}

/** In place of one that is lost stands an error. */
function inputIn({ input }: ExecutionStarted): JsonObject {
  const found = decode(input);
  return isObject(found) && !(found instanceof Error) ? found : {};
}

function pauseOf({
  from,
  by,
  reason,
}: {
  readonly from: EpochMs;
  readonly by?: string;
  readonly reason?: string;
}): NonNullable<PipelineView["paused"]> {
  return { from, ...(by === undefined ? {} : { by }), ...(reason === undefined ? {} : { reason }) };
}

function parentIn({ parentPipeline }: JsonObject): PipelineView["parentPipeline"] {
  if (!isObject(parentPipeline ?? null)) return undefined;
  const { executionId, stage } = parentPipeline as JsonObject;
  return typeof executionId === "string" && typeof stage === "string" ? { executionId, stage } : undefined;
}

/** Executions that it has started and that have not ended. */
function openChildren(events: readonly HistoryEvent[]): ChildRequested[] {
  const ended = new Set(
    events
      .filter(
        (event): event is ChildEnded =>
          event.type === "ChildEnded" || event.type === "ChildRefused" || event.type === "ChildAbandoned",
      )
      .map(({ op }) => op),
  );
  return events.filter(
    (event): event is ChildRequested => event.type === "ChildRequested" && !ended.has(event.op),
  );
}
