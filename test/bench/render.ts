/** The parts of a report as text for a terminal, and as Markdown for the page. */
import { type Cell, textTable } from "../setup/text-table.js";
import type { Part, Table } from "./section.js";

export const asText = (parts: readonly Part[]): string =>
  parts.map((part) => (typeof part === "string" ? part : textTable(part.titles, part.rows))).join("\n\n");

export const asMarkdown = (parts: readonly Part[]): string =>
  parts.map((part) => (typeof part === "string" ? part : markdownTable(part))).join("\n\n");

function markdownTable({ titles, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(titles), line(titles.map(() => "---")), ...rows.map((row) => line(row.map(shown)))].join("\n");
}

const shown = (cell: Cell): string =>
  typeof cell === "string"
    ? cell.replaceAll("|", "\\|")
    : cell.toLocaleString("en-US", { maximumFractionDigits: 2 });

/** The page with what stands between a section's marks replaced. */
export function withSection(page: string, key: string, markdown: string): string {
  const [open, close] = [`<!-- bench:${key} -->`, `<!-- /bench:${key} -->`];
  const from = page.indexOf(open);
  const to = page.indexOf(close);
  if (from < 0 || to < from) throw new Error(`The page has no ${open} … ${close}.`);
  return `${page.slice(0, from + open.length)}\n${markdown}\n${page.slice(to)}`;
}
