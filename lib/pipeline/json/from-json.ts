/** Pipelines that come as data: each execution is given its own, in Spinnaker's shape. */
import type { Schema } from "../../define/schema.js";
import { type AnyWorkflow, type Workflow, workflow } from "../../define/workflow.js";
import { InvalidPipelineError } from "../errors.js";
import { isObject, type JsonObject } from "../json-value.js";
import type { Library } from "../library.js";
import { graphIn, restartedFrom, withGraph } from "../restarted.js";
import { interpret, type PipelineResult } from "../run.js";
import { pipelineSlots, Terminated } from "../slots.js";
import { BUILTIN_TYPES } from "./builtin/index.js";
import { graphFromJson } from "./graph-from-json.js";
import { type StageType, StageTypes } from "./stage-type.js";

/** What an execution is started with. */
export interface JsonPipelineInput {
  /** See {@link graphFromJson}. */
  readonly definition: unknown;
  /** What its expressions see as `trigger`. */
  readonly trigger?: JsonObject;
}

/** A workflow that runs pipelines which come as JSON. */
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
  const { library } = types;
  const made = workflow<JsonPipelineInput, JsonObject, PipelineResult>(
    name,
    {
      input: definitionsOf(types),
      // Each execution has a graph of its own, in its input.
      source: JSON.stringify({ pipelines: types.names }),
      // Those that limit how many run at once; which they are is known only when they come.
      lifecycleEvents: ["terminated"],
      companions: { workflows: [...pipelines, pipelineSlots], events: [Terminated] },
    },
    async (ctx, input) => {
      const graph = graphIn(input);
      if (graph === undefined) throw new InvalidPipelineError(name, NO_DEFINITION);
      return interpret(graph, library)(ctx, input);
    },
  );
  return { ...made, types, library };
}

const NO_DEFINITION = [{ path: "definition", message: "expected a pipeline, found nothing" }];

/** What is stored is the trigger, with the graph beside it: a replay reads no definition again, whatever became of types since. */
function definitionsOf(types: StageTypes): Schema<JsonPipelineInput, JsonObject> {
  const issue = (message: string, ...path: string[]) => ({ issues: [{ message, path }] });
  return {
    "~standard": {
      version: 1,
      vendor: "holdfast",
      validate(value) {
        if (!isObject(value)) return issue("expected { definition, trigger? }");
        // A restart brings the graph of the execution before it.
        if (graphIn(value) !== undefined && restartedFrom(value) !== undefined) return { value };
        const { definition, trigger = {} } = value;
        if (!isObject(trigger)) return issue("expected an object", "trigger");
        try {
          return { value: withGraph(trigger, graphFromJson(definition, types)) };
        } catch (error) {
          if (!(error instanceof InvalidPipelineError)) throw error;
          return {
            issues: error.issues.map(({ path, message }) => ({ message, path: ["definition", path] })),
          };
        }
      },
    },
  };
}
