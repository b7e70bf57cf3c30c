/** `pipeline`: runs another pipeline of the app, by its name, with `pipelineParameters`, and waits for it. */
import { shown } from "../../../model/shown.js";
import type { PipelineIssue } from "../../errors.js";
import type { JsonObject } from "../../json-value.js";
import { stageType } from "../stage-type.js";

export const PIPELINE = "pipeline";

function check({ pipeline = null }: JsonObject): PipelineIssue[] {
  if (typeof pipeline === "string" && pipeline !== "") return [];
  return [
    { path: "pipeline", message: `expected the name of a pipeline of the app, found ${shown(pipeline)}` },
  ];
}

/** What runs the other is not a task: see `StageSpec.pipeline`, which holds the name. */
export const pipelineStage = stageType({ type: PIPELINE, tasks: [], check });
