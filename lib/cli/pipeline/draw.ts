/** The stages of a pipeline as a picture: a line for each, in layers, with what leads to what on their left. */
import type { StageView } from "../../pipeline/client/view.js";
import { isActive, type Status } from "../../pipeline/status.js";
import { oneLine } from "../table.js";
import type { Colors } from "../terminal.js";
import { bundled, type Line } from "./bundles.js";
import { LANE, lay, type Place } from "./lanes.js";
import { asideOf, nameOf, notesOf, paintedStatus, shownDuration, symbolOf } from "./words.js";

export interface DrawOptions {
  readonly executionId: string;
  readonly colors: Colors;
  /** Columns; undefined: nothing is cut. */
  readonly width: number | undefined;
  /** What runs is measured up to it. */
  readonly now: number;
  /** Draws what otherwise is summed up: wide fans, many instances, parts that have not begun. */
  readonly all?: boolean;
}

/** With more the picture says nothing any more, and takes the place of the words. */
const MOST_LANES = 16;
const MOST_INSTANCES = 10;
const NARROWEST_NAME = 12;
const INDENT = "  ";

/** @returns its lines; none for a pipeline without stages */
export function draw(stages: readonly StageView[], options: DrawOptions): string[] {
  const bundles = bundled(stages, options.all ?? false);
  const { lanes, laid } = lay(
    bundles.map(({ id, downstream, lines }) => ({ id, downstream, size: lines.length })),
  );
  const isDrawn =
    lanes <= (options.width === undefined ? MOST_LANES : Math.min(MOST_LANES, options.width / 8));
  const rows = bundles.flatMap(({ lines }, index) => {
    const { places = [], joint } = laid[index] ?? {};
    const own = lines.flatMap((line, at) =>
      rowsOf(line, (isDrawn ? places[at] : undefined) ?? BARE, isDrawn, options),
    );
    return isDrawn && joint !== undefined ? [...own, { gutter: joint.trimEnd() }] : own;
  });
  return printed(rows, options);
}

/** Where lanes are too many to be drawn, a stage says in words what it comes after. */
const BARE: Place = { left: "", right: " ", below: INDENT };

interface Row {
  readonly gutter: string;
  readonly symbol?: { readonly status: Status; readonly right: string };
  readonly name?: string;
  readonly status?: Status;
  readonly took?: string;
  readonly note?: string;
  readonly isError?: true;
}

function rowsOf(line: Line, { left, right, below }: Place, isDrawn: boolean, options: DrawOptions): Row[] {
  if ("more" in line) return [{ gutter: left, name: `… and ${line.more} more ${line.status}` }];
  const { stage } = line;
  const after = !isDrawn && stage.upstream.length > 0 ? [`after ${shortList(stage.upstream)}`] : [];
  return [stageRow(stage, left, right, "", after, options), ...belowIt(stage, below, "", options)];
}

function stageRow(
  stage: StageView,
  left: string,
  right: string,
  indent: string,
  more: readonly string[],
  { now }: DrawOptions,
): Row {
  const { status, startedAt, endedAt } = stage;
  const until = endedAt ?? (isActive(status) ? now : undefined);
  const aside = asideOf(stage);
  return {
    gutter: left,
    symbol: { status, right },
    name: `${indent}${oneLine(nameOf(stage))}`,
    status,
    ...(startedAt === undefined || until === undefined ? {} : { took: shownDuration(until - startedAt) }),
    note: [...(aside === "" ? [] : [aside]), ...more].join(", "),
  };
}

/** What is to be said of it, and the stages that belong to it. */
function belowIt(stage: StageView, below: string, indent: string, options: DrawOptions): Row[] {
  const notes = notesOf(stage, options.executionId).flatMap(({ text, isError }): Row[] =>
    wrapped(text, below.length + indent.length + INDENT.length, options.width).map((note) => ({
      gutter: `${below}${indent}${INDENT}`,
      note,
      ...(isError === undefined ? {} : { isError }),
    })),
  );
  const isUnder = (part: StageView): boolean =>
    options.all === true || part.status !== "NOT_STARTED" || isActive(stage.status);
  const instances = stage.synthetic.filter(({ part }) => part === "instance");
  const isSummedUp = options.all !== true && instances.length > MOST_INSTANCES;
  const parts = stage.synthetic.filter(
    (part) => isUnder(part) && !(isSummedUp && part.part === "instance" && !isOfInterest(part, instances)),
  );
  const sum: Row[] = isSummedUp ? [{ gutter: `${below}${indent}${INDENT}`, note: summed(instances) }] : [];
  return [
    ...notes,
    ...sum,
    ...parts.flatMap((part) => [
      stageRow(part, `${below}${indent}${INDENT}`, " ", "", [], options),
      ...belowIt(part, below, `${indent}${INDENT}`, options),
    ]),
  ];
}

/** The first few that failed, or wait for somebody. */
function isOfInterest(part: StageView, instances: readonly StageView[]): boolean {
  const all = instances.filter(({ status }) => status === "TERMINAL" || status === "SUSPENDED");
  return all.slice(0, 3).includes(part);
}

function summed(instances: readonly StageView[]): string {
  const counts = new Map<Status, number>();
  for (const { status } of instances) counts.set(status, (counts.get(status) ?? 0) + 1);
  const words = [...counts].map(([status, count]) => `${count} ${status}`);
  return `${instances.length} instances: ${words.join(", ")}`;
}

function shortList(ids: readonly string[]): string {
  return ids.length <= 3 ? ids.join(", ") : `${ids.slice(0, 3).join(", ")} and ${ids.length - 3} more`;
}

/** Lines of words that fit; one word that does not is left whole, since it may be meant to be copied. */
function wrapped(text: string, before: number, width: number | undefined): string[] {
  const clean = oneLine(text);
  if (width === undefined) return [clean];
  const room = Math.max(NARROWEST_NAME, width - before);
  const lines: string[] = [];
  for (const word of clean.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > room) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** In columns that all rows share. */
function printed(rows: readonly Row[], { colors, width }: DrawOptions): string[] {
  const nameEnd = (row: Row): number => gutterWidth(row) + (row.name?.length ?? 0);
  const stageRows = rows.filter(({ status }) => status !== undefined);
  const status = Math.max(0, ...stageRows.map((row) => row.status?.length ?? 0));
  const took = Math.max(0, ...stageRows.map((row) => row.took?.length ?? 0));
  const natural = Math.max(0, ...stageRows.map(nameEnd));
  const most = width === undefined ? natural : Math.max(NARROWEST_NAME, width - status - took - 2 * LANE);
  const names = Math.min(natural, most);
  return rows.map((row) => {
    const gutter = colors.dim(row.gutter);
    if (row.status === undefined) {
      const words = cut(`${row.name ?? ""}${row.note ?? ""}`, row, width);
      const text = row.isError ? colors.red(words) : row.note === undefined ? words : colors.dim(words);
      return words === "" ? colors.dim(row.gutter.trimEnd()) : `${gutter}${text}`;
    }
    const symbol =
      row.symbol === undefined ? "" : paintedStatus(colors, row.symbol.status, symbolOf(row.symbol.status));
    const room = names - gutterWidth(row);
    const name = cutTo(row.name ?? "", room).padEnd(room);
    const time = (row.took ?? "").padStart(took);
    const used = names + status + took + 3 * INDENT.length;
    const note = width === undefined ? (row.note ?? "") : cutTo(row.note ?? "", width - used);
    // Nothing is filled up that nothing stands right of.
    const isLast = time.trim() === "" && note === "";
    const painted = paintedStatus(colors, row.status, isLast ? row.status : row.status.padEnd(status));
    const rest = [...(isLast ? [] : [time]), ...(note === "" ? [] : [colors.dim(note)])];
    return `${gutter}${symbol}${colors.dim(row.symbol?.right ?? "")}${[name, painted, ...rest].join(INDENT)}`;
  });
}

function gutterWidth({ gutter, symbol }: Row): number {
  return gutter.length + (symbol === undefined ? 0 : 1 + symbol.right.length);
}

function cut(text: string, row: Row, width: number | undefined): string {
  return width === undefined ? text : cutTo(text, Math.max(width - gutterWidth(row), NARROWEST_NAME));
}

function cutTo(text: string, room: number): string {
  if (text.length <= room) return text;
  return room <= 1 ? "" : `${text.slice(0, room - 1)}…`;
}
