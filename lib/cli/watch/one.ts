/** `holdfast watch <id>`: what happens in one execution, a line each, and below them how it stands. */
import type { DurableClient } from "../../client/client.js";
import type { ExecutionDescription, HistoryEntry } from "../../client/types.js";
import { isClosed } from "../../model/status.js";
import { EXIT } from "../exit.js";
import { painted, shownInstant, shownValue } from "../format.js";
import { detailOf } from "../history-event.js";
import { awaitedLine } from "../show/awaited-line.js";
import { shownReason } from "../show/reason.js";
import { fitting, oneLine } from "../table.js";
import type { Terminal } from "../terminal.js";

export interface Watched {
  /** Of the deployment's time, as the client counts it. */
  readonly everyMs: number;
  readonly json: boolean;
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** Whether it was the time that ended it, and not a person. */
  readonly isOver: () => boolean;
}

/** @returns what the command ends with: by its end, or because nobody waited for that */
export async function watchOne(
  client: DurableClient,
  executionId: string,
  { everyMs, json, signal, isOver }: Watched,
  terminal: Terminal,
): Promise<number> {
  let last: ExecutionDescription | undefined;
  for await (const { description, entries } of client.watch(executionId, { everyMs, signal })) {
    if (json) tellPrograms(terminal, description, entries, last);
    else tellPeople(terminal, description, entries, last);
    last = description;
  }
  if (last !== undefined && (isClosed(last.status) || last.status === "stalled"))
    return last.status === "completed" ? EXIT.ok : EXIT.error;
  return isOver() ? EXIT.timeout : EXIT.interrupted;
}

function tellPrograms(
  terminal: Terminal,
  description: ExecutionDescription,
  entries: readonly HistoryEntry[],
  last: ExecutionDescription | undefined,
): void {
  const { executionId, workflow, status, progress } = description;
  for (const { slot, event } of entries)
    terminal.out(JSON.stringify({ type: "event", executionId, slot, event }));
  if (isSame(description, last)) return;
  const { moves, reason, next, freedBy } = progress;
  terminal.out(
    JSON.stringify({ type: "status", executionId, workflow, status, moves, reason, next, freedBy }),
  );
}

function tellPeople(
  terminal: Terminal,
  description: ExecutionDescription,
  entries: readonly HistoryEntry[],
  last: ExecutionDescription | undefined,
): void {
  const { live, width } = terminal;
  live?.draw([]);
  const { executionId } = description;
  if (last !== undefined && last.executionId !== executionId)
    terminal.out(`${last.executionId} goes on as ${executionId}`);
  for (const entry of entries) terminal.out(fitting(eventLine(terminal, entry), width));
  const hasStopped = isClosed(description.status) || description.status === "stalled";
  if (hasStopped || live === undefined) {
    if (!isSame(description, last)) for (const line of statusLines(terminal, description)) terminal.out(line);
  } else live.draw(["", ...statusLines(terminal, description)].map((line) => fitting(line, width)));
}

function eventLine({ colors }: Terminal, { event }: HistoryEntry): string {
  const of = "op" in event ? event.op : event.type === "ExecutionStarted" ? event.workflow : "";
  const parts = [event.type, of, oneLine(detailOf(event))].filter((part) => part !== "");
  const told = parts.join("  ");
  return `${colors.dim(shownInstant(event.at))}  ${/Failed|TimedOut|Cancel/.test(event.type) ? colors.red(told) : told}`;
}

function statusLines(terminal: Terminal, it: ExecutionDescription): string[] {
  const { colors } = terminal;
  const { progress } = it;
  const isClosedNow = progress.moves === "closed";
  return [
    `${colors.bold(it.executionId)}  ${it.workflow}  ${painted(colors, it.status)}`,
    ...(isClosedNow ? [] : [`  ${oneLine(shownReason(it))}`]),
    ...progress.awaits.map((awaited) => `  ${colors.dim("awaits")} ${awaitedLine(awaited)}`),
    ...(it.error === undefined ? [] : [`  ${colors.red(it.error.name)}: ${oneLine(it.error.message)}`]),
    ...("output" in it ? [`  ${shownValue(it.output)}`] : []),
  ];
}

function isSame(one: ExecutionDescription, other: ExecutionDescription | undefined): boolean {
  return (
    one.executionId === other?.executionId &&
    one.status === other.status &&
    one.progress.reason === other.progress.reason
  );
}
