/** Pipelines that come as data: each execution is given its own, in Spinnaker's shape. */
import type { Schema } from "../../define/schema.js";
import { type AnyWorkflow, type Workflow, workflow } from "../../define/workflow.js";
import { InvalidPipelineError } from "../errors.js";
import { isObject, type JsonObject } from "../json-value.js";
import type { Library } from "../library.js";
import { interpret, type PipelineResult } from "../run.js";
import { pipelineSlots, Terminated } from "../slots.js";
import { BUILTIN_TYPES } from "./builtin/index.js";
import { graphFromJson } from "./graph-from-json.js";
import { type StageType, StageTypes } from "./stage-type.js";
import { interpolated } from "./template.js";

/** What an execution is started with. */
export interface JsonPipelineInput {
  /** See {@link graphFromJson}. */
  readonly definition: unknown;
  /** What its expressions see as `trigger`. */
  readonly trigger?: JsonObject;
}

export interface JsonPipelines extends Workflow<JsonPipelineInput, PipelineResult> {
  readonly types: StageTypes;
  readonly library: Library;
}

/**
 * A workflow that runs whatever pipeline it is started with; a definition that can't be used is refused at the start, with everything that is
 * wrong with it.
 * @param types beside the built-in ones: `wait`, `manualJudgment`, `checkPreconditions`, `evaluateVariables`, `pipeline`
 * @param pipelines those that stages of type `pipeline` name
 * @throws InvalidDefinitionError for two types of one name
 */
export function pipelinesFromJson(
  name: string,
  {
    types: own = [],
    pipelines = [],
  }: { readonly types?: readonly StageType[]; readonly pipelines?: readonly AnyWorkflow[] } = {},
): JsonPipelines {
  const types = new StageTypes([...BUILTIN_TYPES, ...own]);
  const library: Library = {
    ...types.library,
    fillIn: ({ type, context }, variables) =>
      interpolated(context, { ...context, ...variables }, types.of(type)?.raw),
  };
  const made = workflow<JsonPipelineInput, JsonPipelineInput, PipelineResult>(
    name,
    {
      input: definitionsOf(types),
      // Those that limit how many run at once; which they are is known only when they come.
      lifecycleEvents: ["terminated"],
      companions: { workflows: [...pipelines, pipelineSlots], events: [Terminated] },
    },
    async (ctx, { definition, trigger }) =>
      interpret(graphFromJson(definition, types), library)(ctx, trigger),
  );
  return { ...made, types, library };
}

function definitionsOf(types: StageTypes): Schema<JsonPipelineInput> {
  const issue = (message: string, ...path: string[]) => ({ issues: [{ message, path }] });
  return {
    "~standard": {
      version: 1,
      vendor: "holdfast",
      validate(value) {
        if (!isObject(value)) return issue("expected { definition, trigger? }");
        const { definition, trigger } = value;
        if (trigger !== undefined && !isObject(trigger)) return issue("expected an object", "trigger");
        try {
          graphFromJson(definition, types);
        } catch (error) {
          if (!(error instanceof InvalidPipelineError)) throw error;
          return {
            issues: error.issues.map(({ path, message }) => ({ message, path: ["definition", path] })),
          };
        }
        return { value: { definition, ...(trigger === undefined ? {} : { trigger }) } };
      },
    },
  };
}
