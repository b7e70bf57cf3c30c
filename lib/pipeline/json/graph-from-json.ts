/** A pipeline as Spinnaker writes it becomes a graph. */
import { type FieldNames, graphIssues, type Placed } from "../checked-graph.js";
import { InvalidPipelineError, type PipelineIssue } from "../errors.js";
import type { Concurrency, Graph, StageSpec } from "../graph.js";
import { PIPELINE } from "./builtin/pipeline.js";
import { Fields } from "./fields.js";
import { partsOf } from "./parts.js";
import { plainJson } from "./plain-json.js";
import { readInstant, readStage, type WrittenStage } from "./read-stage.js";
import type { StageTypes } from "./stage-type.js";

const MOST_STAGES = 1_000;
const MOST_JUMPS = 10_000;
const MOST_AT_ONCE = 1_000_000;
const DEFAULT_JUMPS = 10;

const NAMES: FieldNames = {
  requisites: "requisiteStageRefIds",
  enabled: "stageEnabled.expression",
  window: "restrictedExecutionWindow",
};

/**
 * Reads `{ application, name, id | pipelineConfigId, limitConcurrent, maxConcurrentExecutions, keepWaitingPipelines, startTimeExpiry, maxJumps,
 * stages }`, whoever wrote it: it may hold anything. Other fields of the pipeline are ignored. Fields of a stage that are not the engine's are
 * its context, `context` over them. Its tasks, and what belongs to it, are its type's.
 *
 * Limits: 1,000 stages, 100,000 values and 100 levels in all.
 * @throws InvalidPipelineError naming everything that is wrong, each by its path; nothing else
 */
export function graphFromJson(definition: unknown, types: StageTypes): Graph {
  const plain = plainJson(definition);
  if ("issues" in plain) throw new InvalidPipelineError(UNNAMED, plain.issues);
  const issues: PipelineIssue[] = [];
  const fields = Fields.of(plain.value, "", issues);
  if (fields === undefined) throw new InvalidPipelineError(UNNAMED, issues);
  const graph = readPipeline(fields, types);
  if (issues.length > 0) throw new InvalidPipelineError(graph.name || UNNAMED, issues);
  return graph;
}

const UNNAMED = "(without a name)";

function readPipeline(fields: Fields, types: StageTypes): Graph {
  const id = fields.name("id");
  const configId = fields.name("pipelineConfigId") ?? id;
  const startBefore = readInstant(fields, "startTimeExpiry");
  const concurrency = readConcurrency(fields);
  return {
    application: fields.requiredName("application"),
    name: fields.requiredName("name"),
    ...(configId === undefined ? {} : { configId }),
    templates: true,
    stages: readStages(fields, types),
    maxJumps: fields.count("maxJumps", 0, MOST_JUMPS) ?? DEFAULT_JUMPS,
    ...(startBefore === undefined ? {} : { startBefore }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

/** `limitConcurrent` means one at a time, whatever the other field says; 0 means no limit. */
function readConcurrency(fields: Fields): Concurrency | undefined {
  const isLimited = fields.flag("limitConcurrent", false);
  const most = fields.count("maxConcurrentExecutions", 0, MOST_AT_ONCE) ?? 0;
  const keepWaiting = fields.flag("keepWaitingPipelines", false);
  if (isLimited) return { limit: 1, keepWaiting };
  return most === 0 ? undefined : { limit: most, keepWaiting };
}

function readStages(fields: Fields, types: StageTypes): StageSpec[] {
  const found = fields.required(
    "stages",
    "a list of stages",
    (value) => (Array.isArray(value) ? value : undefined),
    [],
  );
  if (found.length > MOST_STAGES) {
    fields.note("stages", `expected at most ${MOST_STAGES} stages, found ${found.length}`);
    return [];
  }
  const { issues } = fields;
  const placed = found.flatMap((value, index): Placed[] => {
    const path = `stages[${index}]`;
    const stage = Fields.of(value, path, issues);
    return stage === undefined ? [] : [{ index, stage: withType(readStage(stage), stage, types) }];
  });
  // Of what has no id, that was noted; and who waits for it is not to blame.
  issues.push(
    ...graphIssues(
      placed.filter(({ stage }) => stage.refId !== ""),
      NAMES,
    ),
  );
  return placed.map(({ stage }) => stage);
}

function withType(written: WrittenStage, fields: Fields, types: StageTypes): StageSpec {
  const parts = partsOf(written, fields, types);
  const { pipeline } = written.context;
  const runs = written.type === PIPELINE && typeof pipeline === "string" ? { pipeline } : {};
  return { ...written, ...parts, ...runs };
}
