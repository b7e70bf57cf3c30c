import { Option } from "commander";
import { checkListing } from "../../client/list.js";
import type { ExecutionFilter, ListedExecution } from "../../client/types.js";
import { labelsOf } from "../../model/labels.js";
import { type ExecutionStatus, STATUSES } from "../../model/status.js";
import { json, painted, shownInstant } from "../format.js";
import { instantArgument, readLimit } from "../input.js";
import { printTable } from "../table.js";
import { connect, type TargetOptions, withTarget } from "../target.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions {
  readonly status?: readonly ExecutionStatus[];
  readonly workflow?: string;
  readonly application?: string;
  readonly pipelineConfig?: string;
  readonly createdAfter?: Date;
  readonly createdBefore?: Date;
  readonly dueBefore?: Date;
  readonly leaseExpiredBefore?: Date;
  readonly limit: number;
  readonly cursor?: string;
  readonly count?: boolean;
  readonly json?: boolean;
}

/** `holdfast list` */
export const addList: AddCommand = (program, terminal) => {
  withTarget(program.command("list"))
    .alias("ls")
    .summary("list executions, newest first")
    .description(
      "Lists executions, newest first. Without a filter: those that are open, failed or stalled. For the others name their workflow, application or pipeline configuration.",
    )
    .addOption(new Option("-s, --status <status...>", "only of these statuses").choices(STATUSES))
    .option("-f, --workflow <name>", "only of this workflow, the completed ones too")
    .option("-a, --application <name>", "only those started for this application, the completed ones too")
    .option(
      "--pipeline-config <id>",
      "only those started by this configuration of a pipeline, the completed ones too",
    )
    .option(
      "--created-after <instant>",
      "created then or later: 2026-01-31, or 2026-01-31 17:05",
      instantArgument,
    )
    .option("--created-before <instant>", "created earlier", instantArgument)
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
      else
        printTable(
          terminal,
          [
            { title: "EXECUTION" },
            { title: "WORKFLOW", shrinks: true },
            { title: "STATUS", paint: (cell, row) => painted(colors, row[2] ?? "", cell) },
            { title: "CREATED" },
            { title: "CLOSED OR DUE", shrinks: true },
          ],
          page.executions.map(rowOf),
        );
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
  const { status, workflow, application, pipelineConfig } = options;
  const { createdAfter, createdBefore, dueBefore, leaseExpiredBefore } = options;
  return {
    ...(status === undefined ? {} : { status }),
    ...(workflow === undefined ? {} : { workflow }),
    ...labelsOf({ application, pipelineConfigId: pipelineConfig }),
    ...(createdAfter === undefined ? {} : { createdAfter }),
    ...(createdBefore === undefined ? {} : { createdBefore }),
    ...(dueBefore === undefined ? {} : { dueBefore }),
    ...(leaseExpiredBefore === undefined ? {} : { leaseExpiredBefore }),
  };
}

/** Whether it leaves out those that have come to a common end without being told to. */
function isOpenEnded(filter: ExecutionFilter): boolean {
  const { createdAfter: _after, createdBefore: _before, ...telling } = filter;
  return Object.keys(telling).length === 0;
}

function rowOf(listed: ListedExecution): string[] {
  return [listed.executionId, listed.workflow, listed.status, shownInstant(listed.createdAt), thenOf(listed)];
}

function thenOf({ status, closedAt, dueAt, lease }: ListedExecution): string {
  if (closedAt !== undefined) return shownInstant(closedAt);
  if (lease !== undefined) return `held until ${shownInstant(lease.until)}`;
  return dueAt === undefined || status === "stalled" ? "" : `due ${shownInstant(dueAt)}`;
}
