/** What Node reads of a bundle when it loads it: the first file, those that it imports, and so on; not what is imported only when it is used. */
import type { BundledFile } from "../../lib/cdk/bundle.js";

export function loadedAtOnce(files: readonly BundledFile[]): BundledFile[] {
  const loaded = new Set<BundledFile>();
  const load = (name: string): void => {
    const file = files.find((one) => one.name === name);
    if (file === undefined || loaded.has(file)) return;
    loaded.add(file);
    const code = Buffer.from(file.contents).toString();
    for (const [, from = ""] of code.matchAll(/\b(?:from|import) ?"\.\/([^"]+)"/g)) load(from);
  };
  load("index.mjs");
  return [...loaded];
}
