/** The page on security: each way in has a row, each row a test, and each of the tests that the page names is there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hiding } from "../../lib/aws/redact.js";
import { missingOf, project, testsNamedIn } from "./named-tests.js";

const page = readFileSync(join(project, "docs/security.md"), "utf8");
const section = (title: string) => page.split(`\n## ${title}\n`)[1]?.split("\n## ")[0] ?? "";
const rows = section("Every way in")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| Way in"));

describe("the page on security", () => {
  it("names tests that are there, in each row of the ways in", () => {
    expect(rows.length).toBeGreaterThanOrEqual(14);
    expect(rows.filter((row) => testsNamedIn(row).length === 0)).toEqual([]);
    expect(missingOf(testsNamedIn(page))).toEqual([]);
  });

  it("lists the fields that logs hide, as they are", () => {
    const listed = /named like secrets, wherever they stand: ([^;]+);/.exec(section("Logs"))?.[1] ?? "";
    const names = [...listed.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
    expect(names).toHaveLength(20);
    expect(names.filter((name) => !hiding()(name))).toEqual([]);
  });
});
