/** The options of a command that may be about one execution, several, or all that fit a filter. */
import type { Command } from "commander";
import { checkListing } from "../../client/list.js";
import type { ExecutionFilter } from "../../client/types.js";
import type { ExecutionStatus } from "../../model/status.js";
import { UsageError } from "../exit.js";
import { type FilterOptions, filterOf, withFilter } from "../filter.js";
import type { BulkOptions } from "./run.js";

export interface ManyOptions extends FilterOptions, BulkOptions {}

const HEADING = "Many at once:";

/** @param statuses in which the command makes sense */
export function withMany(command: Command, statuses: readonly ExecutionStatus[]): Command {
  const known = new Set(command.options);
  withFilter(command, statuses)
    .option("-y, --yes", "do it without asking")
    .option("--dry-run", "only show what would be done");
  for (const option of command.options) if (!known.has(option)) option.helpGroup(HEADING);
  return command;
}

/**
 * The filter that was given, if one was; of statuses, by default those in `statuses`. What is wrong with it is known before anything is asked.
 * @throws UsageError, InvalidInputError
 */
export function chosenFilter(
  options: ManyOptions,
  statuses: readonly ExecutionStatus[],
): ExecutionFilter | undefined {
  const filter = filterOf(options);
  if (Object.keys(filter).length === 0) return undefined;
  const whole = { status: statuses, ...filter };
  checkListing(whole);
  return whole;
}

/** @throws UsageError unless there is exactly one of the two, and nothing that only a filter needs */
export function checkWhich(
  ids: readonly string[],
  filter: ExecutionFilter | undefined,
  { yes, dryRun }: BulkOptions,
): void {
  if (ids.length > 0 && filter !== undefined)
    throw new UsageError("Expected ids of executions, or a filter such as --workflow <name>, and not both.");
  if (ids.length === 0 && filter === undefined)
    throw new UsageError(
      "Which executions? Expected their ids, or a filter such as --workflow <name> or --status <status>.",
    );
  if (ids.length > 0 && (yes === true || dryRun === true))
    throw new UsageError("--yes and --dry-run belong to a filter, and ids were given.");
}
