/** The page on the scenarios of pipelines: sixty rows, each with tests that are there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { missingOf, project, testsNamedIn } from "./named-tests.js";

const page = readFileSync(join(project, "docs/pipeline-scenarios.md"), "utf8");
const rows = page.split("\n").filter((line) => /^\| \d+ \|/.test(line));

describe("the page on the scenarios of pipelines", () => {
  it("names tests that are there, in each of its sixty rows", () => {
    expect(rows.map((row) => Number(row.split(" ")[1]))).toEqual(
      Array.from({ length: 60 }, (_, index) => index + 1),
    );
    expect(rows.filter((row) => testsNamedIn(row).length === 0)).toEqual([]);
    expect(missingOf(testsNamedIn(page))).toEqual([]);
  });
});
