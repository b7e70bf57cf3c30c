import { json } from "../format.js";
import { connect, type TargetOptions, withTarget } from "../target.js";
import type { AddCommand } from "./command.js";

/** `holdfast redrive` */
export const addRedrive: AddCommand = (program, terminal) => {
  withTarget(program.command("redrive"))
    .summary("let a stalled execution go on")
    .description("Lets a stalled execution go on from its history, with the code that is deployed now.")
    .argument("<id>", "the execution's id")
    .option("--json", "print JSON")
    .action(async (id: string, options: TargetOptions & { readonly json?: boolean }) => {
      const client = await connect(options, terminal);
      const answer = await client.redrive(id);
      terminal.out(
        options.json ? json({ executionId: id, ...answer }) : `${id} goes on; it is ${answer.status}`,
      );
    });
};
