/**
 * What this process has bundled before, for as long as no file that it was made of has changed: an app of several stages has each of its
 * functions in every one of them.
 */
import { statSync } from "node:fs";
import type { BundledFile } from "./bundle.js";

interface Kept {
  readonly files: readonly BundledFile[];
  /** Each source as it was. */
  readonly sources: ReadonlyMap<string, string>;
}

const kept = new Map<string, Kept>();

/**
 * @param key all that the bundle depends on, but for its sources
 * @param make gives the files, and the paths of what they were made of
 */
export function keptBundle(
  key: string,
  make: () => { readonly files: readonly BundledFile[]; readonly sources: readonly string[] },
): readonly BundledFile[] {
  const before = kept.get(key);
  if (before !== undefined && [...before.sources].every(([path, was]) => stampOf(path) === was))
    return before.files;
  const { files, sources } = make();
  kept.set(key, { files, sources: new Map(sources.map((path) => [path, stampOf(path)])) });
  return files;
}

function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? "gone" : `${found.mtimeMs} ${found.size}`;
}
