/** The reference as it should be: the text of each of its pages, by file name. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pageOf, printEntry, printIndex } from "./print.js";
import { type Entry, readEntries } from "./read.js";

export const REFERENCE = "docs/reference";

/** Made from the package's exports as they are declared in `package.json`: a new entry gets its page by itself. */
export function entriesOf(project: string): Entry[] {
  const { name, exports }: { name: string; exports: Readonly<Record<string, unknown>> } = JSON.parse(
    readFileSync(join(project, "package.json"), "utf8"),
  );
  const entries = Object.keys(exports)
    // The functions are what the construct deploys; nobody imports from them.
    .filter((key) => key !== "./package.json" && !key.includes("*"))
    .map((key) => key.slice(1))
    .map((path) => [`${name}${path}`, join("lib", path, "index.ts")] as const);
  return readEntries(project, new Map(entries));
}

export function pagesOf(entries: readonly Entry[]): ReadonlyMap<string, string> {
  return new Map([
    ["README.md", printIndex(entries)],
    ...entries.map((entry) => [pageOf(entry.name), printEntry(entry)] as const),
  ]);
}
