/** Tables that fit the terminal: the widest column gives way, cell by cell, and says so with an ellipsis. */
import { stripVTControlCharacters } from "node:util";
import { shortInstants } from "./format.js";
import type { Terminal } from "./terminal.js";

export interface Column {
  readonly title: string;
  /** May be cut when the terminal is narrow. Ids must not: they are copied. */
  readonly shrinks?: boolean;
  /** Holds instants, told without their year and seconds when the terminal is narrow: what is left of one that was cut says nothing. */
  readonly instants?: true;
  readonly paint?: (cell: string, row: readonly string[]) => string;
}

const GAP = "  ";
const NARROWEST_CELL = 8;

export function printTable(
  terminal: Terminal,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): void {
  const whole = rows.map((row) => row.map(oneLine));
  const clean =
    totalOf(naturalOf(columns, whole)) <= (terminal.width ?? Number.POSITIVE_INFINITY)
      ? whole
      : whole.map((row) =>
          row.map((cell, at) => (columns[at]?.instants === true ? shortInstants(cell) : cell)),
        );
  const widths = narrowed(columns, naturalOf(columns, clean), terminal.width);
  terminal.out(
    terminal.colors.dim(lineOf(columns.map((column, at) => pad(cut(column.title, widths[at]), widths[at])))),
  );
  for (const row of clean) {
    const cells = columns.map((column, at) => {
      const cell = pad(cut(row[at] ?? "", widths[at]), widths[at]);
      return column.paint === undefined ? cell : column.paint(cell, row);
    });
    terminal.out(lineOf(cells));
  }
}

/** As wide as what stands in each column. */
function naturalOf(columns: readonly Column[], rows: readonly (readonly string[])[]): number[] {
  return columns.map(({ title }, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each, 0) + GAP.length * (widths.length - 1);
}

/** Takes from the widest column that may shrink until the table fits, or nothing more can be taken. */
function narrowed(
  columns: readonly Column[],
  natural: readonly number[],
  width: number | undefined,
): number[] {
  const widths = [...natural];
  if (width === undefined) return widths;
  for (let over = totalOf(widths) - width; over > 0; over = totalOf(widths) - width) {
    const widest = columns.reduce<number | undefined>(
      (best, column, at) =>
        column.shrinks === true &&
        (widths[at] ?? 0) > NARROWEST_CELL &&
        (widths[at] ?? 0) > (best === undefined ? 0 : (widths[best] ?? 0))
          ? at
          : best,
      undefined,
    );
    if (widest === undefined) return widths;
    widths[widest] = Math.max(NARROWEST_CELL, (widths[widest] ?? 0) - over);
  }
  return widths;
}

function lineOf(cells: readonly string[]): string {
  return cells.join(GAP).trimEnd();
}

function pad(cell: string, width = 0): string {
  return cell.padEnd(width);
}

function cut(cell: string, width = 0): string {
  return cell.length <= width ? cell : `${cell.slice(0, width - 1)}…`;
}

/** What users store may hold line breaks and terminal codes; a cell has neither. */
export function oneLine(cell: string): string {
  return stripVTControlCharacters(cell).replaceAll(/\s+/g, " ").trim();
}

/** Cut to the terminal, where there is one. Colours take no room, and go where something is cut. */
export function fitting(line: string, width: number | undefined): string {
  const bare = stripVTControlCharacters(line);
  return width === undefined || bare.length <= width ? line : cut(bare, width);
}
