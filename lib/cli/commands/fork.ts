import { checkExecutionId } from "../../model/ids.js";
import { UsageError } from "../exit.js";
import { json } from "../format.js";
import { checkIdArgument } from "../input.js";
import { connect, type TargetOptions, withTarget } from "../target.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions {
  readonly from: string;
  readonly id?: string;
  readonly json?: boolean;
}

/** `holdfast fork` */
export const addFork: AddCommand = (program, terminal) => {
  withTarget(program.command("fork"))
    .summary("start a new execution from a step of another")
    .description(
      "Starts a new execution with the history of another up to a step, which runs anew. The other is left as it is.",
    )
    .argument("<id>", "the execution's id")
    .requiredOption(
      "--from <step>",
      "the step's name, or its path as the history shows it (saga/step:charge#2)",
    )
    .option("--id <id>", "the new execution's id (default: derived, the same for the same fork)")
    .option("--json", "print JSON")
    .action(async (id: string, options: Options) => {
      const { from, id: forkId } = options;
      checkIdArgument(id);
      if (from === "")
        throw new UsageError(
          "--from names no step. Expected a step's name, or its path as the history shows it.",
        );
      if (forkId !== undefined) checkExecutionId(forkId);
      const client = await connect(options, terminal);
      const answer = await client.fork(id, { from, ...(forkId === undefined ? {} : { id: forkId }) });
      if (options.json) return terminal.out(json(answer));
      terminal.out(
        `${answer.executionId} ${answer.created ? "begins" : "has begun already"}; it is ${answer.status}`,
      );
    });
};
