import type { Progress } from "../../client/progress.js";
import type { ExecutionDescription } from "../../client/types.js";
import { NEXT_CODE } from "../../model/head.js";
import { fromNow, json, painted, shownInstant, shownValue } from "../format.js";
import { checkIdArgument } from "../input.js";
import { awaitedLine } from "../show/awaited-line.js";
import { type LastErrors, lastErrors, needsHistory } from "../show/last-errors.js";
import { type NextStep, nextSteps } from "../show/next-steps.js";
import { shownReason } from "../show/reason.js";
import { oneLine } from "../table.js";
import { connect, deploymentNow, type TargetOptions, withTarget } from "../target.js";
import type { Terminal } from "../terminal.js";
import type { AddCommand } from "./command.js";

/** Beside a longer command, others need not be as wide. */
const LONGEST_PADDED = 60;

/** `holdfast show` */
export const addShow: AddCommand = (program, terminal) => {
  withTarget(program.command("show"))
    .alias("describe")
    .summary("show where an execution stands, and why")
    .description("Shows where an execution stands; if it is not at its end, why not, and what would free it.")
    .argument("<id>", "the execution's id")
    .option("--json", "print JSON")
    .action(async (id: string, options: TargetOptions & { readonly json?: boolean }) => {
      checkIdArgument(id);
      const client = await connect(options, terminal);
      const description = await client.describe(id);
      const errors: LastErrors = needsHistory(description)
        ? lastErrors(description, await client.history(id))
        : new Map();
      const { pipelineOf } = await import("../show/pipeline.js");
      const pipeline = await pipelineOf(client, description);
      const steps = nextSteps(description, pipeline !== undefined);
      if (options.json)
        return terminal.out(
          json({ ...description, lastErrors: Object.fromEntries(errors), nextSteps: steps }),
        );
      const { now, freedBy } = pipeline ?? {
        now: shownReason(description),
        freedBy: description.progress.freedBy,
      };
      print(terminal, description, { now, freedBy, errors }, await deploymentNow(options));
      printSteps(terminal, steps);
    });
};

function printSteps({ out, colors }: Terminal, steps: readonly NextStep[]): void {
  const width = Math.min(LONGEST_PADDED, Math.max(...steps.map(({ command }) => command.length)));
  for (const [index, { command, what }] of steps.entries())
    out(`${colors.dim((index === 0 ? "try" : "").padEnd(10))}${command.padEnd(width)}   ${colors.dim(what)}`);
}

interface Why {
  readonly now: string;
  readonly freedBy: string;
  readonly errors: LastErrors;
}

function print(terminal: Terminal, it: ExecutionDescription, why: Why, now: number): void {
  const { colors } = terminal;
  const line = (name: string, value: string) => terminal.out(`${colors.dim(name.padEnd(10))}${value}`);
  line("execution", colors.bold(it.executionId));
  line("workflow", `${it.workflow}${it.version === undefined ? "" : `, version ${it.version}`}`);
  if (it.application !== undefined) line("for", `application ${it.application}`);
  if (it.pipelineConfigId !== undefined) line("by", `pipeline configuration ${it.pipelineConfigId}`);
  if (it.pinnedTo !== undefined)
    line("pinned to", it.pinnedTo === NEXT_CODE ? "the latest code, at its next turn" : it.pinnedTo);
  line("status", painted(colors, it.status));
  line("created", shownInstant(it.createdAt));
  // A fork goes by the clock of what it was forked of.
  if (it.startAt > it.createdAt) line("starts", shownInstant(it.startAt));
  if (it.closedAt !== undefined) line("closed", shownInstant(it.closedAt));
  for (const [what, stopped] of [
    ["to cancel", it.cancelled],
    ["to terminate", it.terminated],
  ] as const) {
    if (stopped === undefined) continue;
    const { at, by, reason } = stopped;
    const asked = [what, shownInstant(at), by === undefined ? "" : `by ${by}`, reason ?? ""];
    line("asked", asked.filter((part) => part !== "").join(", "));
  }
  if (it.lease !== undefined) line("held", `until ${shownInstant(it.lease.until)}, by ${it.lease.owner}`);
  if (it.startedBy !== undefined) line("started by", `event ${it.startedBy}`);
  if (it.parent !== undefined) line("child of", it.parent);
  if (it.origin !== undefined)
    line(it.origin.kind === "forked" ? "forked of" : "continues", it.origin.executionId);
  if (it.continuedTo !== undefined) line("next run", it.continuedTo);
  if (it.deadline !== undefined) line("times out", shownInstant(it.deadline));
  if (it.input !== undefined) line("input", shownValue(it.input));
  if ("state" in it) line("state", shownValue(it.state));
  if ("output" in it) line("output", shownValue(it.output));
  if (it.error !== undefined) line("error", `${colors.red(it.error.name)}: ${it.error.message}`);
  if (it.compensation !== undefined && it.compensation !== "none") line("undone", undone(it));
  if (it.progress.moves === "closed") {
    const { reason } = it.progress;
    if (reason !== `It is ${it.status}.`) line("now", reason);
    return;
  }
  if (it.progress.moves !== "stalled") line("now", why.now);
  const { next } = it.progress;
  if (next !== undefined) line("next", `${shownInstant(next)}, ${fromNow(next.getTime() - now)}`);
  line("freed by", why.freedBy);
  awaited(it.progress, why.errors).forEach((what, index) => {
    line(index === 0 ? "awaits" : "", what);
  });
}

/** A line for each, and one for those that have no name here. */
function awaited({ awaits, awaitCount }: Progress, errors: LastErrors): string[] {
  const others = awaitCount - awaits.length;
  const lines = awaits.flatMap((it) => {
    const error = errors.get(it.op);
    return error === undefined
      ? [awaitedLine(it)]
      : [awaitedLine(it), `  last ${error.name}: ${oneLine(error.message)}`];
  });
  if (others === 0) return lines;
  const counted = `${others} ${awaits.length === 0 ? (others === 1 ? "thing" : "things") : others === 1 ? "other" : "others"}`;
  return [...lines, counted];
}

function undone({ executionId, compensation }: ExecutionDescription): string {
  return compensation === "incomplete"
    ? `incomplete; to try again what gave up: holdfast redrive ${executionId}`
    : (compensation ?? "");
}
