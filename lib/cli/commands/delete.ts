import { NotDeletableError } from "../../model/deletion-errors.js";
import { doToAll } from "../bulk/run.js";
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
    .argument("<id...>", "the executions' ids")
    .option("--json", "print JSON")
    .action(async (ids: string[], options: TargetOptions & { readonly json?: boolean }) => {
      for (const executionId of ids) checkIdArgument(executionId);
      const client = await connect(options, terminal);
      const [executionId] = ids;
      if (executionId !== undefined && ids.length === 1) {
        const { deleted } = await client.delete(executionId);
        if (options.json) terminal.out(json({ executionId, deleted }));
        else terminal.out(deleted === "all" ? `${executionId} is deleted` : headStays(executionId));
        return;
      }
      const task = {
        verb: "delete",
        act: async (each: string) => {
          const answer = await client.delete(each);
          if (answer.deleted !== "all") terminal.err(headStays(each));
          return answer;
        },
        // A child goes after its parent, and the last of a chain after the one before it.
        mayPass: (error: unknown) => error instanceof NotDeletableError,
      };
      return doToAll(ids, task, options, terminal);
    });
};

function headStays(executionId: string): string {
  return `${executionId} has lost its history; its head stays while the execution that goes on after it is there`;
}
