import type { DurableClient } from "../../client/client.js";
import type { ControlOptions } from "../../client/control.js";
import type { ExecutionStatus } from "../../model/status.js";
import { checkWhich, chosenFilter, type ManyOptions, withMany } from "../bulk/options.js";
import { checkConfirmable, doToAll, doToFitting } from "../bulk/run.js";
import { selected } from "../bulk/select.js";
import { json } from "../format.js";
import { checkIdArgument } from "../input.js";
import { connect, type TargetOptions, withTarget } from "../target.js";
import type { Terminal } from "../terminal.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions, ManyOptions {
  readonly reason?: string;
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
  /** Of which statuses a filter finds executions, unless it says otherwise. */
  readonly statuses: readonly ExecutionStatus[];
  /** Of which it may say that it finds them, too. */
  readonly also?: readonly ExecutionStatus[];
  readonly ask: (client: DurableClient, id: string, options: ControlOptions) => Promise<Answer>;
  /** What a person is told of the answer. */
  tell(terminal: Terminal, id: string, status: ExecutionStatus): void;
}

/** A command about one execution, several, or all that fit a filter, that says who asks, and why. */
function control({ name, summary, description, statuses, also = [], ask, tell }: Control): AddCommand {
  return (program, terminal) => {
    withMany(withTarget(program.command(name)), [...statuses, ...also])
      .summary(summary)
      .description(description)
      .argument("[id...]", "the executions' ids; without any, a filter says which")
      .option("-r, --reason <text>", "why, for their histories")
      .option("--json", "print JSON")
      .action(async (ids: string[], options: Options) => {
        for (const id of ids) checkIdArgument(id);
        const filter = chosenFilter(options, statuses);
        checkWhich(ids, filter, options);
        if (filter !== undefined) checkConfirmable(options, terminal);
        const client = await connect(options, terminal);
        const { reason } = options;
        const why = { by: "holdfast", ...(reason === undefined ? {} : { reason }) };
        const [id] = ids;
        if (id !== undefined && ids.length === 1) {
          const answer = await ask(client, id, why);
          if (options.json) terminal.out(json({ executionId: id, ...answer }));
          else tell(terminal, id, answer.status);
          if (answer.error !== undefined) terminal.err(answer.error.message);
          return;
        }
        const task = { verb: name, act: (each: string) => ask(client, each, why) };
        if (filter === undefined) return doToAll(ids, task, options, terminal);
        const executions = await selected(client, filter, terminal);
        await doToFitting(executions, task, options, terminal);
      });
  };
}

/** `holdfast cancel` */
export const addCancel = control({
  name: "cancel",
  summary: "ask executions to cancel",
  description:
    "Asks executions to cancel: what they wait for throws CancelledError, and their completed steps are undone.",
  statuses: ["running", "suspended", "paused", "stalled"],
  also: ["compensating"],
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
  summary: "end executions now, as they are",
  description:
    "Ends executions now: their code is told nothing, and nothing is undone. To undo: holdfast cancel.",
  statuses: ["running", "suspended", "paused", "compensating", "stalled"],
  ask: (client, id, options) => client.terminate(id, options),
  tell: (terminal, id, status) => terminal.out(`${id} is ${status}`),
});

/** `holdfast pause` */
export const addPause = control({
  name: "pause",
  summary: "let executions begin nothing new",
  description:
    "Lets executions begin no step, child, transaction or compensation until they are resumed. What runs comes to its end.",
  statuses: ["running", "suspended", "compensating"],
  ask: (client, id, options) => client.pause(id, options),
  tell: (terminal, id, status) => terminal.out(`asked ${id} to pause; it was ${status}`),
});

/** `holdfast resume` */
export const addResume = control({
  name: "resume",
  summary: "let paused executions go on",
  description: "Lets paused executions go on with all that came and fell due meanwhile.",
  statuses: ["paused"],
  // What was asked to pause a moment ago is not paused yet.
  also: ["running", "suspended", "compensating"],
  ask: (client, id, options) => client.resume(id, options),
  tell: (terminal, id, status) => terminal.out(`asked ${id} to go on; it was ${status}`),
});

/** `holdfast redrive` */
export const addRedrive = control({
  name: "redrive",
  summary: "let failed or stalled executions go on, or those not undone to the end",
  description:
    "Lets stalled executions go on from their history, failed ones from the step that failed, and those whose compensations gave up from these, with the code that is deployed now.",
  statuses: ["failed", "stalled"],
  // With compensations that gave up.
  also: ["completed", "cancelled"],
  ask: (client, id, options) => client.redrive(id, options),
  tell: (terminal, id, status) => terminal.out(`${id} goes on; it is ${status}`),
});
