import { detailOf } from "../../client/publish.js";
import { checkExecutionId, checkName } from "../../model/ids.js";
import { json } from "../format.js";
import { readJson } from "../input.js";
import { connect, type TargetOptions, targetOf, withTarget } from "../target.js";
import type { Terminal } from "../terminal.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions {
  readonly data: string;
  readonly target?: string;
  readonly id?: string;
  readonly json?: boolean;
}

/** `holdfast send` */
export const addSend: AddCommand = (program, terminal) => {
  withTarget(program.command("send"))
    .summary("publish an event on the deployment's bus")
    .description(
      "Publishes an event on the deployment's bus. It reaches every execution that waits for it, and starts what it starts. Whether the payload fits is judged by the receivers.",
    )
    .argument("<event>", "the event's name")
    .requiredOption("-d, --data <json>", "its payload: a JSON object, @file, or - for standard input")
    .option("-t, --target <id>", "deliver it to this execution alone")
    .option("--id <id>", "the event's stable id: the same id again is the same event (default: a new one)")
    .option("--json", "print JSON")
    .action(async (event: string, options: Options) => {
      const data = await readJson(options.data, "--data");
      detailOf(checkName("an event", event), data);
      if (options.target !== undefined) checkExecutionId(options.target);
      const client = await connect(options, terminal);
      const published = await client.publish(event, data, {
        ...(options.target === undefined ? {} : { target: options.target }),
        ...(options.id === undefined ? {} : { id: options.id }),
      });
      terminal.out(options.json ? json(published) : `published ${event}, id ${published.eventId}`);
      const bus = await busWithoutTaker(event, options, terminal);
      if (bus !== undefined)
        terminal.err(
          `No rule of the bus "${bus}" takes "${event}", so no workflow here waits for it or starts with it. Check the name, or declare the event in app({ events }) and deploy.`,
        );
    });
};

/** The bus, where no rule takes the event. A hint, which whoever may publish need not be allowed to ask for. */
async function busWithoutTaker(
  event: string,
  options: Options,
  terminal: Terminal,
): Promise<string | undefined> {
  try {
    const { names, connection } = await targetOf(options, terminal);
    const { mayTake } = await import("../../aws/bus-rules.js");
    if (names.busName === undefined || (await mayTake(names.busName, event, connection))) return undefined;
    return names.busName;
  } catch {
    return undefined;
  }
}
