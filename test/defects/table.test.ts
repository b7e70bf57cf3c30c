/** The page on known defects: each test that it names is there, and each test of this folder is on it. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { missingOf, project, testsIn, testsNamedIn } from "../docs/named-tests.js";

const page = readFileSync(join(project, "docs/defects.md"), "utf8");
const named = testsNamedIn(page);

describe("the page on known defects", () => {
  it("names tests that are there", () => {
    expect(named.length).toBeGreaterThan(60);
    expect(missingOf(named)).toEqual([]);
  });

  it("has a test for each defect that could be met here", () => {
    const rows = page.split("\n").filter((line) => /^\| [^|]+ \| [^|]+ \| .+ \|$/.test(line));
    const bare = rows.filter((row) => !row.includes(" › ") && !row.endsWith("| Shown by |"));
    expect(bare).toEqual([]);
    expect(rows.length).toBeGreaterThan(50);
  });

  it("has every test of this folder", () => {
    const own = basename(import.meta.filename);
    const files = readdirSync(import.meta.dirname).filter(
      (name) => name.endsWith(".test.ts") && name !== own,
    );
    const left = files.flatMap((file) => {
      const told = named.filter((one) => one.file === `test/defects/${file}`).map(({ name }) => name);
      return testsIn(`test/defects/${file}`).filter((name) => !told.includes(name));
    });
    expect(left).toEqual([]);
  });
});
