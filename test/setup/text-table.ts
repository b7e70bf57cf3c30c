/** Tables for people who read them in a terminal: the first column to the left, numbers to the right. */

export type Cell = string | number;

export function textTable(titles: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [titles, ...rows.map((row) => row.map(shown))];
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const written = lines.map((line) =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
  const [head = "", ...body] = written;
  return [head, "─".repeat(Math.max(...written.map((line) => line.length))), ...body].join("\n");
}

function shown(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.toLocaleString("en-US", { maximumFractionDigits: 1 });
}
