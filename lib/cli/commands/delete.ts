import { json } from "../format.js";
import { checkIdArgument } from "../input.js";
import { connect, type TargetOptions, withTarget } from "../target.js";
import type { AddCommand } from "./command.js";

/** `holdfast delete` */
export const addDelete: AddCommand = (program, terminal) => {
  withTarget(program.command("delete"))
    .summary("delete executions that have ended, for good")
    .description(
      "Deletes executions that have ended, with their histories, messages and large values. What is to be kept is exported first: holdfast export",
    )
    .argument("<id...>", "the executions' ids, in the order in which they are deleted")
    .option("--json", "print JSON")
    .action(async (ids: string[], options: TargetOptions & { readonly json?: boolean }) => {
      for (const executionId of ids) checkIdArgument(executionId);
      const client = await connect(options, terminal);
      for (const executionId of ids) {
        const { deleted } = await client.delete(executionId);
        if (options.json) terminal.out(json({ executionId, deleted }));
        else
          terminal.out(
            deleted === "all"
              ? `${executionId} is deleted`
              : `${executionId} has lost its history; its head stays while the execution that goes on after it is there`,
          );
      }
    });
};
