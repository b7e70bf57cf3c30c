/** A stage that runs another pipeline, as an execution of its own, and waits for it. */
import type { Context } from "../define/context.js";
import { workflow } from "../define/workflow.js";
import { contextOf } from "./contexts.js";
import type { StageSpec } from "./graph.js";
import { isObject, type JsonObject } from "./json-value.js";
import type { StageEnd } from "./run-stage.js";
import { failureFrom } from "./run-task.js";
import { isInterruption, type Shell } from "./shell.js";

/** Pipelines that run pipelines: a circle of them would never end. */
const DEEPEST = 10;

/**
 * The other's trigger is `{ parameters, parentPipeline: { executionId, stage, depth } }`, the parameters being the stage's
 * `pipelineParameters`. With `waitForCompletion: false` in its context the stage has ended once it has asked for it. What it gives: under its own id,
 * the other's outputs. When it ends, so does the other.
 */
export async function runSubPipeline(
  { graph, trigger, state, tell }: Shell,
  spec: StageSpec,
  name: string,
  ctx: Context,
): Promise<StageEnd> {
  const { refId } = spec;
  const { pipelineParameters: parameters = {}, waitForCompletion } = contextOf(graph, state(), spec);
  const depth = depthOf(trigger) + 1;
  if (depth > DEEPEST)
    return failed(
      "TooDeepError",
      `pipeline "${name}" would be the ${depth}th in a row that pipelines run, and ${DEEPEST} may be`,
    );
  const parentPipeline = { executionId: ctx.executionId, stage: refId, depth };
  const other = workflow<JsonObject, { readonly outputs: JsonObject }>(name, async () => ({ outputs: {} }));
  const waits = waitForCompletion !== false;
  const ended = ctx.child(
    other,
    { parameters, parentPipeline },
    { onParentClose: waits ? "cancel" : "abandon" },
  );
  if (!waits) {
    // What becomes of it is its own business, and its own history's.
    ended.catch(() => {});
    return { status: "SUCCEEDED" };
  }
  try {
    const { outputs } = await ended;
    tell(ctx, { type: "StageTold", stage: refId, outputs: { [refId]: outputs } });
    return { status: "SUCCEEDED" };
  } catch (error) {
    if (isInterruption(error)) throw error;
    const { name: how, message } = failureFrom(error);
    return failed(how, message);
  }
}

function failed(name: string, message: string): StageEnd {
  return { status: "TERMINAL", error: { name, message } };
}

function depthOf({ parentPipeline }: JsonObject): number {
  const depth = isObject(parentPipeline) ? parentPipeline.depth : 0;
  return typeof depth === "number" ? depth : 0;
}
