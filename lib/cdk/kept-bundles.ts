/**
 * What this process has bundled before, for as long as no file that it was made of has changed: an app of several stages has each of its
 * functions in every one of them, and functions have parts in common.
 */
import { statSync } from "node:fs";

interface Kept {
  readonly made: unknown;
  /** Each source as it was. */
  readonly sources: ReadonlyMap<string, string>;
}

const before = new Map<string, Kept>();

/**
 * @param request all that it depends on, but for its sources. Whoever else makes something of the same request makes the same.
 * @param make gives it, with the paths of what it was made of
 */
export function kept<Made extends { readonly sources: readonly string[] }>(
  request: readonly unknown[],
  make: () => Made,
): Made {
  const key = JSON.stringify(request);
  const found = before.get(key);
  if (found !== undefined && [...found.sources].every(([path, was]) => stampOf(path) === was))
    return found.made as Made;
  const made = make();
  before.set(key, { made, sources: new Map(made.sources.map((path) => [path, stampOf(path)])) });
  return made;
}

function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? "gone" : `${found.mtimeMs} ${found.size}`;
}
