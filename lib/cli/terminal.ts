/** The screen: where results go, where everything else goes, how wide it is, and whether it has colours. */
import picocolors from "picocolors";

export type Colors = ReturnType<typeof picocolors.createColors>;

export interface Terminal {
  /** A line of the result. */
  out(line: string): void;
  /** A line that is no result: progress, warnings, errors. It must not get into a pipe. */
  err(line: string): void;
  /** What the process ends with, if nothing is thrown. */
  endWith(exitCode: number): void;
  /** Asks a person, who says yes or not. Absent where nobody is there to be asked. */
  readonly confirm?: (question: string) => Promise<boolean>;
  readonly colors: Colors;
  /** Columns; undefined when nobody looks (a pipe, a file), and nothing is to be cut. */
  readonly width: number | undefined;
}

/** What nobody narrows their window below. */
const NARROWEST = 40;

export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  const colored = stdout.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  return {
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    endWith: (exitCode) => {
      process.exitCode = exitCode;
    },
    ...(process.stdin.isTTY === true && stderr.isTTY === true ? { confirm } : {}),
    colors: picocolors.createColors(colored),
    width: stdout.isTTY === true ? Math.max(NARROWEST, stdout.columns ?? 80) : undefined,
  };
}

/** Nothing but a plain yes is one; whoever ends the input, or interrupts, has said no. */
async function confirm(question: string): Promise<boolean> {
  const { createInterface } = await import("node:readline/promises");
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((resolve) => reader.once("close", () => resolve("")));
  try {
    return /^y(es)?$/i.test((await Promise.race([reader.question(`${question} [y/N] `), closed])).trim());
  } finally {
    reader.close();
  }
}
