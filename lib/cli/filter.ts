/** The options by which a listing, or a command for many executions, chooses. The same names everywhere: look first, then act. */
import { type Command, Option } from "commander";
import type { ExecutionFilter } from "../client/types.js";
import { labelsOf } from "../model/labels.js";
import type { ExecutionStatus } from "../model/status.js";
import { instantArgument } from "./input.js";

export interface FilterOptions {
  readonly status?: readonly ExecutionStatus[];
  readonly workflow?: string;
  readonly application?: string;
  readonly pipelineConfig?: string;
  readonly createdAfter?: Date;
  readonly createdBefore?: Date;
}

/** @param statuses among which may be chosen */
export function withFilter(command: Command, statuses: readonly ExecutionStatus[]): Command {
  return command
    .addOption(new Option("-s, --status <status...>", "only of these statuses").choices(statuses))
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
    .option("--created-before <instant>", "created earlier", instantArgument);
}

export function filterOf(options: FilterOptions): ExecutionFilter {
  const { status, workflow, application, pipelineConfig, createdAfter, createdBefore } = options;
  return {
    ...(status === undefined ? {} : { status }),
    ...(workflow === undefined ? {} : { workflow }),
    ...labelsOf({ application, pipelineConfigId: pipelineConfig }),
    ...(createdAfter === undefined ? {} : { createdAfter }),
    ...(createdBefore === undefined ? {} : { createdBefore }),
  };
}
