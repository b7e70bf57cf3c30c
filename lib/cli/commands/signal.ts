import { signalData } from "../../define/outgoing.js";
import { checkMessageId } from "../../model/ids.js";
import { json } from "../format.js";
import { readJson } from "../input.js";
import { connect, type TargetOptions, withTarget } from "../target.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions {
  readonly data?: string;
  readonly id?: string;
  readonly json?: boolean;
}

/** `holdfast signal` */
export const addSignal: AddCommand = (program, terminal) => {
  withTarget(program.command("signal"))
    .summary("signal one execution")
    .description("Signals one execution: it is kept until ctx.waitForSignal asks for it.")
    .argument("<id>", "the execution's id")
    .argument("<name>", "the signal's name")
    .option("-d, --data <json>", "what it carries: JSON, @file, or - for standard input")
    .option("--id <id>", "the message's id: the same id again is the same message (default: a new one)")
    .option("--json", "print JSON")
    .action(async (executionId: string, name: string, options: Options) => {
      const data = options.data === undefined ? undefined : await readJson(options.data, "--data");
      const { id } = options;
      signalData("holdfast signal", executionId, name, data);
      if (id !== undefined) checkMessageId(id);
      const client = await connect(options, terminal);
      const sent = await client.signal(executionId, name, data, id === undefined ? {} : { id });
      terminal.out(
        options.json ? json({ executionId, ...sent }) : `signalled ${executionId}, message ${sent.messageId}`,
      );
    });
};
