import { json } from "../format.js";
import { connect, type TargetOptions, withTarget } from "../target.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions {
  readonly reason?: string;
  readonly json?: boolean;
}

/** `holdfast cancel` */
export const addCancel: AddCommand = (program, terminal) => {
  withTarget(program.command("cancel"))
    .summary("ask an execution to cancel")
    .description(
      "Asks an execution to cancel: what it waits for throws CancelledError, and its completed steps are undone.",
    )
    .argument("<id>", "the execution's id")
    .option("-r, --reason <text>", "why, for its history")
    .option("--json", "print JSON")
    .action(async (id: string, options: Options) => {
      const client = await connect(options, terminal);
      const { reason } = options;
      const answer = await client.cancel(id, { by: "holdfast", ...(reason === undefined ? {} : { reason }) });
      if (options.json) return terminal.out(json({ executionId: id, ...answer }));
      terminal.out(`asked ${id} to cancel; it was ${answer.status}`);
      if (answer.status === "stalled")
        terminal.err(`It is stalled, and cancels once it goes on: holdfast redrive ${id}`);
    });
};
