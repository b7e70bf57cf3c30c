import { detailOf } from "../../client/publish.js";
import { checkExecutionId, checkName } from "../../model/ids.js";
import { json } from "../format.js";
import { readJson } from "../input.js";
import { connect, type TargetOptions, withTarget } from "../target.js";
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
    });
};
