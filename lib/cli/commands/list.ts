import { checkListing } from "../../client/list.js";
import type { ExecutionFilter } from "../../client/types.js";
import { STATUSES } from "../../model/status.js";
import { printExecutions } from "../executions.js";
import { filterOf as commonFilter, type FilterOptions, withFilter } from "../filter.js";
import { json } from "../format.js";
import { instantArgument, readLimit } from "../input.js";
import { connect, type TargetOptions, withTarget } from "../target.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions, FilterOptions {
  readonly dueBefore?: Date;
  readonly leaseExpiredBefore?: Date;
  readonly limit: number;
  readonly cursor?: string;
  readonly count?: boolean;
  readonly json?: boolean;
}

/** `holdfast list` */
export const addList: AddCommand = (program, terminal) => {
  withFilter(withTarget(program.command("list")), STATUSES)
    .alias("ls")
    .summary("list executions, newest first")
    .description(
      "Lists executions, newest first. Without a filter: those that are open, failed or stalled. For the others name their workflow, application or pipeline configuration.",
    )
    .option(
      "--due-before <instant>",
      "open, and due earlier: a timer, a timeout, a retry, their start",
      instantArgument,
    )
    .option(
      "--lease-expired-before <instant>",
      "open, and held by a worker until earlier than that",
      instantArgument,
    )
    .option("-n, --limit <count>", "how many", readLimit, 20)
    .option("--cursor <cursor>", "where the page before ended")
    .option("--count", "only how many there are")
    .option("--json", "print JSON")
    .action(async (options: Options) => {
      const { limit, cursor } = options;
      const filter = filterOf(options);
      const asked = { ...filter, limit, ...(cursor === undefined ? {} : { cursor }) };
      checkListing(asked);
      const client = await connect(options, terminal);
      if (options.count === true) {
        const count = await client.count(filter);
        return terminal.out(options.json ? json({ count }) : String(count));
      }
      const page = await client.list(asked);
      if (options.json) return terminal.out(json(page));
      const { colors } = terminal;
      for (const { executionId, why } of page.damaged ?? [])
        terminal.err(`${executionId} can't be read: ${why}`);
      if (page.executions.length === 0) terminal.err("No executions.");
      else printExecutions(terminal, page.executions);
      if (isOpenEnded(filter) && terminal.width !== undefined)
        terminal.err(
          colors.dim(
            "Those that have completed are listed by --workflow, --application or --pipeline-config.",
          ),
        );
      if (page.cursor !== undefined) terminal.err(colors.dim(`More: --cursor ${page.cursor}`));
    });
};

function filterOf(options: Options): ExecutionFilter {
  const { dueBefore, leaseExpiredBefore } = options;
  return {
    ...commonFilter(options),
    ...(dueBefore === undefined ? {} : { dueBefore }),
    ...(leaseExpiredBefore === undefined ? {} : { leaseExpiredBefore }),
  };
}

/** Whether it leaves out those that have come to a common end without being told to. */
function isOpenEnded(filter: ExecutionFilter): boolean {
  const { createdAfter: _after, createdBefore: _before, ...telling } = filter;
  return Object.keys(telling).length === 0;
}
