// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions stand in such texts
/** Stages that every deployment has, in pipelines from JSON, on the engine. */
import { describe, expect, it } from "vitest";
import { workflow } from "../../lib/define/workflow.js";
import { InvalidPipelineError, PipelineFailedError } from "../../lib/pipeline/errors.js";
import { BUILTIN_TYPES } from "../../lib/pipeline/json/builtin/index.js";
import { wait } from "../../lib/pipeline/json/builtin/wait.js";
import { graphFromJson } from "../../lib/pipeline/json/graph-from-json.js";
import { StageTypes, stageType } from "../../lib/pipeline/json/stage-type.js";
import type { JsonObject } from "../../lib/pipeline/json-value.js";
import { interpret, type PipelineResult } from "../../lib/pipeline/run.js";
import { signalNameOf } from "../../lib/pipeline/signals.js";
import type { PipelineState } from "../../lib/pipeline/state.js";
import { replayHistory } from "../../lib/testing/replay-history.js";
import { Bench } from "../runtime/bench.js";

const SECOND = 1_000;

/** A pipeline from JSON, on the test cloud. Each stage waits for the one before it. */
class JsonBench {
  readonly bench: Bench;
  readonly #types: StageTypes;
  readonly #graph;
  readonly #workflow;
  /** Contexts that stages of the type `see` were given. */
  readonly seen: JsonObject[] = [];

  constructor(...stages: readonly JsonObject[]) {
    const see = stageType({
      type: "see",
      tasks: [{ name: "see", run: ({ context }) => void this.seen.push(context) }],
    });
    // Waits, and so does what belongs to it.
    const rest = stageType({
      type: "rest",
      tasks: wait.tasks,
      after: ({ waitTime = 0 }) => [{ type: "wait", context: { waitTime } }],
    });
    const lines = stages.map((stage, index) => ({
      refId: `${index + 1}`,
      requisiteStageRefIds: index === 0 ? [] : [`${index}`],
      ...stage,
    }));
    this.#types = new StageTypes([...BUILTIN_TYPES, see, rest]);
    this.#graph = graphFromJson({ application: "shop", name: "release", stages: lines }, this.#types);
    this.#workflow = this.#observed(() => {});
    this.bench = new Bench([this.#workflow]);
  }

  async run(trigger: JsonObject = {}): Promise<this> {
    await this.bench.start(this.#workflow, trigger);
    await this.bench.cloud.settle();
    return this;
  }

  async signal(stage: string, name: string, data?: JsonObject): Promise<void> {
    await this.bench.client.signal("x-1", signalNameOf(stage), {
      name,
      ...(data === undefined ? {} : { data }),
    });
    await this.bench.cloud.settle();
  }

  async result(): Promise<PipelineResult | undefined> {
    return (await this.bench.output()) as PipelineResult | undefined;
  }

  async failure(): Promise<string> {
    const error = await this.bench.error();
    expect(error).toMatchObject({ name: PipelineFailedError.name });
    return error instanceof Error ? error.message : String(error);
  }

  /** From a replay of its history: what it comes to again is what came of it. */
  async state(): Promise<PipelineState> {
    let state: PipelineState | undefined;
    const observed = this.#observed((now) => {
      state = now;
    });
    await replayHistory(await this.bench.client.history("x-1"), observed);
    if (state === undefined) throw new Error("The pipeline has not begun.");
    return state;
  }

  async status(stage: string): Promise<string | undefined> {
    return (await this.state()).stages.get(stage)?.status;
  }

  #observed(seen: (state: PipelineState) => void) {
    return workflow("release", interpret(this.#graph, this.#types.library, seen));
  }
}

function issuesOf(stage: JsonObject): string[] {
  try {
    new JsonBench(stage);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidPipelineError)) throw error;
    return error.issues.map(({ path, message }) => `${path}: ${message}`.replace("stages[0].", ""));
  }
}

describe("wait", () => {
  it("lets so many seconds go by, and nothing runs in them", async () => {
    const bench = await new JsonBench({ type: "wait", waitTime: 90 }, { type: "see" }).run();
    await bench.bench.cloud.advance(89 * SECOND);
    expect(bench.seen).toEqual([]);
    expect(await bench.status("1")).toBe("RUNNING");
    await bench.bench.cloud.advance(2 * SECOND);
    expect(bench.seen).toEqual([{}]);
    const { stages } = (await bench.result()) ?? {};
    expect(stages?.["1"]).toEqual({ status: "SUCCEEDED", outputs: {} });
    // Once to begin the wait, once to end it.
    const story = await bench.bench.story();
    expect(story.filter((line) => line.startsWith("StepCompleted")).length).toBe(3);
  });

  it.each([
    ["${ trigger.pause * 2.0 }", { pause: 30 }],
    ["trigger.pause * 2.0", { pause: 30 }],
    ["60", {}],
    ["${ trigger.pause }", { pause: "60" }],
  ])("may be told how long by an expression: %s", async (waitTime, trigger) => {
    const bench = await new JsonBench({ type: "wait", waitTime }).run(trigger);
    await bench.bench.cloud.advance(59 * SECOND);
    expect(await bench.result()).toBeUndefined();
    await bench.bench.cloud.advance(2 * SECOND);
    expect((await bench.result())?.status).toBe("SUCCEEDED");
  });

  it("may be of no time at all", async () => {
    const bench = await new JsonBench({ type: "wait", waitTime: 0 }).run();
    expect((await bench.result())?.status).toBe("SUCCEEDED");
  });

  it("waits anew where one belongs to another stage, and where the pipeline waits twice", async () => {
    const bench = await new JsonBench(
      { type: "wait", waitTime: 10 },
      { type: "rest", waitTime: 20 },
      { type: "wait", waitTime: 30 },
    ).run();
    await bench.bench.cloud.advance(78 * SECOND);
    expect(await bench.result()).toBeUndefined();
    await bench.bench.cloud.advance(5 * SECOND);
    expect((await bench.result())?.status).toBe("SUCCEEDED");
  });

  it("fails its stage at once where an expression gives no time", async () => {
    const late = await new JsonBench({ type: "wait", waitTime: "${ trigger.pause }" }).run({ pause: -1 });
    expect(await late.failure()).toContain(
      "waitTime: expected a number of seconds from 0 to 31622400, found -1",
    );
    const gone = await new JsonBench({ type: "wait", waitTime: "${ trigger.pause }" }).run();
    expect(await gone.failure()).toContain(
      "The CEL expression trigger.pause can't be judged: No such key: pause.",
    );
  });

  it("is refused without a time that it could wait", () => {
    const expected = "expected a number of seconds from 0 to 31622400, or a CEL expression that gives one";
    expect(issuesOf({ type: "wait" })).toEqual([`waitTime: ${expected}, found nothing`]);
    expect(issuesOf({ type: "wait", waitTime: -1 })).toEqual([`waitTime: ${expected}, found -1`]);
    expect(issuesOf({ type: "wait", waitTime: [] })).toEqual([`waitTime: ${expected}, found []`]);
    expect(issuesOf({ type: "wait", context: { waitTime: "1 +" } })).toEqual([
      "context.waitTime: expected a CEL expression, found 1 +: Unexpected token: EOF",
    ]);
  });
});

describe("manualJudgment", () => {
  const judge = { type: "manualJudgment", name: "Ship it?" };

  it("waits until somebody says go on, and tells who", async () => {
    const bench = await new JsonBench(judge, { type: "see" }).run();
    await bench.bench.cloud.advance(40 * 86_400 * SECOND);
    expect(await bench.status("1")).toBe("SUSPENDED");
    await bench.signal("1", "judgment", { decision: "continue", by: "ada", input: "blue" });
    const outputs = { judgmentStatus: "continue", judgedBy: "ada", judgmentInput: "blue" };
    expect((await bench.result())?.stages["1"]).toEqual({ status: "SUCCEEDED", outputs });
    expect(bench.seen).toEqual([outputs]);
  });

  it("fails its stage, with who said so, where somebody says stop", async () => {
    const bench = await new JsonBench(judge, { type: "see" }).run();
    await bench.signal("1", "judgment", { decision: "stop", by: "ada" });
    expect(await bench.failure()).toContain('stage "1" is TERMINAL (stage "Ship it?" was stopped by ada)');
    expect((await bench.state()).stages.get("1")?.outputs).toEqual({
      judgmentStatus: "stop",
      judgedBy: "ada",
    });
    expect(bench.seen).toEqual([]);
  });

  it("goes on after a stop where its failure does not end the pipeline", async () => {
    const bench = await new JsonBench({ ...judge, continuePipelineOnFailure: true }, { type: "see" }).run();
    await bench.signal("1", "judgment", { decision: "stop" });
    expect(bench.seen).toEqual([{ judgmentStatus: "stop" }]);
    expect((await bench.state()).stages.get("1")?.error?.message).toContain(
      "stopped by somebody who gave no name",
    );
  });

  it("still waits after a signal that is no judgment, and shows why", async () => {
    const bench = await new JsonBench(judge).run();
    await bench.signal("1", "hurry", { decision: "continue" });
    expect(await bench.status("1")).toBe("SUSPENDED");
    await bench.signal("1", "judgment", { decision: "maybe", by: 7 });
    expect(await bench.status("1")).toBe("SUSPENDED");
    expect((await bench.state()).stages.get("1")?.context.judgmentIgnored).toBe(
      'decision: expected one of continue, stop, found "maybe"; by: expected text, found 7',
    );
    await bench.signal("1", "judgment");
    expect(await bench.status("1")).toBe("SUSPENDED");
    await bench.signal("1", "judgment", { decision: "continue" });
    expect((await bench.result())?.stages["1"]?.outputs).toEqual({ judgmentStatus: "continue" });
  });

  it("takes no other inputs than those that it offers, and needs one to go on", async () => {
    const bench = await new JsonBench({
      ...judge,
      judgmentInputs: [{ value: "blue" }, { value: "green" }],
    }).run();
    for (const input of ["red", undefined]) {
      const data = { decision: "continue", ...(input === undefined ? {} : { input }) };
      await bench.signal("1", "judgment", data);
      expect(await bench.status("1")).toBe("SUSPENDED");
      expect((await bench.state()).stages.get("1")?.context.judgmentIgnored).toBe(
        `input: expected one of blue, green, found ${input ?? "nothing"}`,
      );
    }
    await bench.signal("1", "judgment", { decision: "continue", input: "green" });
    expect((await bench.result())?.stages["1"]?.outputs.judgmentInput).toBe("green");
    const stopped = await new JsonBench({ ...judge, judgmentInputs: [{ value: "blue" }] }).run();
    await stopped.signal("1", "judgment", { decision: "stop" });
    expect(await stopped.status("1")).toBe("TERMINAL");
  });

  it("is refused with inputs that are none", () => {
    expect(issuesOf({ type: "manualJudgment", judgmentInputs: ["blue", { value: 1 }, {}] })).toEqual([
      'judgmentInputs[0]: expected an object, found "blue"',
      "judgmentInputs[1].value: expected text, found 1",
      "judgmentInputs[2].value: expected text, found nothing",
    ]);
  });
});

describe("checkPreconditions", () => {
  const precondition = (expression: string, more: JsonObject = {}, context: JsonObject = {}): JsonObject => ({
    type: "expression",
    context: { expression, ...context },
    ...more,
  });
  const checking = (...preconditions: JsonObject[]): JsonObject => ({
    type: "checkPreconditions",
    preconditions,
  });

  it("goes on where all are true, of the trigger and of what came before", async () => {
    const bench = await new JsonBench(
      { type: "evaluateVariables", variables: [{ key: "image", value: "shop" }] },
      checking(precondition("${ trigger.env == 'prod' }"), precondition("image == 'shop'")),
      checking(),
    ).run({ env: "prod" });
    expect((await bench.result())?.status).toBe("SUCCEEDED");
  });

  it("fails its stage where one is not, with its own words or ours", async () => {
    const own = { failureMessage: "no release to ${ trigger.env }" };
    const bench = await new JsonBench(
      checking(
        precondition("true"),
        precondition("trigger.env == 'prod'", {}, own),
        precondition("trigger.env"),
        precondition("'yes'", { failPipeline: false }),
      ),
      { type: "see" },
    ).run({ env: "dev" });
    expect(await bench.failure()).toContain(
      'stage "1" is TERMINAL (no release to dev; expected trigger.env to be true, found "dev"; expected \'yes\' to be true, found "yes")',
    );
    expect(bench.seen).toEqual([]);
  });

  it("stops what comes after it alone, where what failed says so", async () => {
    const bench = await new JsonBench(checking(precondition("false", { failPipeline: false })), {
      type: "see",
    }).run();
    expect(await bench.status("1")).toBe("STOPPED");
    expect((await bench.result())?.status).toBe("SUCCEEDED");
    expect(bench.seen).toEqual([]);
  });

  it("fails its stage where one can't be judged, saying that it is CEL", async () => {
    const bench = await new JsonBench(checking(precondition("gone > 1"))).run();
    expect(await bench.failure()).toContain(
      "The CEL expression gone > 1 can't be judged: Unknown variable: gone",
    );
    expect((await bench.bench.story()).filter((line) => /^Step(Attempt)?Failed/.test(line))).toEqual([]);
  });

  it("is refused with conditions that can't be read", () => {
    expect(issuesOf({ type: "checkPreconditions" })).toEqual([
      "preconditions: expected a list of preconditions, found nothing",
    ]);
    expect(
      issuesOf(
        checking(
          { type: "clusterSize" },
          precondition("1 +", { failPipeline: "no" }, { failureMessage: "${ #x }" }),
        ),
      ),
    ).toEqual([
      'preconditions[0].type: expected expression, found "clusterSize"',
      "preconditions[0].context.expression: expected text with a CEL expression, found nothing",
      'preconditions[1].failPipeline: expected true or false, found "no"',
      "preconditions[1].context.expression: expected a CEL expression, found 1 +: Unexpected token: EOF",
      "preconditions[1].context.failureMessage: expected a CEL expression, found #x: Unexpected character: #",
    ]);
  });
});

describe("evaluateVariables", () => {
  const evaluating = (...variables: JsonObject[]): JsonObject => ({ type: "evaluateVariables", variables });

  it("gives its variables to what comes after it, each of them seeing those before it", async () => {
    const bench = await new JsonBench(
      { ...evaluating({ key: "tag", value: "${ trigger.tag }" }), repository: "own" },
      evaluating(
        { key: "image", value: "${ tag }-${ trigger.build }" },
        { key: "full", value: { name: "registry/${ image }", plain: "trigger.tag", n: 1 } },
        { key: "image", value: "${ image + '!' }" },
        { key: "count", value: "${ size(image) }" },
        { key: "none", value: null },
      ),
      { type: "see" },
    ).run({ tag: "v7", build: 12 });
    expect(bench.seen).toEqual([
      {
        tag: "v7",
        image: "v7-12!",
        full: { name: "registry/v7-12", plain: "trigger.tag", n: 1 },
        count: 6,
        none: null,
      },
    ]);
  });

  it("fails its stage where one can't be judged, and gives none of them", async () => {
    const bench = await new JsonBench(
      evaluating({ key: "a", value: 1 }, { key: "b", value: "x${ gone }" }),
    ).run();
    expect(await bench.failure()).toContain(
      "The CEL expression gone can't be judged: Unknown variable: gone",
    );
    expect((await bench.state()).stages.get("1")?.outputs).toEqual({});
  });

  it("is refused with variables that can't be", () => {
    expect(issuesOf({ type: "evaluateVariables", variables: {} })).toEqual([
      "variables: expected a list, found {}",
    ]);
    expect(
      issuesOf(evaluating({ value: 1 }, { key: "__proto__" }, { key: "trigger", value: ["${ 1 + }"] })),
    ).toEqual([
      "variables[0].key: expected text of 1 to 256 bytes, found nothing",
      "variables[1].key: expected another name than __proto__, which is taken",
      "variables[2].key: expected another name than trigger, which is taken",
      "variables[2].value[0]: expected a CEL expression, found 1 +: Unexpected token: EOF",
    ]);
  });
});
