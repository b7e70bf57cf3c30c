import { checkListing } from "../../client/list.js";
import { type ExecutionStatus, STATUSES } from "../../model/status.js";
import { type Duration, durationMs } from "../../model/time.js";
import { UsageError } from "../exit.js";
import { type FilterOptions, filterOf, withFilter } from "../filter.js";
import { checkIdArgument, durationOption, readLimit } from "../input.js";
import { connect, deploymentClock, type TargetOptions, withTarget } from "../target.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions, FilterOptions {
  readonly every: string;
  readonly timeout?: string;
  readonly limit: number;
  readonly json?: boolean;
}

const OPEN: readonly ExecutionStatus[] = ["running", "suspended", "paused", "compensating", "stalled"];

/** `holdfast watch` */
export const addWatch: AddCommand = (program, terminal) => {
  withFilter(withTarget(program.command("watch")), STATUSES)
    .summary("see what an execution does, as it does it, or what is open")
    .description(
      "With an id: how the execution stands, and its history as it grows, until it has ended or is stalled; then ends as --wait of start does. Without: the executions that are open or stalled, refreshed until Ctrl-C. A line for each change where the output is no terminal.",
    )
    .argument("[id]", "the execution's id")
    .option("--every <duration>", "how often is looked", "1s")
    .option("--timeout <duration>", "with an id: end with 5 after this long")
    .option("-n, --limit <count>", "without an id: how many", readLimit, 20)
    .option("--json", "print a line of JSON for each change")
    .action(async (id: string | undefined, options: Options) => {
      const everyMs = waited(durationOption(options.every, "--every"));
      if (everyMs < 100) throw new UsageError("--every is too often. Expected 100ms or longer, such as 2s.");
      const timeoutMs =
        options.timeout === undefined ? undefined : waited(durationOption(options.timeout, "--timeout"));
      const given = filterOf(options);
      const filter = Object.keys(given).length === 0 ? { status: OPEN } : given;
      if (id === undefined) checkListing(filter);
      else if (Object.keys(given).length > 0)
        throw new UsageError("Expected an execution's id, or a filter such as --workflow, and not both.");
      else checkIdArgument(id);
      if (id === undefined && timeoutMs !== undefined)
        throw new UsageError("--timeout is for an execution's end, and no id was given.");
      const json = options.json === true;
      const client = await connect(options, terminal);
      const clock = await deploymentClock(options);
      const { untilInterrupted } = await import("../interrupt.js");
      const interruption = untilInterrupted();
      try {
        if (id === undefined) {
          const { watchDeployment } = await import("../watch/deployment.js");
          const { signal } = interruption;
          return await watchDeployment(
            client,
            { filter, limit: options.limit, everyMs, json, signal, now: () => clock.now() },
            terminal,
          );
        }
        const { watchOne } = await import("../watch/one.js");
        const timer = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
        const signal = AbortSignal.any([interruption.signal, ...(timer === undefined ? [] : [timer])]);
        const isOver = (): boolean => timer?.aborted === true && !interruption.signal.aborted;
        terminal.endWith(
          await watchOne(client, id, { everyMs: clock.fromReal(everyMs), json, signal, isOver }, terminal),
        );
      } finally {
        interruption.done();
      }
    });
};

/** Timers of the process run no longer than this, and one that is given more runs out at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function waited(duration: Duration): number {
  return Math.min(durationMs(duration), LONGEST_TIMER_MS);
}
