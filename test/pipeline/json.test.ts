/** Pipelines as Spinnaker writes them: what is read of them, and what is refused. */
import { describe, expect, it } from "vitest";
import { InvalidPipelineError } from "../../lib/pipeline/errors.js";
import { BUILTIN_TYPES } from "../../lib/pipeline/json/builtin/index.js";
import { graphFromJson } from "../../lib/pipeline/json/graph-from-json.js";
import { StageTypes, stageType } from "../../lib/pipeline/json/stage-type.js";

const types = new StageTypes([
  ...BUILTIN_TYPES,
  stageType({
    type: "deploy",
    tasks: [
      { name: "plan", run: () => {} },
      { name: "apply", run: () => {}, timeout: "5m", verify: { requiredKeys: ["url"] } },
    ],
  }),
  stageType({ type: "nothing", tasks: [] }),
]);

function issuesOf(definition: unknown): string[] {
  try {
    graphFromJson(definition, types);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidPipelineError)) throw error;
    return error.issues.map(({ path, message }) => `${path}: ${message}`);
  }
}

const named = (stages: unknown): object => ({ application: "shop", name: "release", stages });
const inStage = (stage: object): string[] =>
  issuesOf(named([{ refId: "1", type: "nothing", ...stage }])).map((issue) =>
    issue.replace("stages[0].", ""),
  );
const only = (stage: object) =>
  graphFromJson(named([{ refId: "1", type: "nothing", ...stage }]), types).stages[0];

describe("a pipeline from JSON", () => {
  it("is a graph, with what Spinnaker says of it and what is ours", () => {
    const graph = graphFromJson(
      {
        application: "shop",
        name: "release",
        id: "cfg-1",
        keepWaitingPipelines: true,
        limitConcurrent: true,
        startTimeExpiry: 1_900_000_000_000,
        triggers: [{ type: "cron" }],
        stages: [
          {
            refId: "1",
            requisiteStageRefIds: [],
            type: "nothing",
            name: "Begin",
            split: { "2": `\${ a == 1.0 }` },
          },
          {
            refId: "2",
            requisiteStageRefIds: ["1"],
            type: "deploy",
            name: "Deploy",
            account: "prod",
            clusters: [{ region: "eu-west-1" }],
            cancelRegion: "eu",
            context: { account: "staging", canary: null },
            stageEnabled: { type: "expression", expression: `\${ trigger.env == 'prod' }` },
            failPipeline: false,
            continuePipelineOnFailure: true,
            completeOtherBranchesThenFail: true,
            restrictExecutionDuringTimeWindow: true,
            restrictedExecutionWindow: {
              days: [2, 3],
              whitelist: [{ startHour: 9, startMin: 0, endHour: 16, endMin: 59 }],
              jitter: { enabled: true, minDelay: 1, maxDelay: 60, skipManual: true },
              timezone: "Europe/Vienna",
            },
            stageTimeoutMs: 60_000,
            startTimeExpiry: 1_800_000_000_000,
            join: { type: "N_OF_M", threshold: 1 },
            mutex: "prod",
            milestone: { stage: "1", status: "SUCCEEDED" },
            choice: "way",
            reducers: { count: "sum" },
            instances: { of: `\${ clusters }`, threshold: 1 },
            startWithin: "2h",
          },
        ],
      },
      types,
    );
    expect(graph).toEqual({
      templates: true,
      application: "shop",
      name: "release",
      configId: "cfg-1",
      maxJumps: 10,
      startBefore: 1_900_000_000_000,
      concurrency: { limit: 1, keepWaiting: true },
      stages: [
        {
          refId: "1",
          type: "nothing",
          name: "Begin",
          requisites: [],
          context: {},
          tasks: [],
          before: [],
          after: [],
          onFailure: [],
          failPipeline: true,
          continuePipelineOnFailure: false,
          completeOtherBranchesThenFail: false,
          join: { type: "AND" },
          split: { "2": "a == 1.0" },
        },
        {
          refId: "2",
          type: "deploy",
          name: "Deploy",
          requisites: ["1"],
          context: { account: "staging", clusters: [{ region: "eu-west-1" }], canary: null },
          tasks: [{ name: "plan" }, { name: "apply", timeout: "5m", verify: { requiredKeys: ["url"] } }],
          before: [],
          after: [],
          onFailure: [],
          enabled: "trigger.env == 'prod'",
          failPipeline: false,
          continuePipelineOnFailure: true,
          completeOtherBranchesThenFail: true,
          join: { type: "N_OF_M", threshold: 1 },
          mutex: "prod",
          milestone: { stage: "1", status: "SUCCEEDED" },
          choice: "way",
          region: "eu",
          timeout: { milliseconds: 60_000 },
          startWithin: "2h",
          startBefore: 1_800_000_000_000,
          window: {
            days: [2, 3],
            whitelist: [{ startHour: 9, startMin: 0, endHour: 16, endMin: 59 }],
            jitter: { enabled: true, minDelay: 1, maxDelay: 60, skipManual: true },
            timezone: "Europe/Vienna",
          },
          instances: { of: "clusters", threshold: 1 },
          reducers: { count: "sum" },
        },
      ],
    });
  });

  it("may leave out, or set to null, whatever is not needed", () => {
    expect(graphFromJson(named([{ refId: "1", type: "nothing" }]), types)).toEqual(
      graphFromJson(
        {
          ...named([
            {
              refId: "1",
              type: "nothing",
              name: null,
              requisiteStageRefIds: null,
              stageEnabled: {},
              join: null,
            },
          ]),
          id: null,
          limitConcurrent: null,
          maxConcurrentExecutions: 0,
        },
        types,
      ),
    );
    expect(graphFromJson(named([]), types).stages).toEqual([]);
  });

  it("prefers the id of its configuration, and limits its executions as Spinnaker does", () => {
    const of = (more: object) => graphFromJson({ ...named([]), ...more }, types);
    expect(of({ id: "a", pipelineConfigId: "b" }).configId).toBe("b");
    expect(of({ maxConcurrentExecutions: 3 }).concurrency).toEqual({ limit: 3, keepWaiting: false });
    expect(of({ limitConcurrent: true, maxConcurrentExecutions: 3 }).concurrency?.limit).toBe(1);
    expect(of({ maxJumps: 0 }).maxJumps).toBe(0);
  });

  it("keeps a window that is switched off to itself", () => {
    const restrictedExecutionWindow = { days: [2] };
    const stage = only({ restrictExecutionDuringTimeWindow: false, restrictedExecutionWindow });
    expect(stage).not.toHaveProperty("window");
    expect(stage?.context).toEqual({});
  });

  it("reads true and false as expressions, and joins by their names", () => {
    expect(only({ stageEnabled: { type: "expression", expression: false } })?.enabled).toBe("false");
    expect(only({ join: "DISCRIMINATOR" })?.join).toEqual({ type: "DISCRIMINATOR" });
  });

  it("is a copy: who changes the definition later changes nothing", () => {
    const context = { list: [1] };
    const stage = only({ context });
    context.list.push(2);
    expect(stage?.context).toEqual({ list: [1] });
  });
});

describe("a pipeline from JSON is refused", () => {
  it("with everything that is wrong with it, each by its path, with what was expected and what was found", () => {
    expect(
      issuesOf({
        name: "",
        id: 7,
        limitConcurrent: "yes",
        maxConcurrentExecutions: -1,
        stages: [
          { refId: 1, type: "nothing" },
          "stage",
          {
            refId: "b",
            type: "deplyo",
            requisiteStageRefIds: ["gone", 5, "b"],
            failPipeline: "false",
            stageEnabled: { type: "spel", expression: 1 },
          },
          {
            refId: "b",
            type: "nothing",
            requisiteStageRefIds: "b",
            stageTimeoutMs: 0,
            startTimeExpiry: "soon",
          },
        ],
      }),
    ).toEqual([
      "id: expected text of 1 to 256 bytes, found 7",
      'limitConcurrent: expected true or false, found "yes"',
      "maxConcurrentExecutions: expected a whole number from 0 to 1000000, found -1",
      "application: expected text of 1 to 256 bytes, found nothing",
      'name: expected text of 1 to 256 bytes, found ""',
      "stages[0].refId: expected text of 1 to 256 bytes, found 1",
      'stages[1]: expected an object, found "stage"',
      'stages[2].stageEnabled.type: expected one of expression, found "spel"',
      "stages[2].stageEnabled.expression: expected text with a CEL expression, true or false, found 1",
      "stages[2].requisiteStageRefIds[1]: expected the refId of a stage, found 5",
      'stages[2].failPipeline: expected true or false, found "false"',
      'stages[2].type: expected one of checkPreconditions, deploy, evaluateVariables, manualJudgment, nothing, pipeline, wait, found "deplyo"',
      "stages[3].stageTimeoutMs: expected a whole number from 1 to 31622400000, found 0",
      'stages[3].startTimeExpiry: expected a time in milliseconds since 1970, found "soon"',
      'stages[3].requisiteStageRefIds: expected a list, found "b"',
      'stages[2].requisiteStageRefIds[0]: stage "b" waits for "gone", and there is no such stage',
      'stages[2].requisiteStageRefIds[1]: stage "b" waits for itself',
      'stages[3].refId: "b" is stage 2\'s, too; each stage needs one of its own',
    ]);
  });

  it("where its stages wait for each other", () => {
    const wait = (refId: string, ...requisiteStageRefIds: string[]) => ({
      refId,
      type: "nothing",
      requisiteStageRefIds,
    });
    expect(issuesOf(named([wait("a", "b"), wait("b", "c"), wait("c", "a")]))).toEqual([
      "stages[0].requisiteStageRefIds: stages wait for each other: a → b → c → a",
    ]);
  });

  it("where a field of ours is not what it should be", () => {
    expect(inStage({ join: "ALL" })).toEqual([
      'join: expected one of AND, OR, DISCRIMINATOR, MULTI_MERGE, N_OF_M, or { type, threshold }, found "ALL"',
    ]);
    expect(inStage({ join: { type: "N_OF_M" } })[0]).toContain('found {"type":"N_OF_M"}');
    expect(inStage({ join: { type: "N_OF_M", threshold: 2 } })).toEqual([
      "join: it needs 2 stages, and waits for 0",
    ]);
    expect(inStage({ split: { "2": 1 } })).toEqual([
      'split["2"]: expected text with a CEL expression, found 1',
    ]);
    expect(inStage({ split: { next: "true" } })).toEqual(['split: "next" does not wait for stage "1"']);
    expect(inStage({ milestone: { stage: "gone", status: "DONE" } })).toEqual([
      expect.stringContaining("milestone.status: expected one of NOT_STARTED, BUFFERED,"),
      'milestone: there is no stage "gone"',
    ]);
    expect(inStage({ mutex: "" })).toEqual(['mutex: expected text of 1 to 256 bytes, found ""']);
    expect(inStage({ reducers: { n: "avg" } })).toEqual([
      'reducers.n: expected one of collect, extend, sum, max, min, merge, first, last, found "avg"',
    ]);
    expect(inStage({ instances: { of: "1 +", threshold: 0 } })).toEqual([
      "instances.threshold: expected a whole number from 1 to 1000, found 0",
      expect.stringContaining("instances.of: expected a CEL expression, found 1 +: "),
    ]);
    expect(inStage({ instances: {} })).toEqual([
      "instances.of: expected a list, a whole number, or text with a CEL expression, found nothing",
    ]);
    expect(inStage({ startWithin: "soon" })).toEqual([
      'startWithin: expected a duration such as "15m", found "soon"',
    ]);
    expect(inStage({ context: [] })).toEqual(["context: expected an object, found []"]);
  });

  it("where its window can't be kept to", () => {
    const restricted = (restrictedExecutionWindow?: unknown): string[] =>
      inStage({ restrictExecutionDuringTimeWindow: true, restrictedExecutionWindow });
    expect(restricted()).toEqual([
      "restrictedExecutionWindow: expected a window, since restrictExecutionDuringTimeWindow is true, found nothing",
    ]);
    expect(restricted("nights")).toEqual(['restrictedExecutionWindow: expected an object, found "nights"']);
    expect(restricted({ days: [9, "MON"], whitelist: [{ startHour: "9" }], timezone: "Vienna" })).toEqual([
      "restrictedExecutionWindow.days[1]: expected a number from 1 (Sunday) to 7 (Saturday)",
      'restrictedExecutionWindow.whitelist[0].startHour: expected a number, found "9"',
      "restrictedExecutionWindow.whitelist[0].startMin: expected a number, found nothing",
      "restrictedExecutionWindow.whitelist[0].endHour: expected a number, found nothing",
      "restrictedExecutionWindow.whitelist[0].endMin: expected a number, found nothing",
      "restrictedExecutionWindow.days[0]: expected a whole number from 1 to 7, found 9",
      expect.stringContaining(
        'restrictedExecutionWindow.timezone: expected an IANA name such as "Europe/Vienna"',
      ),
    ]);
  });

  it("where an expression is no CEL, wherever it stands: it says that it should be", () => {
    expect(inStage({ stageEnabled: { type: "expression", expression: `\${ #stage('x') }` } })).toEqual([
      expect.stringContaining("stageEnabled.expression: expected a CEL expression, found #stage('x'): "),
    ]);
    expect(inStage({ deep: [{ image: `x:\${ 1 + }` }], context: { tag: `\${ open` } })).toEqual([
      expect.stringContaining("deep[0].image: expected a CEL expression, found 1 +: "),
      expect.stringContaining(`context.tag: expected a CEL expression, found \${ open: it opens with`),
    ]);
  });
});

describe("hostile input", () => {
  const polluted = (): unknown => Reflect.get({}, "polluted");

  it("is no way to the prototypes", () => {
    const text =
      '{"__proto__":{"polluted":1},"application":"a","name":"b","stages":[{"refId":"1","type":"nothing","context":{"__proto__":{"polluted":1}}}]}';
    expect(issuesOf(JSON.parse(text))).toEqual([
      "__proto__: expected another key than __proto__",
      "stages[0].context.__proto__: expected another key than __proto__",
    ]);
    expect(polluted()).toBeUndefined();
    expect(inStage({ type: "constructor" })[0]).toContain('found "constructor"');
    expect(inStage({ reducers: { a: "toString" } })[0]).toContain('found "toString"');
    expect(only({ constructor: "mine" })?.context).toEqual({ constructor: "mine" });
  });

  it("may be of any type", () => {
    for (const found of [
      undefined,
      null,
      1,
      "x",
      true,
      10n,
      Symbol("x"),
      () => 1,
      new Date(),
      new Map(),
      [],
      [1],
    ])
      expect(issuesOf(found).length).toBe(1);
    expect(issuesOf(new (class Odd {})())).toEqual([
      ": expected JSON, found an object of a class of its own",
    ]);
    expect(issuesOf([])).toEqual([": expected an object, found []"]);
    expect(issuesOf({}).length).toBe(3);
  });

  it("may hold itself, be endless, deep or huge, or throw when it is read", () => {
    const circle: Record<string, unknown> = { ...named([]) };
    circle.self = [circle];
    expect(issuesOf(circle)).toEqual(["self[0]: expected JSON, found an object that holds itself"]);
    let deep: unknown = "bottom";
    for (let level = 0; level < 20_000; level += 1) deep = level % 2 === 0 ? [deep] : { deep };
    expect(issuesOf(named(deep))).toEqual([
      expect.stringMatching(/: expected at most 100 levels, found more$/),
    ]);
    expect(issuesOf(named(new Array(4_000_000_000)))).toContainEqual(
      expect.stringMatching(/: expected at most 100000 values in all, found more$/),
    );
    const throwing = {
      get name() {
        throw new Error("no");
      },
    };
    expect(issuesOf(throwing)).toEqual([": expected JSON, found an object that can't be read"]);
    const endless: object = new Proxy(
      {},
      {
        ownKeys: () => ["a"],
        get: () => endless,
        getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }),
      },
    );
    expect(issuesOf(endless)[0]).toMatch(/holds itself|100 levels/);
  });

  it("may name very many stages, and very many references", () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ refId: `${index}`, type: "nothing" }));
    expect(issuesOf(named(many(1_000)))).toEqual([]);
    expect(issuesOf(named(many(1_001)))).toEqual(["stages: expected at most 1000 stages, found 1001"]);
    const requisiteStageRefIds = Array.from({ length: 90_000 }, (_, index) => `gone ${index}`);
    expect(inStage({ requisiteStageRefIds }).length).toBe(90_000);
    const chain = many(1_000).map((stage, index) => ({
      ...stage,
      requisiteStageRefIds: [`${(index + 1) % 1_000}`],
    }));
    expect(issuesOf(named(chain)).length).toBe(1);
  });
});
