/** What of the templates has no effect here, in a few lines: by reason, not by resource. */
import type { Ignored } from "../../local/template/plan.js";
import type { Terminal } from "../terminal.js";

export function printIgnored(ignored: readonly Ignored[], terminal: Terminal): void {
  if (ignored.length === 0) return;
  const { colors } = terminal;
  terminal.err(colors.dim("Without effect here:"));
  for (const [what, { reason, count }] of grouped(ignored))
    terminal.err(colors.dim(`  ${what}${count > 1 ? ` (${count} times)` : ""}: ${reason}`));
}

function grouped(ignored: readonly Ignored[]): Map<string, { reason: string; count: number }> {
  const groups = new Map<string, { reason: string; count: number }>();
  for (const { type, property, reason } of ignored) {
    const what = property === undefined ? type : `${type} ${property}`;
    const group = groups.get(what);
    groups.set(what, { reason: group?.reason ?? reason, count: (group?.count ?? 0) + 1 });
  }
  return groups;
}
