/** How the stages of a pipeline look on the screen. The pictures are what a person sees. */
import { stripVTControlCharacters } from "node:util";
import picocolors from "picocolors";
import { describe, expect, it } from "vitest";
import { type DrawOptions, draw } from "../../lib/cli/pipeline/draw.js";
import { shownDuration } from "../../lib/cli/pipeline/words.js";
import { PipelineClient } from "../../lib/pipeline/client/client.js";
import type { StageView } from "../../lib/pipeline/client/view.js";
import type { Status } from "../../lib/pipeline/status.js";
import { broken, HOUR, type Make, PipelineBench, stage, waiting } from "./bench.js";

const T0 = 1_767_268_800_000;

/** What comes after what: `{ b: "a", d: "b c" }`; a stage without an entry comes first. */
function shape(
  after: Readonly<Record<string, string>>,
  statuses: Readonly<Record<string, Status>> = {},
): StageView[] {
  const upstreamOf = (refId: string): string[] => (after[refId] ?? "").split(" ").filter((id) => id !== "");
  const ids = Object.keys(after);
  return ids.map((refId) => ({
    refId,
    name: refId,
    type: "tasks",
    status: statuses[refId] ?? "SUCCEEDED",
    context: {},
    outputs: {},
    rounds: 0,
    repeats: 0,
    jumps: 0,
    tasks: [],
    upstream: upstreamOf(refId),
    downstream: ids.filter((id) => upstreamOf(id).includes(refId)),
    synthetic: [],
  }));
}

function picture(stages: readonly StageView[], options: Partial<DrawOptions> = {}): string {
  const colors = picocolors.createColors(false);
  return draw(stages, { executionId: "x-1", colors, width: undefined, now: T0, ...options }).join("\n");
}

/** The picture without the indentation of the test that holds it. */
function drawn([text = ""]: TemplateStringsArray): string {
  const lines = text.split("\n").slice(1, -1);
  const indent = Math.min(
    ...lines.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length),
  );
  return lines.map((line) => line.slice(indent)).join("\n");
}

describe("what leads to what", () => {
  it("goes straight down in a chain", () => {
    expect(picture(shape({ build: "", test: "build", deploy: "test" }, { deploy: "RUNNING" }))).toBe(drawn`
      ✓ build   SUCCEEDED
      ✓ test    SUCCEEDED
      ● deploy  RUNNING
    `);
  });

  it("hangs stages between the same stages on one lane", () => {
    expect(picture(shape({ a: "", b: "a", c: "a", d: "b c" }))).toBe(drawn`
      ✓ a    SUCCEEDED
      ├─✓ b  SUCCEEDED
      ├─✓ c  SUCCEEDED
      ✓ d    SUCCEEDED
    `);
  });

  it("begins and ends a lane with the stages that hang on it", () => {
    expect(picture(shape({ a: "", b: "", z: "a b" }))).toBe(drawn`
      ╭─✓ a  SUCCEEDED
      ├─✓ b  SUCCEEDED
      ✓ z    SUCCEEDED
    `);
    expect(picture(shape({ a: "", y: "a", z: "a" }))).toBe(drawn`
      ✓ a    SUCCEEDED
      ├─✓ y  SUCCEEDED
      ╰─✓ z  SUCCEEDED
    `);
  });

  it("has a lane for each branch, and joins them", () => {
    const branches = { a: "", b1: "a", b2: "b1", c1: "a", c2: "c1", d: "b2 c2" };
    expect(picture(shape(branches))).toBe(drawn`
      ✓   a   SUCCEEDED
      ├─╮
      ✓ │ b1  SUCCEEDED
      │ ✓ c1  SUCCEEDED
      ✓ │ b2  SUCCEEDED
      │ ✓ c2  SUCCEEDED
      ├─╯
      ✓   d   SUCCEEDED
    `);
  });

  it("tells a stage that waits for its neighbour, too, from one that does not", () => {
    expect(picture(shape({ a: "", b: "a", c: "a b", d: "c" }))).toBe(drawn`
      ✓   a  SUCCEEDED
      ├─╮
      ✓ │ b  SUCCEEDED
      ╰─┤
        ✓ c  SUCCEEDED
        ✓ d  SUCCEEDED
    `);
  });

  it("crosses lanes that go on behind", () => {
    expect(picture(shape({ a: "", b: "", c: "", x: "a c", y: "b", z: "a" }))).toBe(drawn`
      ✓       a  SUCCEEDED
      ├─╮
      │ │ ✓   b  SUCCEEDED
      │ │ │ ✓ c  SUCCEEDED
      ├─│─│─╯
      ✓ │ │   x  SUCCEEDED
        │ ✓   y  SUCCEEDED
        ✓     z  SUCCEEDED
    `);
  });

  it("sets those that nothing leads to or from apart, at the end", () => {
    expect(picture(shape({ alone: "", a: "", b: "a", single: "" }))).toBe(drawn`
      ✓ a       SUCCEEDED
      ✓ b       SUCCEEDED

      ✓ alone   SUCCEEDED

      ✓ single  SUCCEEDED
    `);
  });

  it("says it in words where there are too many lanes", () => {
    const ids = Array.from({ length: 17 }, (_, index) => String.fromCharCode(97 + index));
    const branches = Object.fromEntries(
      ids.flatMap((id) => [
        [`${id}1`, ""],
        [`${id}2`, `${id}1`],
      ]),
    );
    const lines = picture(shape({ ...branches, z: ids.map((id) => `${id}2`).join(" ") })).split("\n");
    expect(lines.length).toBe(35);
    expect(lines[0]).toBe("✓ a1  SUCCEEDED");
    expect(lines[17]).toBe("✓ a2  SUCCEEDED    after a1");
    expect(lines[34]).toBe("✓ z   SUCCEEDED    after a2, b2, c2 and 14 more");
  });
});

describe("a fan", () => {
  const wide = Array.from({ length: 100 }, (_, index) => `w${String(index).padStart(2, "0")}`);
  const fan = shape(
    { a: "", ...Object.fromEntries(wide.map((id) => [id, "a"])), z: wide.join(" ") },
    { w42: "TERMINAL", w50: "RUNNING", w51: "RUNNING", z: "NOT_STARTED" },
  );

  it("a hundred wide is folded, with what matters first", () => {
    expect(picture(fan)).toBe(drawn`
      ✓ a      SUCCEEDED
      ├─✗ w42  TERMINAL
      ├─● w50  RUNNING
      ├─● w51  RUNNING
      ├─✓ w00  SUCCEEDED
      ├─✓ w01  SUCCEEDED
      ├─✓ w02  SUCCEEDED
      ├─✓ w03  SUCCEEDED
      ├─✓ w04  SUCCEEDED
      ├─✓ w05  SUCCEEDED
      ├─✓ w06  SUCCEEDED
      ├─… and 90 more SUCCEEDED
      ○ z      NOT_STARTED
    `);
  });

  it("shows them all when asked", () => {
    expect(picture(fan, { all: true }).split("\n").length).toBe(102);
  });
});

async function of(
  make: Make,
  ms = HOUR,
  before?: (bench: PipelineBench) => Promise<void>,
): Promise<StageView[]> {
  const bench = new PipelineBench(make);
  await bench.run(ms);
  await before?.(bench);
  return [...(await new PipelineClient(bench.bench.client).show("x-1")).stages];
}

describe("why it does not go on", () => {
  const now = T0 + HOUR;

  it("says what to do for a stage that waits for somebody", async () => {
    const stages = await of((ran) => [
      stage(ran, "build"),
      waiting(ran, "judge it", { requisites: ["build"], name: "Manual judgment" }),
      stage(ran, "deploy", { requisites: ["judge it"] }),
    ]);
    expect(picture(stages, { now })).toBe(drawn`
      ✓ build                     SUCCEEDED    0ms
      ◐ judge it Manual judgment  SUSPENDED     1h
      │   waits for a signal: holdfast pipeline signal x-1 'judge it' --name …
      ○ deploy                    NOT_STARTED
    `);
  });

  it("says what failed, and what will never begin", async () => {
    const stages = await of((ran) => [
      broken(ran, "test", { failPipeline: false }),
      stage(ran, "deploy", { requisites: ["test"] }),
      waiting(ran, "beside"),
    ]);
    expect(picture(stages, { now })).toBe(drawn`
      ■ test    STOPPED      0ms
      │   TypeError: it broke
      ○ deploy  NOT_STARTED
          it will not begin: stage "test" halted

      ◐ beside  SUSPENDED     1h
          waits for a signal: holdfast pipeline signal x-1 beside --name …
    `);
  });

  it("says how an attempt failed and when the next is, in lines that fit", async () => {
    const stages = await of((ran) => [
      {
        refId: "push",
        tasks: [
          { name: "log in", run: () => ({}) },
          {
            name: "upload",
            retry: { maxAttempts: 9, initialInterval: "2h", maxInterval: "2h", jitter: "none" },
            run: () => {
              throw new TypeError("the registry\ndid not \u001b[31manswer within ten seconds");
            },
          },
        ],
      },
      stage(ran, "deploy", { requisites: ["push"] }),
    ]);
    const text = picture(stages, { now, width: 50 });
    expect(text.replace(/at \d.*$/m, "at …")).toBe(drawn`
      ● push    RUNNING      1h  task 2 of 2: upload
      │   attempt 1 of task upload failed: TypeError:
      │   the registry did not answer within ten seconds
      │   again at …
      ○ deploy  NOT_STARTED
    `);
  });

  it("names who holds a mutex, and the milestone", async () => {
    const stages = await of((ran) => [
      waiting(ran, "a", { mutex: "db" }),
      stage(ran, "b", { mutex: "db" }),
      stage(ran, "c", { milestone: { stage: "a", status: "SUCCEEDED" } }),
    ]);
    const text = picture(stages, { now });
    expect(text).toContain("waits for stage a, which has the same mutex");
    expect(text).toContain("waits for stage a to be SUCCEEDED");
  });
});

describe("stages that belong to others", () => {
  it("stand indented under them", async () => {
    const stages = await of((ran) => [
      {
        refId: "deploy",
        before: [{ name: "check", before: [{ name: "window" }] }],
        tasks: [{ name: "roll out", run: () => ({ status: "SUSPENDED" as const }) }],
        after: [{ name: "tidy" }],
      },
      stage(ran, "tell", { requisites: ["deploy"] }),
    ]);
    expect(picture(stages, { now: T0 + HOUR })).toBe(drawn`
      ◐ deploy                SUSPENDED     1h
      │   waits for a signal: holdfast pipeline signal x-1 deploy --name …
      │   ✓ before: check     SUCCEEDED    0ms
      │     ✓ before: window  SUCCEEDED    0ms
      │   ○ after: tidy       NOT_STARTED
      ○ tell                  NOT_STARTED
    `);
  });

  it("are summed up where they are many, but for those that somebody must look at", async () => {
    const stages = await of((ran) => [
      waiting(ran, "region", {
        instances: { of: 25 },
        run: ({ context, signaled }) =>
          context.index === 7 && signaled === undefined ? { status: "SUSPENDED" } : {},
      }),
    ]);
    expect(picture(stages, { now: T0 + HOUR })).toBe(drawn`
      ● region          RUNNING    1h
          25 instances: 24 SUCCEEDED, 1 SUSPENDED
          ◐ instance 8  SUSPENDED  1h
            waits for a signal: holdfast pipeline signal x-1 'region#8' --name …
    `);
    expect(picture(stages, { all: true }).split("\n").length).toBe(27);
  });
});

describe("on a terminal", () => {
  it("cuts names where it is narrow, colours statuses, and is never wider", async () => {
    const name = "a-name-that-nobody-would-give-to-a-stage-of-theirs";
    const stages = shape({ [name]: "", next: name }, { next: "RUNNING" });
    const text = picture(stages, { width: 40, colors: picocolors.createColors(true) });
    expect(text).toContain(picocolors.createColors(true).green("SUCCEEDED"));
    const lines = text.split("\n").map(stripVTControlCharacters);
    expect(lines[0]).toBe("✓ a-name-that-nobody-would…  SUCCEEDED");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  it.each([
    [0, "0ms"],
    [999, "999ms"],
    [59_999, "59s"],
    [130_000, "2m 10s"],
    [2 * HOUR, "2h"],
    [3 * 24 * HOUR + 5 * HOUR + 59_000, "3d 5h"],
  ])("shows %i ms as %s", (ms, text) => {
    expect(shownDuration(ms)).toBe(text);
  });
});
