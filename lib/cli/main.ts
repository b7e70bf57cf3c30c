#!/usr/bin/env node
/** The entry of the `holdfast` command: runs it, and turns every error into a line and an exit code. */
import { CommanderError } from "commander";
import { EXIT, exitCodeOf, messageOf } from "./exit.js";
import { createProgram } from "./program.js";
import { processTerminal } from "./terminal.js";

// A reader that went away (`holdfast list | head`) is no error of ours.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT.ok);
    throw error;
  });

const terminal = processTerminal();
try {
  await createProgram(terminal).parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    // It has said what is wrong already.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else {
    terminal.err(`${terminal.colors.red("error")} ${messageOf(error)}`);
    if (process.env.HOLDFAST_DEBUG && error instanceof Error) terminal.err(error.stack ?? "");
    process.exitCode = exitCodeOf(error);
  }
}
