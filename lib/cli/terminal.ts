/** The screen: where results go, where everything else goes, how wide it is, and whether it has colours. */
import { stripVTControlCharacters } from "node:util";
import picocolors from "picocolors";

export type Colors = ReturnType<typeof picocolors.createColors>;

export interface Terminal {
  /** A line of the result. */
  out(line: string): void;
  /** A line that is no result: progress, warnings, errors. It must not get into a pipe. */
  err(line: string): void;
  /** What the process ends with, if nothing is thrown. `now` waits for no answer that is still on its way. */
  endWith(exitCode: number, when?: "now"): void;
  /** Asks a person, who says yes or not. Absent where nobody is there to be asked. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Absent where what was printed can't be drawn over: a pipe, a file. */
  readonly live?: LiveArea;
  readonly colors: Colors;
  /** Columns; undefined when nobody looks (a pipe, a file), and nothing is to be cut. */
  readonly width: number | undefined;
}

/** The foot of the screen, drawn anew in its own place while results go on above it. */
export interface LiveArea {
  /** In place of what was drawn before; no lines leave nothing. Lines are no longer than the terminal is wide. */
  draw(lines: readonly string[]): void;
}

/** What nobody narrows their window below. */
const NARROWEST = 40;

export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  const colored = stdout.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  const drawable = stdout.isTTY === true && env.TERM !== "dumb";
  return {
    out: (line) => void stdout.write(`${line}\n`),
    // Its colours are those of the results' terminal; a file that errors go to has none.
    err: (line) => void stderr.write(`${stderr.isTTY === true ? line : stripVTControlCharacters(line)}\n`),
    endWith: (exitCode, when) => {
      process.exitCode = exitCode;
      // Once what was printed has left.
      if (when === "now") stdout.write("", () => process.exit(exitCode));
    },
    ...(process.stdin.isTTY === true && stderr.isTTY === true
      ? { confirm: (question: string) => confirm(question) }
      : {}),
    ...(drawable ? { live: liveArea((text) => void stdout.write(text)) } : {}),
    colors: picocolors.createColors(colored),
    width: stdout.isTTY === true ? Math.max(NARROWEST, stdout.columns ?? 80) : undefined,
  };
}

/** Nothing but a plain yes is one; whoever ends the input, or interrupts, has said no. */
export async function confirm(
  question: string,
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<boolean> {
  const { createInterface } = await import("node:readline/promises");
  const reader = createInterface({ input, output });
  const closed = new Promise<undefined>((resolve) => reader.once("close", () => resolve(undefined)));
  try {
    const answer = await Promise.race([reader.question(`${question} [y/N] `), closed]);
    // What comes next would stand behind the question.
    if (answer === undefined) output.write("\n");
    return answer !== undefined && /^y(es)?$/i.test(answer.trim());
  } finally {
    reader.close();
  }
}

const ESCAPE = "\u001b[";

/** @param write to the terminal, as it is */
export function liveArea(write: (text: string) => void): LiveArea {
  let drawn = 0;
  return {
    draw(lines) {
      const back = drawn === 0 ? "" : `${ESCAPE}${drawn}A${ESCAPE}0J`;
      write(back + lines.map((line) => `${line}\n`).join(""));
      drawn = lines.length;
    },
  };
}
