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
      'stages[0].requisites: stage "a" waits for "gone", and there is no such stage',
      'stages[1].requisites: stage "b" waits for itself',
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
      'stages[0].tasks: "work" is there more than once',
    ]);
  });
});
