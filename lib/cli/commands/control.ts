import type { DurableClient } from "../../client/client.js";
import type { ControlOptions } from "../../client/control.js";
import type { ExecutionStatus } from "../../model/status.js";
import { json } from "../format.js";
import { checkIdArgument } from "../input.js";
import { connect, type TargetOptions, withTarget } from "../target.js";
import type { Terminal } from "../terminal.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions {
  readonly reason?: string;
  readonly json?: boolean;
}

interface Answer {
  readonly status: ExecutionStatus;
  /** Done, and not all of it. */
  readonly error?: Error;
}

interface Control {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly ask: (client: DurableClient, id: string, options: ControlOptions) => Promise<Answer>;
  /** What a person is told of the answer. */
  tell(terminal: Terminal, id: string, status: ExecutionStatus): void;
}

/** A command about one execution that says who asks, and why. */
function control({ name, summary, description, ask, tell }: Control): AddCommand {
  return (program, terminal) => {
    withTarget(program.command(name))
      .summary(summary)
      .description(description)
      .argument("<id>", "the execution's id")
      .option("-r, --reason <text>", "why, for its history")
      .option("--json", "print JSON")
      .action(async (id: string, options: Options) => {
        checkIdArgument(id);
        const client = await connect(options, terminal);
        const { reason } = options;
        const answer = await ask(client, id, { by: "holdfast", ...(reason === undefined ? {} : { reason }) });
        if (options.json) terminal.out(json({ executionId: id, ...answer }));
        else tell(terminal, id, answer.status);
        if (answer.error !== undefined) terminal.err(answer.error.message);
      });
  };
}

/** `holdfast cancel` */
export const addCancel = control({
  name: "cancel",
  summary: "ask an execution to cancel",
  description:
    "Asks an execution to cancel: what it waits for throws CancelledError, and its completed steps are undone.",
  ask: (client, id, options) => client.cancel(id, options),
  tell(terminal, id, status) {
    terminal.out(`asked ${id} to cancel; it was ${status}`);
    if (status === "stalled")
      terminal.err(`It is stalled, and cancels once it goes on: holdfast redrive ${id}`);
  },
});

/** `holdfast terminate` */
export const addTerminate = control({
  name: "terminate",
  summary: "end an execution now, as it is",
  description:
    "Ends an execution now: its code is told nothing, and nothing is undone. To undo: holdfast cancel.",
  ask: (client, id, options) => client.terminate(id, options),
  tell: (terminal, id, status) => terminal.out(`${id} is ${status}`),
});

/** `holdfast pause` */
export const addPause = control({
  name: "pause",
  summary: "let an execution begin nothing new",
  description:
    "Lets an execution begin no step, child, transaction or compensation until it is resumed. What runs comes to its end.",
  ask: (client, id, options) => client.pause(id, options),
  tell: (terminal, id, status) => terminal.out(`asked ${id} to pause; it was ${status}`),
});

/** `holdfast resume` */
export const addResume = control({
  name: "resume",
  summary: "let a paused execution go on",
  description: "Lets a paused execution go on with all that came and fell due meanwhile.",
  ask: (client, id, options) => client.resume(id, options),
  tell: (terminal, id, status) => terminal.out(`asked ${id} to go on; it was ${status}`),
});

/** `holdfast redrive` */
export const addRedrive = control({
  name: "redrive",
  summary: "let a failed or stalled execution go on, or one that was not undone to the end",
  description:
    "Lets a stalled execution go on from its history, a failed one from the step that failed, and one whose compensations gave up from those, with the code that is deployed now.",
  ask: (client, id, options) => client.redrive(id, options),
  tell: (terminal, id, status) => terminal.out(`${id} goes on; it is ${status}`),
});
