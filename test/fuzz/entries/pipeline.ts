/** Pipelines from JSON: definitions out of nothing, and valid ones with something wrong. Those that are read are looked at as the engine would. */
import { decide } from "../../../lib/pipeline/decide.js";
import { ExpressionError, InvalidPipelineError } from "../../../lib/pipeline/errors.js";
import { BUILTIN_TYPES } from "../../../lib/pipeline/json/builtin/index.js";
import { graphFromJson } from "../../../lib/pipeline/json/graph-from-json.js";
import { StageTypes, stageType } from "../../../lib/pipeline/json/stage-type.js";
import { interpolated } from "../../../lib/pipeline/json/template.js";
import { initialState } from "../../../lib/pipeline/state.js";
import { beginningIn } from "../../../lib/pipeline/window.js";
import type { Dice } from "../dice.js";
import { anything, damaged, damagedText } from "../rubbish.js";
import { short, type Tried, wrongWith } from "../verdict.js";
import type { Entry } from "./entry.js";

const TYPES = new StageTypes([
  ...BUILTIN_TYPES,
  stageType({
    type: "deploy",
    tasks: [{ name: "deploy", run: () => {} }],
    before: ({ approve }) => (approve === true ? [{ type: "manualJudgment" }] : []),
    after: ({ bake = 0 }) => [{ type: "wait", context: { waitTime: bake } }],
  }),
]);

const VALID = {
  application: "shop",
  name: "release",
  id: "cfg-1",
  limitConcurrent: false,
  maxConcurrentExecutions: 3,
  keepWaitingPipelines: true,
  maxJumps: 3,
  stages: [
    {
      refId: "1",
      type: "evaluateVariables",
      variables: [
        { key: "tag", value: `\${ trigger.tag }` },
        { key: "image", value: `shop:\${ tag }` },
      ],
      split: { "2": `\${ tag == 'v1' }` },
    },
    {
      refId: "2",
      requisiteStageRefIds: ["1"],
      type: "checkPreconditions",
      preconditions: [
        {
          type: "expression",
          context: { expression: "tag != ''", failureMessage: `no \${ tag }` },
          failPipeline: true,
        },
      ],
      stageEnabled: { type: "expression", expression: `\${ trigger.env == 'prod' }` },
      restrictExecutionDuringTimeWindow: true,
      restrictedExecutionWindow: {
        days: [2, 3, 4],
        whitelist: [{ startHour: 22, startMin: 0, endHour: 4, endMin: 30 }],
        jitter: { enabled: true, minDelay: 1, maxDelay: 60, skipManual: false },
        timezone: "Europe/Vienna",
      },
      join: { type: "N_OF_M", threshold: 1 },
      milestone: { stage: "1", status: "SUCCEEDED" },
      reducers: { tags: "collect" },
    },
    {
      refId: "3",
      requisiteStageRefIds: ["1", "2"],
      type: "deploy",
      name: "Deploy",
      approve: true,
      bake: 30,
      context: { image: `registry/\${ image }`, replicas: [1, { zone: "a" }] },
      failPipeline: false,
      stageTimeoutMs: 60_000,
      startWithin: "2h",
      instances: { of: "replicas", threshold: 1 },
      mutex: "prod",
    },
    { refId: "4", type: "manualJudgment", judgmentInputs: [{ value: "blue" }], choice: "way" },
    { refId: "5", type: "wait", waitTime: `\${ trigger.pause }`, choice: "way", region: "r" },
  ],
};

/** Another way to be wrong: references to each other. */
function entangled(dice: Dice): unknown {
  const ids = VALID.stages.map(({ refId }) => refId);
  const stages = VALID.stages.map((stage) => ({
    ...stage,
    requisiteStageRefIds: ids.filter(() => dice.percent(25)),
  }));
  return { ...VALID, stages };
}

function definition(dice: Dice): unknown {
  switch (dice.below(6)) {
    case 0:
      return anything(dice);
    case 1:
      return { ...VALID, stages: anything(dice) };
    case 2:
      return entangled(dice);
    case 3:
      return parsed(damagedText(dice, VALID));
    default:
      return damaged(dice, VALID);
  }
}

/** Undefined for what is no JSON: nobody hands that over. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const pipelineDefinitions: Entry = {
  name: "pipeline: its definition",
  async run(dice): Promise<Tried> {
    const found = definition(dice);
    const tried = (end: string, broken: readonly string[]): Tried => ({ input: short(found), end, broken });
    try {
      const graph = graphFromJson(found, TYPES);
      const first = decide(graph, initialState(0));
      for (const { context, window } of graph.stages) {
        if (window !== undefined) beginningIn(window, 1_780_000_000_000, 0.5, false);
        judge(context);
      }
      return tried(`read, then ${first?.do ?? "nothing"}`, []);
    } catch (error) {
      const isRefused = error instanceof InvalidPipelineError;
      const others =
        isRefused && error.issues.length > 0 ? [] : ["what is wrong is told as issues of a pipeline"];
      return tried("refused", [...wrongWith(error), ...others]);
    }
  },
};

/** What an expression in it makes of what it is given may be an error, and is one of ours. */
function judge(context: Parameters<typeof interpolated>[0]): void {
  try {
    interpolated(context, { trigger: { tag: "v1" }, image: "shop" });
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
  }
}
