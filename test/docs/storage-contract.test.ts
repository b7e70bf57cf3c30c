/** The page on the storage contracts: each operation has a row, each row a test, and each of those tests is there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { missingOf, project, testsNamedIn } from "./named-tests.js";

const page = readFileSync(join(project, "docs/storage-contract.md"), "utf8");
const rows = page.split("\n").filter((line) => line.startsWith("| `"));

describe("the page on the storage contracts", () => {
  it("names tests that are there", () => {
    const named = testsNamedIn(page);
    expect(named.length).toBeGreaterThan(80);
    expect(missingOf(named)).toEqual([]);
  });

  it("has a test in every row", () => {
    expect(rows.filter((row) => testsNamedIn(row).length === 0)).toEqual([]);
  });

  it("has a row for each of the 41 operations of the one, and the 25 of the other", () => {
    expect(rows).toHaveLength(41 + 25);
  });
});
