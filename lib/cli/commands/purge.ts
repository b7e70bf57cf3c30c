import { DELETABLE_AFTER_MS } from "../../decide/deletion.js";
import { NotDeletableError } from "../../model/deletion-errors.js";
import type { ExecutionStatus } from "../../model/status.js";
import { durationMs } from "../../model/time.js";
import { chosenFilter, type ManyOptions, withMany } from "../bulk/options.js";
import { checkConfirmable, doToFitting } from "../bulk/run.js";
import { selected } from "../bulk/select.js";
import { UsageError } from "../exit.js";
import { durationOption, instantArgument } from "../input.js";
import { connect, deploymentNow, type TargetOptions, withTarget } from "../target.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions, ManyOptions {
  readonly olderThan?: string;
  readonly closedBefore?: Date;
}

const ENDED: readonly ExecutionStatus[] = ["completed", "failed", "cancelled", "terminated", "continued"];

/** `holdfast purge` */
export const addPurge: AddCommand = (program, terminal) => {
  withMany(withTarget(program.command("purge")), ENDED)
    .summary("delete all executions that have ended and fit a filter, for good")
    .description(
      "Deletes executions that ended at least 20 minutes ago and fit a filter, with their histories, messages and large values. What is to be kept is exported first: holdfast export",
    )
    .option("--older-than <duration>", "only those that ended longer ago than that, such as 30d")
    .option("--closed-before <instant>", "only those that ended earlier: 2026-01-31", instantArgument)
    .option("--json", "print JSON")
    .action(async (options: Options) => {
      const { olderThan, closedBefore } = options;
      if (olderThan !== undefined && closedBefore !== undefined)
        throw new UsageError("--older-than and --closed-before were both given. Expected one of them.");
      const age = olderThan === undefined ? 0 : durationMs(durationOption(olderThan, "--older-than"));
      const filter = chosenFilter(options, ENDED);
      if (filter === undefined)
        throw new UsageError(
          "Which executions? Expected a filter such as --workflow <name> or --status <status>. Those whose ids are known are deleted by: holdfast delete <id…>",
        );
      checkConfirmable(options, terminal);
      const client = await connect(options, terminal);
      const before = Math.min(
        (await deploymentNow(options)) - Math.max(age, DELETABLE_AFTER_MS),
        closedBefore?.getTime() ?? Number.POSITIVE_INFINITY,
      );
      const executions = await selected(
        client,
        filter,
        terminal,
        ({ closedAt }) => closedAt !== undefined && closedAt.getTime() < before,
      );
      const task = {
        verb: "delete",
        act: (executionId: string) => client.delete(executionId),
        // A child goes after its parent, and the last of a chain after the one before it.
        mayPass: (error: unknown) => error instanceof NotDeletableError,
      };
      await doToFitting(executions, task, options, terminal);
    });
};
