// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is what definitions hold
/** Pipelines that come as data, run by the engine. */
import { InvalidInputError } from "holdfast";
import { describe, expect, it } from "vitest";
import { DurableClient } from "../../lib/client/client.js";
import { PipelineClient } from "../../lib/pipeline/client/client.js";
import { pipelinesFromJson } from "../../lib/pipeline/json/from-json.js";
import { stageType } from "../../lib/pipeline/json/stage-type.js";
import { pipeline } from "../../lib/pipeline/pipeline.js";
import { Bench } from "../runtime/bench.js";
import { DAY, HOUR, MINUTE, stage } from "./bench.js";

function opened(ran: string[] = []) {
  const seen: unknown[] = [];
  const show = stageType({
    type: "show",
    tasks: [
      {
        name: "show",
        run: ({ context, stage: { refId } }) => {
          ran.push(refId);
          seen.push(context.text ?? null);
          return { outputs: { shown: context.text ?? null } };
        },
      },
    ],
  });
  const sub = pipeline({
    application: "shop",
    name: "deploy",
    stages: [stage(ran, "inner", { gives: { outputs: { url: "u" } } })],
  });
  const runner = pipelinesFromJson("pipelines", { types: [show], pipelines: [sub] });
  const bench = new Bench([runner]);
  const run = async (stages: readonly object[], more: object = {}, trigger: object = {}) => {
    await bench.start(runner, { definition: { application: "shop", name: "p", stages, ...more }, trigger });
    await bench.cloud.settle();
  };
  return { bench, run, ran, seen };
}

describe("a pipeline that comes as JSON", () => {
  it("runs its stages, what stands in ${ } filled in from what came before and from the trigger", async () => {
    const { bench, run, seen } = opened();
    await run(
      [
        {
          refId: "vars",
          type: "evaluateVariables",
          variables: [{ key: "tag", value: "${ trigger.version + 1 }" }],
        },
        { refId: "a", type: "show", requisiteStageRefIds: ["vars"], text: "image:${ tag }" },
        {
          refId: "b",
          type: "show",
          requisiteStageRefIds: ["a"],
          stageEnabled: { type: "expression", expression: "${ tag > 7 && trigger.env == 'prod' }" },
          text: "${ shown }",
        },
      ],
      {},
      { version: 7, env: "prod" },
    );
    expect(seen).toEqual(["image:8", "image:8"]);
    expect(await bench.output()).toMatchObject({ status: "SUCCEEDED" });
  });

  it("never looks for expressions in what a stage gave", async () => {
    const { run, seen } = opened();
    await run([
      { refId: "a", type: "show", text: '${ "${" }trigger }' },
      { refId: "b", type: "show", requisiteStageRefIds: ["a"], text: "${ shown }" },
    ]);
    expect(seen).toEqual(["${trigger }", "${trigger }"]);
  });

  it("fails a stage whose expression can't be judged, as it says of its failures", async () => {
    const { bench, run, ran } = opened();
    await run([
      { refId: "a", type: "show", text: "${ nothing }", continuePipelineOnFailure: true },
      { refId: "b", type: "show", requisiteStageRefIds: ["a"] },
    ]);
    expect(ran).toEqual(["b"]);
    expect(await bench.output()).toMatchObject({ stages: { a: { status: "FAILED_CONTINUE" } } });
  });

  it("is refused at the start with all that is wrong with it, and nothing begins", async () => {
    const { bench, run } = opened();
    const refused = run([
      { refId: "a", type: "nothing", requisiteStageRefIds: ["b"] },
      { refId: "a", type: "show", requisiteStageRefIds: ["a"] },
    ]);
    await expect(refused).rejects.toThrow(InvalidInputError);
    await expect(refused).rejects.toThrow(/stages\[0\]\.type.*nothing[\s\S]*"b"[\s\S]*waits for itself/);
    expect(await bench.store.readHead("x-1")).toBeUndefined();
    await expect(
      bench.start([...bench.app.workflows.values()][0] as never, { definition: 7 }),
    ).rejects.toThrow(InvalidInputError);
  });

  it("waits, and asks somebody, with the built-in types", async () => {
    const { bench, run, ran } = opened();
    await run([
      { refId: "w", type: "wait", waitTime: 600 },
      { refId: "j", type: "manualJudgment", requisiteStageRefIds: ["w"] },
      { refId: "z", type: "show", requisiteStageRefIds: ["j"] },
    ]);
    await bench.cloud.advance(11 * MINUTE);
    expect(ran).toEqual([]);
    await bench.client.signal("x-1", "stage j", {
      name: "judgment",
      data: { decision: "continue", by: "Ada" },
    });
    await bench.cloud.settle();
    expect(ran).toEqual(["z"]);
    expect(await bench.output()).toMatchObject({ outputs: { judgedBy: "Ada" } });
  });

  it("begins a stage when its window opens", async () => {
    const { bench, run, ran } = opened();
    // The test cloud's clock begins on a Thursday at noon.
    await run([
      {
        refId: "a",
        type: "show",
        restrictExecutionDuringTimeWindow: true,
        restrictedExecutionWindow: {
          days: [6],
          whitelist: [{ startHour: 9, startMin: 30, endHour: 10, endMin: 0 }],
        },
      },
    ]);
    await bench.cloud.advance(21 * HOUR);
    expect(ran).toEqual([]);
    await bench.cloud.advance(30 * MINUTE);
    expect(ran).toEqual(["a"]);
  });

  it("runs another pipeline of the app by its name", async () => {
    const { bench, run } = opened();
    await run(
      [
        {
          refId: "ship",
          type: "pipeline",
          pipeline: "deploy",
          pipelineParameters: { to: "${ trigger.to }" },
        },
      ],
      {},
      { to: "eu" },
    );
    expect(await bench.output()).toMatchObject({
      stages: { ship: { status: "SUCCEEDED", outputs: { ship: { url: "u" } } } },
    });
  });

  it("that had to begin by a time is canceled after it", async () => {
    const { bench, run, ran } = opened();
    await run([{ refId: "a", type: "show" }], { startTimeExpiry: bench.cloud.clock.now() - DAY });
    expect(ran).toEqual([]);
    expect(String(await bench.error())).toContain('stage "a" is CANCELED (it was to begin before');
  });

  it("is read without the code of its types, steered, and restarted", async () => {
    const { bench, run, ran } = opened();
    await run(
      [
        { refId: "a", type: "show", text: "${ trigger.n }" },
        {
          refId: "j",
          type: "manualJudgment",
          requisiteStageRefIds: ["a"],
          instructions: "Look at ${ shown }.",
        },
        { refId: "z", type: "show", requisiteStageRefIds: ["j"] },
      ],
      {},
      { n: 5 },
    );
    const pipelines = new PipelineClient(
      new DurableClient({ outside: bench.cloud.client(), workflows: [...bench.app.workflows.values()] }),
    );
    const view = await pipelines.show("x-1");
    expect(view).toMatchObject({ application: "shop", name: "p", trigger: { n: 5 }, status: "RUNNING" });
    expect(view.stages[1]).toMatchObject({
      refId: "j",
      status: "SUSPENDED",
      context: { instructions: "Look at 5." },
    });
    await pipelines.signal("x-1", "j", { name: "judgment", data: { decision: "stop", by: "Ada" } });
    await bench.cloud.settle();
    expect(await pipelines.summary("x-1")).toMatchObject({ status: "TERMINAL", trigger: { n: 5 } });
    const again = await pipelines.restart("x-1", "j");
    await bench.cloud.settle();
    expect(ran).toEqual(["a"]);
    expect(await pipelines.show(again.executionId)).toMatchObject({
      restartedFrom: "x-1",
      status: "RUNNING",
      trigger: { n: 5 },
      stages: [{ status: "SUCCEEDED" }, { status: "SUSPENDED" }, { status: "NOT_STARTED" }],
    });
  });

  it("shares places with others of its configuration alone", async () => {
    const { bench, ran } = opened();
    const [runner] = [...bench.app.workflows.values()];
    const start = (id: string, config: string) =>
      bench.start(
        runner as never,
        {
          definition: {
            application: "shop",
            name: "p",
            id: config,
            limitConcurrent: true,
            stages: [
              { refId: id, type: "show" },
              { refId: "w", type: "wait", waitTime: 3_600 },
            ],
          },
        },
        id,
      );
    await start("one", "cfg-1");
    await start("two", "cfg-2");
    await start("three", "cfg-1");
    await bench.cloud.advance(MINUTE);
    expect(ran).toEqual(["one", "two"]);
    await bench.cloud.advance(2 * HOUR);
    expect(ran).toEqual(["one", "two", "three"]);
  });
});
