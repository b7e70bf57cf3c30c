/** Where the graph of an execution is found: in the recorded definition of its workflow. */
import type { Graph } from "../graph.js";
import { NotAPipelineError } from "./errors.js";

/** What is recorded of the workflow that an execution runs. */
export interface RecordedDefinition {
  readonly workflow: string;
  /** Absent where it was too large to be recorded. */
  readonly source?: string;
}

/**
 * @returns undefined where each execution has a graph of its own, in its input
 * @throws NotAPipelineError
 */
export function graphOf(definition: RecordedDefinition, executionId?: string): Graph | undefined {
  const { workflow, source } = definition;
  if (source === undefined)
    throw new NotAPipelineError(
      workflow,
      "its definition is too large, so its stages were not recorded",
      executionId,
    );
  if (isOfMany(source)) return undefined;
  const graph = sharedGraph(source);
  if (graph === undefined)
    throw new NotAPipelineError(
      workflow,
      "its recorded definition is code, and of a pipeline it is its stages",
      executionId,
    );
  return graph;
}

/** Undefined for the text of anything else: of a workflow's function. */
function sharedGraph(source: string): Graph | undefined {
  let found: unknown;
  try {
    found = JSON.parse(source);
  } catch {
    return undefined;
  }
  return isGraph(found) ? found : undefined;
}

function isGraph(found: unknown): found is Graph {
  if (typeof found !== "object" || found === null) return false;
  const { application, name, stages }: Partial<Record<keyof Graph, unknown>> = found;
  return typeof application === "string" && typeof name === "string" && Array.isArray(stages);
}

/** See `pipelinesFromJson`. */
function isOfMany(source: string): boolean {
  try {
    const found: unknown = JSON.parse(source);
    return typeof found === "object" && found !== null && "pipelines" in found;
  } catch {
    return false;
  }
}
