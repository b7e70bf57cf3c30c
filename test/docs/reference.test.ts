/** The reference is what the code says now, and the code says something of everything that it exports. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { entriesOf, pagesOf, REFERENCE } from "../../scripts/reference/pages.js";
import type { Entry } from "../../scripts/reference/read.js";

const project = resolve(import.meta.dirname, "../..");

describe("the reference", () => {
  let entries: readonly Entry[];
  beforeAll(() => {
    entries = entriesOf(project);
  }, 120_000);

  it("has a page for each entry of the package, with all that it exports", () => {
    expect(entries.map(({ name }) => name)).toContain("holdfast/pipeline/client");
    const named = entries.flatMap(({ exported }) => exported.map(({ name }) => name));
    expect(named).toEqual(expect.arrayContaining(["workflow", "DurableClient", "testApp", "startCloud"]));
  });

  it("is up to date: npm run docs:reference makes it anew", () => {
    const directory = join(project, REFERENCE);
    const committed = new Map(
      readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "utf8")]),
    );
    const pages = pagesOf(entries);
    expect([...committed.keys()].toSorted()).toEqual([...pages.keys()].toSorted());
    const stale = [...pages].filter(([name, text]) => committed.get(name) !== text);
    expect(stale.map(([name]) => name)).toEqual([]);
  });

  it("says something of everything that is exported", () => {
    const silent = entries.flatMap(({ name: entry, exported }) =>
      exported.filter(({ doc }) => doc === "").map(({ name }) => `${entry}: ${name}`),
    );
    expect(silent).toEqual([]);
  });

  it("says something of each method", () => {
    const silent = entries.flatMap(({ name: entry, exported }) =>
      exported.flatMap(({ name, members }) =>
        members
          // What a constructor makes is said of its class.
          .filter((member) => member.name !== "constructor" && /^(static )?\w+[<(]/.test(member.signature))
          .filter(({ doc, tags }) => doc === "" && tags.length === 0)
          .map((member) => `${entry}: ${name}.${member.name}`),
      ),
    );
    expect(silent).toEqual([]);
  });
});
