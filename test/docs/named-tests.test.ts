/** Tables that name the test of what they say: each of those tests is there. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** By their place in `docs/`, and how many tests they name at least: a table that lost its last column would otherwise pass. */
const TABLES = { "storage-contract.md": 60 } as const;

/** `` `store/contract/lease.ts` › is taken from nobody ``, below `test/`; several in a cell are parted by `<br>`. */
const NAMED = /`([\w./-]+\.ts)` › (.+?)(?=<br>| \||$)/g;

describe("the tests that a table names", () => {
  it.each(Object.entries(TABLES))("of docs/%s are there", (table, atLeast) => {
    const named = [...readFileSync(join(root, "docs", table), "utf8").matchAll(NAMED)];
    expect(named.length).toBeGreaterThanOrEqual(atLeast);
    const missing = named.filter(([, file = "", name = ""]) => !hasTest(file, name.trim()));
    expect(missing.map(([whole]) => whole)).toEqual([]);
  });

  it("are in no row left out: every row of an operation names one", () => {
    const rows = readFileSync(join(root, "docs/storage-contract.md"), "utf8")
      .split("\n")
      .filter((line) => line.startsWith("| `"));
    expect(rows.length).toBeGreaterThan(60);
    expect(rows.filter((row) => !row.includes("` › ") && !row.includes("| pipelines |"))).toEqual([]);
  });
});

function hasTest(file: string, name: string): boolean {
  const path = join(root, "test", file);
  return existsSync(path) && readFileSync(path, "utf8").includes(`"${name}"`);
}
