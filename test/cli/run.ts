/** The command, run in this process: what it printed and how it ended. */
import { CommanderError } from "commander";
import picocolors from "picocolors";
import { EXIT, exitCodeOf, messageOf } from "../../lib/cli/exit.js";
import { createProgram } from "../../lib/cli/program.js";
import type { Terminal } from "../../lib/cli/terminal.js";

export interface Run {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/**
 * @param width of the terminal; without it nobody looks, and nothing is coloured or cut
 * @param person whoever is there to be asked, and what can be drawn on
 */
export async function runCommand(
  args: readonly string[],
  width?: number,
  person: Pick<Terminal, "confirm" | "live"> = {},
): Promise<Run> {
  const lines = { out: [] as string[], err: [] as string[] };
  let code = 0;
  const terminal: Terminal = {
    out: (line) => void lines.out.push(line),
    err: (line) => void lines.err.push(line),
    endWith: (exitCode) => {
      code = exitCode;
    },
    colors: picocolors.createColors(width !== undefined),
    width,
    ...person,
  };
  try {
    await createProgram(terminal).parseAsync(["node", "holdfast", ...args]);
  } catch (error) {
    // As the command's entry does: the parser has said what is wrong already.
    if (error instanceof CommanderError) code = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    else {
      code = exitCodeOf(error);
      terminal.err(messageOf(error));
    }
  }
  return { out: lines.out.join("\n"), err: lines.err.join("\n"), code };
}
