/** What docs/performance.md shows of a section. */
import { textOf } from "../docs/pages.js";

export function pageSection(key: string): string {
  const found = new RegExp(`<!-- bench:${key} -->\n([^]*?)\n<!-- /bench:${key} -->`).exec(
    textOf("docs/performance.md"),
  );
  if (found?.[1] === undefined) throw new Error(`docs/performance.md has no section ${key}.`);
  return found[1];
}
