/** Pipelines of all shapes, as graphs and as the JSON that Spinnaker would write of them. */
import fc from "fast-check";
import type { Graph, Join, Reducer, StageSpec } from "../../lib/pipeline/graph.js";
import { StageTypes, stageType } from "../../lib/pipeline/json/stage-type.js";
import type { JsonObject } from "../../lib/pipeline/json-value.js";
import { STATUSES } from "../../lib/pipeline/status.js";
import type { ExecutionWindow } from "../../lib/pipeline/window.js";

/** Types with tasks, and none with parts: what those add is not of the definition. */
export const TYPES = new StageTypes([
  stageType({ type: "empty", tasks: [] }),
  stageType({
    type: "deploy",
    tasks: [
      { name: "plan", run: () => {}, retry: { maxAttempts: 3 } },
      { name: "apply", run: () => {}, timeout: "5m" },
    ],
  }),
]);

/** Fields that are the engine's, and so no keys of a context that stand beside them. */
const ENGINE = [
  ...[
    "refId",
    "requisiteStageRefIds",
    "type",
    "name",
    "stageEnabled",
    "failPipeline",
    "context",
    "cancelRegion",
  ],
  ...["continuePipelineOnFailure", "completeOtherBranchesThenFail", "restrictExecutionDuringTimeWindow"],
  ...[
    "restrictedExecutionWindow",
    "stageTimeoutMs",
    "startTimeExpiry",
    "startWithin",
    "join",
    "split",
    "mutex",
  ],
  ...["milestone", "choice", "reducers", "instances"],
];

const name = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme-ascii" });
const expression = fc.constantFrom("true", "a == 1.0", "size(trigger.list) > 2", "{'x': '}'}.x == \"}\"");
const instant = fc.integer({ min: 0, max: 4_000_000_000_000 });
const REDUCERS: readonly Reducer[] = ["collect", "extend", "sum", "max", "min", "merge", "first", "last"];

/** Texts without `${`, and keys that no prototype has. */
const context: fc.Arbitrary<JsonObject> = fc
  .jsonValue({ maxDepth: 3 })
  .map((value) => JSON.stringify(value).replaceAll("${", "{").replaceAll("__proto__", "proto"))
  .map((text) => ({ value: JSON.parse(text) }))
  .chain((object) => fc.dictionary(name, fc.constant(object), { maxKeys: 3 }))
  .map((object) => Object.fromEntries(Object.entries(object).filter(([key]) => key !== "__proto__")));

const window: fc.Arbitrary<ExecutionWindow> = fc.record(
  {
    days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
    whitelist: fc.array(
      fc.record({
        startHour: fc.integer({ min: 0, max: 23 }),
        startMin: fc.integer({ min: 0, max: 59 }),
        endHour: fc.integer({ min: 0, max: 23 }),
        endMin: fc.integer({ min: 0, max: 59 }),
      }),
      { maxLength: 3 },
    ),
    jitter: fc.record({
      enabled: fc.boolean(),
      minDelay: fc.integer({ min: 0, max: 60 }),
      maxDelay: fc.integer({ min: 60, max: 600 }),
      skipManual: fc.boolean(),
    }),
    timezone: fc.constantFrom("UTC", "Europe/Vienna", "America/New_York"),
  },
  { requiredKeys: ["days"] },
);

/** A graph without circles: each stage waits for some of those before it. */
export const graphs: fc.Arbitrary<Graph> = fc
  .tuple(
    fc.record({ application: name, name, maxJumps: fc.integer({ min: 0, max: 100 }) }),
    fc.record(
      {
        configId: name,
        startBefore: instant,
        concurrency: fc.record({ limit: fc.integer({ min: 1, max: 50 }), keepWaiting: fc.boolean() }),
      },
      { requiredKeys: [] },
    ),
    fc.array(stage(), { maxLength: 8 }),
    fc.infiniteStream(fc.nat()),
  )
  .map(([head, more, stages, dice]) => ({
    ...head,
    ...more,
    stages: linked(stages, () => dice.next().value ?? 0),
  }));

type Loose = Omit<StageSpec, "refId" | "requisites" | "tasks" | "before" | "after" | "onFailure">;

function stage(): fc.Arbitrary<Loose> {
  return fc
    .tuple(
      fc.record({
        type: fc.constantFrom("empty", "deploy"),
        name,
        context,
        failPipeline: fc.boolean(),
        continuePipelineOnFailure: fc.boolean(),
        completeOtherBranchesThenFail: fc.boolean(),
        join: fc.constantFrom<Join>(
          { type: "AND" },
          { type: "OR" },
          { type: "MULTI_MERGE" },
          { type: "DISCRIMINATOR" },
        ),
      }),
      fc.record(
        {
          enabled: expression,
          mutex: name,
          choice: name,
          region: name,
          timeout: fc.record({ milliseconds: fc.integer({ min: 1, max: 1_000_000 }) }),
          startWithin: fc.constantFrom("15m" as const, { hours: 2 }),
          startBefore: instant,
          window,
          instances: fc.record(
            { of: expression, threshold: fc.integer({ min: 1, max: 9 }) },
            { requiredKeys: ["of"] },
          ),
          reducers: fc.dictionary(fc.constantFrom("n", "list"), fc.constantFrom(...REDUCERS)).map(plainly),
        },
        { requiredKeys: [] },
      ),
    )
    .map(([needed, more]) => ({ ...needed, ...more }));
}

/** With an ordinary prototype, as JSON's objects have. */
function plainly<Value>(object: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(object));
}

function linked(stages: readonly Loose[], roll: () => number): StageSpec[] {
  const requisites = stages.map((_, index) =>
    stages.flatMap((_, before) => (before < index && roll() % 3 === 0 ? [`s${before}`] : [])),
  );
  return stages.map((one, index) => {
    const after = requisites.flatMap((ids, other) => (ids.includes(`s${index}`) ? [`s${other}`] : []));
    const threshold = requisites[index]?.length ?? 0;
    return {
      ...one,
      refId: `s${index}`,
      requisites: requisites[index] ?? [],
      tasks: TYPES.of(one.type)?.specs ?? [],
      before: [],
      after: [],
      onFailure: [],
      ...(threshold > 0 && roll() % 4 === 0 ? { join: { type: "N_OF_M", threshold } as const } : {}),
      ...(after.length > 0 && roll() % 3 === 0
        ? { split: Object.fromEntries(after.map((id) => [id, "a == 1.0"])) }
        : {}),
      ...(index > 0 && roll() % 4 === 0
        ? { milestone: { stage: "s0", status: STATUSES[roll() % STATUSES.length] ?? "RUNNING" } }
        : {}),
    };
  });
}

/** As Spinnaker writes it. */
export function written(graph: Graph, isWrapped: boolean): JsonObject {
  const { configId, concurrency, startBefore, stages, templates: _, ...head } = graph;
  const definition: unknown = {
    ...head,
    id: configId,
    startTimeExpiry: startBefore,
    ...(concurrency === undefined
      ? {}
      : {
          keepWaitingPipelines: concurrency.keepWaiting,
          ...(concurrency.limit === 1
            ? { limitConcurrent: true }
            : { maxConcurrentExecutions: concurrency.limit }),
        }),
    stages: stages.map((one) => writtenStage(one, isWrapped)),
  };
  return JSON.parse(JSON.stringify(definition));
}

function writtenStage(stage: StageSpec, isWrapped: boolean): object {
  const {
    requisites,
    context: all,
    enabled,
    window: restricted,
    timeout,
    startBefore,
    region,
    ...rest
  } = stage;
  const { tasks: _tasks, before: _before, after: _after, onFailure: _onFailure, ...plain } = rest;
  const entries = Object.entries(all);
  const isInside = ([key]: [string, unknown], index: number): boolean =>
    ENGINE.includes(key) || index % 2 === 1;
  return {
    ...Object.fromEntries(entries.filter((entry, index) => !isInside(entry, index))),
    context: Object.fromEntries(entries.filter(isInside)),
    ...plain,
    requisiteStageRefIds: requisites,
    cancelRegion: region,
    stageTimeoutMs: typeof timeout === "object" ? timeout.milliseconds : undefined,
    startTimeExpiry: startBefore,
    ...(enabled === undefined
      ? {}
      : { stageEnabled: { type: "expression", expression: isWrapped ? `\${ ${enabled} }` : enabled } }),
    ...(restricted === undefined
      ? {}
      : { restrictExecutionDuringTimeWindow: true, restrictedExecutionWindow: restricted }),
  };
}
