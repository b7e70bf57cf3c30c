import { DEFAULT_WAIT } from "../../client/types.js";
import { checkMessageId, checkOperationName } from "../../model/ids.js";
import { json, shownValue } from "../format.js";
import { checkIdArgument, durationOption, readJson } from "../input.js";
import { connect, personsTime, type TargetOptions, withTarget } from "../target.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions {
  readonly input?: string;
  readonly id?: string;
  readonly timeout?: string;
  readonly json?: boolean;
}

/** `holdfast update` */
export const addUpdate: AddCommand = (program, terminal) => {
  withTarget(program.command("update"))
    .summary("send an update to an execution and print its answer")
    .description("Sends an update to an execution and waits for what its handler (ctx.handleUpdate) answers.")
    .argument("<id>", "the execution's id")
    .argument("<name>", "the update's name")
    .option("-i, --input <json>", "its input: JSON, @file, or - for standard input")
    .option("--id <id>", "the message's id: the same id again gets the same answer (default: a new one)")
    .option("--timeout <duration>", "how long to wait for the answer, such as 90s or 15m (default: 1m)")
    .option("--json", "print JSON")
    .action(async (executionId: string, name: string, options: Options) => {
      const { id, timeout } = options;
      checkIdArgument(executionId);
      checkOperationName("holdfast update", name);
      if (id !== undefined) checkMessageId(id);
      const inTime = timeout === undefined ? DEFAULT_WAIT : durationOption(timeout, "--timeout");
      const input = options.input === undefined ? undefined : await readJson(options.input, "--input");
      const client = await connect(options, terminal);
      const answer = await client.update(executionId, name, input, {
        timeout: await personsTime(options, inTime),
        ...(id === undefined ? {} : { id }),
      });
      terminal.out(options.json ? json({ executionId, answer }) : shownValue(answer));
    });
};
