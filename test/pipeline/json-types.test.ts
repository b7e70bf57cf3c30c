/** Types of stages: what they add to a stage, and where their code is. */
import { describe, expect, it } from "vitest";
import { InvalidDefinitionError } from "../../lib/model/errors.js";
import { InvalidPipelineError } from "../../lib/pipeline/errors.js";
import { BUILTIN_TYPES } from "../../lib/pipeline/json/builtin/index.js";
import { graphFromJson } from "../../lib/pipeline/json/graph-from-json.js";
import {
  type StageType,
  type StageTypeOptions,
  StageTypes,
  stageType,
} from "../../lib/pipeline/json/stage-type.js";
import type { JsonObject } from "../../lib/pipeline/json-value.js";

const note = stageType({ type: "note", tasks: [{ name: "tell", run: () => {} }] });
const typed = (options: Partial<StageTypeOptions>): StageType =>
  stageType({ type: "deploy", tasks: [], ...options });
const stageOf = (type: StageType, context: JsonObject = {}) =>
  graphFromJson(
    { application: "shop", name: "release", stages: [{ refId: "a", type: "deploy", ...context }] },
    new StageTypes([type, note, ...BUILTIN_TYPES]),
  ).stages[0];

function issuesOf(type: StageType, context: JsonObject = {}): string[] {
  try {
    stageOf(type, context);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidPipelineError)) throw error;
    return error.issues.map(({ path, message }) => `${path}: ${message}`);
  }
}

describe("a type of stages", () => {
  it("gives its stages their tasks, without the code", () => {
    const retry = { maxAttempts: 2 };
    const deploy = typed({
      tasks: [
        { name: "plan", run: () => {}, onCancel: () => {}, retry, timeout: "1m" },
        { name: "apply", run: () => {} },
      ],
    });
    expect(stageOf(deploy)?.tasks).toEqual([{ name: "plan", retry, timeout: "1m" }, { name: "apply" }]);
  });

  it("makes parts of a stage's context, with parts of their own", () => {
    const deploy = typed({
      before: ({ approve }) => (approve === true ? [{ type: "manualJudgment", name: "Approve" }] : []),
      after: ({ bake }) => [{ type: "outer", context: { waitTime: bake ?? 0 }, failPipeline: false }],
      onFailure: () => [{ type: "note", continuePipelineOnFailure: true }],
    });
    const outer = stageType({ type: "outer", tasks: [], before: (context) => [{ type: "wait", context }] });
    const types = new StageTypes([deploy, outer, note, ...BUILTIN_TYPES]);
    const [stage] = graphFromJson(
      { application: "a", name: "b", stages: [{ refId: "a", type: "deploy", approve: true, bake: 5 }] },
      types,
    ).stages;
    const seen = (parts: typeof stage extends infer S ? S : never, field: "before" | "after" | "onFailure") =>
      parts?.[field].map(({ refId, type, name, context, tasks }) => ({ refId, type, name, context, tasks }));
    expect(seen(stage, "before")).toEqual([
      { refId: "a<1", type: "manualJudgment", name: "Approve", context: {}, tasks: [{ name: "judge" }] },
    ]);
    expect(seen(stage, "after")).toEqual([
      { refId: "a>1", type: "outer", name: "outer", context: { waitTime: 5 }, tasks: [] },
    ]);
    expect(seen(stage?.after[0], "before")).toEqual([
      { refId: "a>1<1", type: "wait", name: "wait", context: { waitTime: 5 }, tasks: [{ name: "wait" }] },
    ]);
    expect(stage?.after[0]?.failPipeline).toBe(false);
    expect(stage?.onFailure[0]).toMatchObject({ refId: "a!1", continuePipelineOnFailure: true });
  });

  it("names parts that can't be built, that are no parts, or of which one is within itself", () => {
    const built = (build: unknown): string[] =>
      issuesOf(typed({ before: build as StageTypeOptions["before"] & {} }));
    expect(built(() => JSON.parse("{"))).toEqual([
      expect.stringContaining('stages[0].before: stage type "deploy" could not build its parts: '),
    ]);
    expect(built(() => "wait")).toEqual([
      'stages[0].before: expected stage type "deploy" to build a list of parts, found "wait"',
    ]);
    expect(built(() => [{ type: "gone" }, 5, {}])).toEqual([
      expect.stringContaining("stages[0].before[0].type: expected one of checkPreconditions, deploy,"),
      "stages[0].before[1]: expected an object, found 5",
      "stages[0].before[2].type: expected text of 1 to 256 bytes, found nothing",
    ]);
    expect(built(() => [{ type: "wait", context: { waitTime: -1 } }])).toEqual([
      expect.stringContaining("stages[0].before[0].context.waitTime: expected a number of seconds from 0"),
    ]);
    expect(built(() => [{ type: "deploy" }])).toEqual([
      'stages[0].before[0].type: "deploy" belongs to itself: deploy → deploy',
    ]);
  });

  it("may find something wrong with a context, wherever it stands", () => {
    const deploy = typed({
      check: ({ image, tag }) => [
        ...(image === undefined ? [{ path: "image", message: "expected an image, found nothing" }] : []),
        ...(tag === 1 ? [{ path: "tag", message: "expected text, found 1" }] : []),
      ],
    });
    expect(issuesOf(deploy, { context: { tag: 1 } })).toEqual([
      "stages[0].image: expected an image, found nothing",
      "stages[0].context.tag: expected text, found 1",
    ]);
    const broken = typed({
      check: () => {
        throw new TypeError("no");
      },
    });
    expect(issuesOf(broken)).toEqual(['stages[0]: stage type "deploy" could not check its context: no']);
  });

  it("is asked whether expressions that it judges itself can be read", () => {
    const context = { script: `echo \${ #HOME }`, image: `\${ #x }` };
    expect(issuesOf(typed({ raw: ["script"] }), context)).toEqual([
      expect.stringContaining("stages[0].image: expected a CEL expression"),
    ]);
  });

  it("can't have names that no step can have, or two tasks of one name", () => {
    const task = { name: "work", run: () => {} };
    for (const wrong of [
      { type: "" },
      { type: "x".repeat(257) },
      { tasks: [task, task] },
      { tasks: [{ ...task, name: "" }] },
      { tasks: [{ ...task, name: "x".repeat(101) }] },
    ])
      expect(() => typed(wrong), JSON.stringify(wrong)).toThrow(InvalidDefinitionError);
  });
});

describe("types of stages", () => {
  it("find a task's code by type and task, whatever the stage's id", () => {
    const onCancel = () => "canceled";
    const run = () => {};
    const { library } = new StageTypes([typed({ tasks: [{ name: "plan", run, onCancel }] }), note]);
    expect(library.codeOf({ refId: "a", type: "deploy" }, "plan")).toEqual({ run, onCancel });
    expect(library.codeOf({ refId: "b>1", type: "deploy" }, "plan")).toEqual({ run, onCancel });
    expect(library.codeOf({ refId: "a", type: "deploy" }, "tell")).toBeUndefined();
    expect(library.codeOf({ refId: "a", type: "constructor" }, "name")).toBeUndefined();
    expect(library.evaluate("a + 'b'", { a: "a" })).toBe("ab");
  });

  it("have one of each name", () => {
    expect(() => new StageTypes([note, typed({}), note])).toThrow(/two stage types "note"/);
    expect(new StageTypes(BUILTIN_TYPES).names).toEqual([
      "checkPreconditions",
      "evaluateVariables",
      "manualJudgment",
      "pipeline",
      "wait",
    ]);
  });
});
