/** What happens next in a pipeline: a pure look at what it is and what has happened, made again after every change. */
import { type Graph, inOrder, type StageSpec } from "./graph.js";
import { fatalIn, pipelineOutcome } from "./outcome.js";
import { hasChosen, readinessOf, repeats } from "./readiness.js";
import { type PipelineState, stageIn } from "./state.js";
import { type CompleteStatus, isActive } from "./status.js";

export type Decision =
  | { readonly do: "start"; readonly stage: StageSpec }
  | { readonly do: "skip"; readonly stage: StageSpec; readonly why: string }
  /** It runs, and is of no use any more. */
  | {
      readonly do: "stop";
      readonly stage: StageSpec;
      readonly status: "SKIPPED" | "CANCELED";
      readonly why: string;
    }
  /** A stage that merges runs once more. */
  | { readonly do: "repeat"; readonly stage: StageSpec }
  | { readonly do: "end"; readonly status: CompleteStatus };

/** One thing at a time: what follows it is asked for again. Undefined: nothing, until something else happens. */
export function decide(graph: Graph, state: PipelineState): Decision | undefined {
  const { stages } = graph;
  const active = stages.filter(({ refId }) => isActive(stageIn(state, refId).status));
  const fatal = fatalIn(stages, state);
  if (fatal !== undefined) {
    const [first] = active;
    const why = `stage "${fatal.refId}" failed`;
    return first === undefined
      ? { do: "end", status: "TERMINAL" }
      : { do: "stop", stage: first, status: "CANCELED", why };
  }
  for (const stage of active) {
    const winner = winnerOver(stages, state, stage);
    if (winner !== undefined)
      return { do: "stop", stage, status: "SKIPPED", why: `stage "${winner}" was chosen instead of it` };
  }
  for (const stage of inOrder(stages)) {
    const { status } = stageIn(state, stage.refId);
    if (status !== "NOT_STARTED" && !repeats(stage, state)) continue;
    const readiness = readinessOf(stages, state, stage);
    if (readiness.is === "ready") return { do: status === "NOT_STARTED" ? "start" : "repeat", stage };
    if (readiness.is === "skip" && status === "NOT_STARTED") return { do: "skip", stage, why: readiness.why };
  }
  return active.length > 0 ? undefined : { do: "end", status: pipelineOutcome(stages, state) };
}

/** Two of a choice are offered until one of them gets past its first wait. */
function winnerOver(
  stages: readonly StageSpec[],
  state: PipelineState,
  stage: StageSpec,
): string | undefined {
  if (stage.choice === undefined || hasChosen(state, stage)) return undefined;
  return stages.find((other) => other !== stage && other.choice === stage.choice && hasChosen(state, other))
    ?.refId;
}
