/** The `holdfast` command, put together from its subcommands. */
import { Command, Help, type Option } from "commander";
import { addCallback } from "./commands/callback.js";
import type { AddCommand } from "./commands/command.js";
import { addCompletion } from "./commands/completion.js";
import { addCancel, addPause, addRedrive, addResume, addTerminate } from "./commands/control.js";
import { addDeadLetters } from "./commands/dead-letters.js";
import { addDelete } from "./commands/delete.js";
import { addDemo } from "./commands/demo.js";
import { addDev } from "./commands/dev.js";
import { addDoctor } from "./commands/doctor.js";
import { addExport } from "./commands/export.js";
import { addFork } from "./commands/fork.js";
import { addHistory } from "./commands/history.js";
import { addInit } from "./commands/init.js";
import { addList } from "./commands/list.js";
import { addOutbox } from "./commands/outbox.js";
import { addPipeline } from "./commands/pipeline.js";
import { addPurge } from "./commands/purge.js";
import { addReplay } from "./commands/replay.js";
import { addSchedules } from "./commands/schedules.js";
import { addSend } from "./commands/send.js";
import { addShow } from "./commands/show.js";
import { addSignal } from "./commands/signal.js";
import { addStart } from "./commands/start.js";
import { addUpdate } from "./commands/update.js";
import { addVersions } from "./commands/versions.js";
import { addWaiting } from "./commands/waiting.js";
import { addWatch } from "./commands/watch.js";
import { ownVersion } from "./own-package.js";
import type { Terminal } from "./terminal.js";

/** In the order in which the help lists them. */
const COMMANDS: readonly AddCommand[] = [
  addInit,
  addDev,
  addDemo,
  addDoctor,
  addStart,
  addList,
  addWaiting,
  addShow,
  addWatch,
  addHistory,
  addSend,
  addSignal,
  addUpdate,
  addCallback,
  addCancel,
  addTerminate,
  addPause,
  addResume,
  addRedrive,
  addFork,
  addPipeline,
  addSchedules,
  addVersions,
  addOutbox,
  addDeadLetters,
  addReplay,
  addExport,
  addDelete,
  addPurge,
  addCompletion,
];

const ENDING = `
Commands talk to the local cloud of this directory while one runs (holdfast dev), else to AWS.
Exit codes: 0 done, 1 error, 2 wrong command line or input, 3 no such execution or schedule, 4 conflict, 5 not ended in time, 130 interrupted.`;

export function createProgram(terminal: Terminal): Command {
  const program = new Command("holdfast")
    .description("Durable functions for AWS Lambda: start, watch and repair executions, here or on AWS.")
    .version(ownVersion(), "-v, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .showSuggestionAfterError()
    .addHelpText("after", ENDING);
  // Subcommands take these over, so they stand before the first one.
  program
    .configureHelp({ groupItems: ownFirst })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
      // As every other error looks.
      outputError: (text, write) => write(text.replace(/^error:/, terminal.colors.red("error"))),
      ...(terminal.width === undefined ? {} : { getOutHelpWidth: () => terminal.width ?? 80 }),
    });
  for (const add of COMMANDS) add(program, terminal);
  nameHelp(program, []);
  return program;
}

/** What is wrong is said with where it is told rightly: the help of that very command. */
function nameHelp(command: Command, above: readonly string[]): void {
  const path = [...above, command.name()];
  command.showHelpAfterError(`(${path.join(" ")} --help says what it takes)`);
  for (const sub of command.commands) nameHelp(sub, path);
}

/** A command's own options stand before those that many share. */
function ownFirst<T extends Command | Option>(
  unsorted: T[],
  visible: T[],
  groupOf: (item: T) => string,
): Map<string, T[]> {
  const groups = new Help().groupItems(unsorted, visible, groupOf);
  return new Map([...groups].sort(([one], [other]) => Number(other === OWN) - Number(one === OWN)));
}

/** The heading of options that name none. */
const OWN = "Options:";
