import { randomUUID } from "node:crypto";
import type { DurableClient } from "../../client/client.js";
import { signalData } from "../../define/outgoing.js";
import { checkMessageId } from "../../model/ids.js";
import type { ExecutionStatus } from "../../model/status.js";
import { checkWhich, chosenFilter, type ManyOptions, withMany } from "../bulk/options.js";
import { checkConfirmable, doToFitting } from "../bulk/run.js";
import { selected } from "../bulk/select.js";
import { UsageError } from "../exit.js";
import { json } from "../format.js";
import { readJson } from "../input.js";
import { connect, type TargetOptions, withTarget } from "../target.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions, ManyOptions {
  readonly data?: string;
  readonly id?: string;
}

/** Those that take messages. */
const STATUSES: readonly ExecutionStatus[] = ["running", "suspended", "paused", "compensating", "stalled"];

/** Stands for the ids that are not known yet, where the rest of what is sent is checked. */
const ANYBODY = "anybody";

/** `holdfast signal` */
export const addSignal: AddCommand = (program, terminal) => {
  withMany(withTarget(program.command("signal")), STATUSES)
    .summary("signal one execution, or all that fit a filter")
    .description("Signals executions: it is kept until ctx.waitForSignal asks for it.")
    .argument("<id>", "the execution's id; not with a filter")
    .argument("[name]", "the signal's name")
    .option("-d, --data <json>", "what it carries: JSON, @file, or - for standard input")
    .option("--id <id>", "the message's id: the same id again is the same message (default: a new one)")
    .option("--json", "print JSON")
    .usage("[options] <id> <name>, or [options] <filter> <name>")
    .action(async (first: string, second: string | undefined, options: Options) => {
      const data = options.data === undefined ? undefined : await readJson(options.data, "--data");
      const filter = chosenFilter(options, STATUSES);
      const [ids, name] = second === undefined ? [[], first] : [[first], second];
      if (filter === undefined && second === undefined)
        throw new UsageError("Expected an execution's id and the signal's name, or a filter and the name.");
      checkWhich(ids, filter, options);
      signalData("holdfast signal", ids[0] ?? ANYBODY, name, data);
      if (options.id !== undefined) checkMessageId(options.id);
      if (filter !== undefined) checkConfirmable(options, terminal);
      const client = await connect(options, terminal);
      const [executionId] = ids;
      if (filter === undefined && executionId !== undefined) {
        const { id = randomUUID() } = options;
        const sent = await client.signal(executionId, name, data, { id });
        // The id that makes a repeat the same message; history has it with its kind before it.
        const words = `signalled ${executionId}, id ${id}`;
        return terminal.out(options.json ? json({ executionId, ...sent }) : words);
      }
      // One id for all of them, so that the same command again, with it, reaches those that are left and nobody twice.
      const id = options.id ?? `bulk-${randomUUID()}`;
      const task = { verb: `signal "${name}"`, act: signalTo(client, name, data, id) };
      const executions = await selected(client, filter ?? {}, terminal);
      await doToFitting(executions, task, options, terminal, () => {
        if (options.id === undefined)
          terminal.err(
            terminal.colors.dim(`To repeat it, so that nobody is signalled twice: add --id ${id}`),
          );
      });
    });
};

function signalTo(client: DurableClient, name: string, data: unknown, id: string) {
  return (executionId: string) => client.signal(executionId, name, data, { id });
}
