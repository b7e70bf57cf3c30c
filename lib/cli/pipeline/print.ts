/** A pipeline on the screen: what there is to say of it as a whole, and the picture of its stages. */
import type { PipelinePage, ShownPipeline } from "../../pipeline/client/client.js";
import { isComplete } from "../../pipeline/status.js";
import { shownInstant, shownValue } from "../format.js";
import { oneLine, printTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { draw } from "./draw.js";
import { paintedStatus, shownDuration } from "./words.js";

export function printPipeline(
  terminal: Terminal,
  it: ShownPipeline,
  { now, all }: { readonly now: number; readonly all: boolean },
): void {
  const { colors, width } = terminal;
  const line = (name: string, value: string) => terminal.out(`${colors.dim(name.padEnd(10))}${value}`);
  line("execution", colors.bold(it.executionId));
  line("pipeline", `${it.name}, of application ${it.application}`);
  if (it.configId !== undefined) line("by", `pipeline configuration ${it.configId}`);
  line("status", `${paintedStatus(colors, it.status)}${tookIn(it, now)}`);
  line("created", shownInstant(it.createdAt));
  if (it.endedAt !== undefined) line("ended", shownInstant(it.endedAt));
  line("trigger", oneLine(shownValue(it.trigger)));
  if (it.restartedFrom !== undefined) line("restarts", it.restartedFrom);
  if (it.parentPipeline !== undefined)
    line("run by", `stage ${it.parentPipeline.stage} of ${it.parentPipeline.executionId}`);
  if (it.paused !== undefined) line("paused", whenWhoWhy(it.paused.from, it.paused));
  if (it.canceled !== undefined) line("canceled", whenWhoWhy(it.canceled.at, it.canceled));
  if (it.error !== undefined)
    line("error", `${colors.red(oneLine(it.error.name))}: ${oneLine(it.error.message)}`);
  if (it.stalled !== undefined) line("stalled", colors.yellow(oneLine(it.stalled)));
  if (it.incomplete !== undefined) line("unread", colors.yellow(oneLine(it.incomplete)));
  if (!isComplete(it.status)) {
    if (it.stalled === undefined) line("now", oneLine(it.now));
    line("freed by", it.freedBy);
  }
  if (it.status === "TERMINAL" || it.status === "CANCELED")
    line("next", `to go on from what failed: holdfast pipeline restart ${it.executionId}`);
  terminal.out("");
  if (it.stages.length === 0) terminal.out("It has no stages.");
  for (const row of draw(it.stages, { executionId: it.executionId, colors, width, now, all }))
    terminal.out(row);
}

function tookIn({ startedAt, endedAt, pausedMs }: ShownPipeline, now: number): string {
  const took = startedAt === undefined ? "" : `, ${shownDuration((endedAt ?? now) - startedAt)}`;
  return `${took}${pausedMs === 0 ? "" : `, of that ${shownDuration(pausedMs)} paused`}`;
}

function whenWhoWhy(at: number, { by, reason }: { readonly by?: string; readonly reason?: string }): string {
  return [
    shownInstant(at),
    ...(by === undefined ? [] : [`by ${by}`]),
    ...(reason === undefined ? [] : [reason]),
  ]
    .map(oneLine)
    .join(", ");
}

export function printPipelines(terminal: Terminal, { pipelines, damaged = [], cursor }: PipelinePage): void {
  const { colors } = terminal;
  for (const { executionId, why } of damaged) terminal.err(`${executionId} can't be read: ${why}`);
  if (pipelines.length === 0) terminal.err("No executions of pipelines.");
  else
    printTable(
      terminal,
      [
        { title: "EXECUTION" },
        { title: "PIPELINE", shrinks: true },
        { title: "APPLICATION", shrinks: true },
        {
          title: "STATUS",
          paint: (cell, row) => {
            const found = pipelines.find(({ executionId }) => executionId === row[0]);
            return found === undefined ? cell : paintedStatus(colors, found.status, cell);
          },
        },
        { title: "CREATED", instants: true },
        { title: "ENDED", instants: true, shrinks: true },
      ],
      pipelines.map(({ executionId, name, application = "", status, execution, createdAt, endedAt }) => [
        executionId,
        name,
        application,
        execution === "stalled" ? `${status} (stalled)` : status,
        shownInstant(createdAt),
        endedAt === undefined ? "" : shownInstant(endedAt),
      ]),
    );
  if (cursor !== undefined) terminal.err(colors.dim(`More: --cursor ${cursor}`));
}
