/** What is refused before anything of it runs. */
import { describe, expect, it } from "vitest";
import { InvalidPipelineError } from "../../lib/pipeline/errors.js";
import { pipeline, type StageOptions } from "../../lib/pipeline/pipeline.js";

function issuesOf(stages: readonly StageOptions[]): string[] {
  try {
    pipeline({ application: "shop", name: "release", stages });
    return [];
  } catch (error) {
    if (!(error instanceof InvalidPipelineError)) throw error;
    return error.issues.map(({ path, message }) => `${path}: ${message}`);
  }
}

function thrownBy(make: () => unknown): InvalidPipelineError {
  try {
    make();
  } catch (error) {
    if (error instanceof InvalidPipelineError) return error;
    throw error;
  }
  throw new Error("Nothing was refused.");
}

describe("a pipeline's definition", () => {
  it("may have any shape without circles", () => {
    expect(
      issuesOf([{ refId: "a" }, { refId: "b", requisites: ["a"] }, { refId: "c", requisites: ["a", "b"] }]),
    ).toEqual([]);
    expect(issuesOf([])).toEqual([]);
  });

  it("names a stage that is there twice", () => {
    expect(issuesOf([{ refId: "a" }, { refId: "a" }])).toEqual([
      'stages[1].refId: "a" is stage 0\'s, too; each stage needs one of its own',
    ]);
  });

  it("names a stage that waits for one that is not there, or for itself", () => {
    expect(
      issuesOf([
        { refId: "a", requisites: ["gone"] },
        { refId: "b", requisites: ["b"] },
      ]),
    ).toEqual([
      'stages[0].requisites[0]: stage "a" waits for "gone", and there is no such stage',
      'stages[1].requisites[0]: stage "b" waits for itself',
    ]);
  });

  it("names every member of a circle, once", () => {
    expect(
      issuesOf([
        { refId: "start" },
        { refId: "a", requisites: ["start", "c"] },
        { refId: "b", requisites: ["a"] },
        { refId: "c", requisites: ["b"] },
        { refId: "end", requisites: ["c"] },
      ]),
    ).toEqual(["stages[1].requisites: stages wait for each other: a → c → b → a"]);
  });

  it("names a stage that waits for one twice: a quorum would count it twice", () => {
    expect(issuesOf([{ refId: "a" }, { refId: "b", requisites: ["a", "a"] }])).toEqual([
      'stages[1].requisites[1]: stage "b" waits for "a" more than once',
    ]);
  });

  it("names each of several circles, and none of those that only wait for one", () => {
    expect(
      issuesOf([
        { refId: "a", requisites: ["b"] },
        { refId: "b", requisites: ["a"] },
        { refId: "between", requisites: ["a"] },
        { refId: "c", requisites: ["d", "between"] },
        { refId: "d", requisites: ["c"] },
        { refId: "end", requisites: ["d"] },
      ]),
    ).toEqual([
      "stages[0].requisites: stages wait for each other: a → b → a",
      "stages[3].requisites: stages wait for each other: c → d → c",
    ]);
  });

  it("is judged soon, however many stages wait for however many", { timeout: 60_000 }, () => {
    const wide = Array.from({ length: 400 }, (_, index) => `s${index}`);
    const dense = wide.map((refId, index) => ({ refId, requisites: wide.slice(0, index) }));
    expect(issuesOf(dense)).toEqual([]);
    const all = wide.map((refId) => ({ refId, requisites: wide.filter((other) => other !== refId) }));
    const told = issuesOf(all).join(" ");
    expect(wide.filter((refId) => !told.includes(` ${refId} → `))).toEqual([]);
  });

  it("names an id of which no name of a step can be made", () => {
    expect(issuesOf([{ refId: "é".repeat(51) }, { refId: "a#1" }])).toEqual([
      expect.stringContaining("stages[0].refId: expected at most 100 bytes, found "),
      expect.stringContaining('stages[1].refId: "a#1" has one of < > ! #'),
    ]);
  });

  it("says the first of very many issues, and how many there are", () => {
    const stages = Array.from({ length: 500 }, () => ({ refId: "x".repeat(2_000) }));
    const refused = thrownBy(() => pipeline({ application: "shop", name: "release", stages }));
    expect(refused.issues.length).toBe(999);
    expect(refused.message).toContain("\n  and 987 more");
    expect(refused.message.length).toBeLessThan(6_000);
  });

  it("names expressions that can't be read, splits and milestones that lead nowhere, and quorums that can't come about", () => {
    const issues = issuesOf([
      { refId: "a", enabled: "1 +", split: { c: "true", b: "env ==" } },
      { refId: "b", requisites: ["a"], milestone: { stage: "gone", status: "RUNNING" } },
      { refId: "c", join: { type: "N_OF_M", threshold: 3 } },
    ]);
    expect(issues.map((issue) => issue.split("\n")[0])).toEqual([
      'stages[0].split: "c" does not wait for stage "a"',
      expect.stringContaining("stages[0].enabled: expected a CEL expression, found 1 +: "),
      expect.stringContaining("stages[0].split.b: expected a CEL expression, found env ==: "),
      'stages[1].milestone: there is no stage "gone"',
      "stages[2].join: it needs 3 stages, and waits for 0",
    ]);
  });

  it("names a task that a stage has twice", () => {
    const task = { name: "work", run: () => {} };
    expect(issuesOf([{ refId: "a", tasks: [task, task] }])).toEqual([
      'stages[0].tasks[1].name: "work" is there more than once',
    ]);
  });
});
