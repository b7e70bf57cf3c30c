/** Runs the project's CDK app, as the CDK's own command would, and leaves the templates in a directory of ours. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { HoldfastError } from "../../model/errors.js";
import { UsageError } from "../exit.js";

export interface Synthesis {
  readonly ms: number;
  /** What the app printed: shown only if somebody asks. */
  readonly output: string;
}

/** Where in a dependency an error was thrown, and what Node adds to it, is no help to whoever reads what they did wrong. */
function withoutInsides(output: string): string {
  return output
    .replace(/^\S*\/node_modules\/\S+:\d+\n.*\n\s*\^+\n\s*\n/m, "")
    .split("\n")
    .filter((line) => !/^\s+at .*(?:\/node_modules\/|\bnode:)/.test(line) && !/^Node\.js v\d/.test(line))
    .join("\n");
}

/** The project's CDK app ended with an error. */
export class SynthesisError extends HoldfastError {
  readonly code = "SYNTHESIS_FAILED";
  constructor(command: string, how: string, output: string) {
    super(
      `The CDK app did not synthesize: \`${command}\` ${how}.\n${withoutInsides(output).trim() || "It printed nothing."}`,
    );
    this.name = "SynthesisError";
  }
}

/**
 * @param directory is emptied first, so that a stack that was removed is gone
 * @param context comes before what cdk.json says, as `-c` does
 */
export async function synthesize(
  app: string | undefined,
  directory: string,
  context: Readonly<Record<string, unknown>> = {},
): Promise<Synthesis> {
  const settings = readSettings();
  const command = app ?? settings.app;
  if (command === undefined) {
    throw new UsageError(
      'There is no CDK app to synthesize: cdk.json is missing here, or has no "app". Run this where cdk.json is, or name the app: holdfast dev --app "npx tsx infra/app.ts"',
    );
  }
  const outdir = resolve(directory);
  rmSync(outdir, { recursive: true, force: true });
  const began = Date.now();
  const output = await run(command, {
    ...process.env,
    CDK_OUTDIR: outdir,
    // Asset metadata is how the templates say where a function's code lies.
    CDK_CONTEXT_JSON: JSON.stringify({
      ...settings.context,
      ...context,
      "aws:cdk:enable-asset-metadata": true,
    }),
  });
  if (!existsSync(resolve(outdir, "manifest.json")))
    throw new SynthesisError(command, "left no templates behind. It must call app.synth()", output);
  return { ms: Date.now() - began, output };
}

interface Settings {
  readonly app?: string;
  readonly context: Readonly<Record<string, unknown>>;
}

function readSettings(): Settings {
  const settings = readObject("cdk.json");
  const app: unknown = settings?.app;
  return {
    ...(typeof app === "string" ? { app } : {}),
    context: { ...object(settings?.context), ...readObject("cdk.context.json") },
  };
}

function readObject(file: string): Readonly<Record<string, unknown>> | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return object(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw new UsageError(`${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function object(found: unknown): Readonly<Record<string, unknown>> {
  return typeof found === "object" && found !== null && !Array.isArray(found)
    ? Object.fromEntries(Object.entries(found))
    : {};
}

function run(command: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((done, failed) => {
    let output = "";
    // By the shell, as the CDK's command runs it: "app" is a command line.
    const child = spawn(command, { shell: true, env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => {
        output += text;
      });
    }
    child.once("error", (error) =>
      failed(new SynthesisError(command, `could not be run: ${error.message}`, "")),
    );
    child.once("close", (code, signal) => {
      if (code === 0) done(output);
      else failed(new SynthesisError(command, `ended with ${signal ?? `exit code ${code}`}`, output));
    });
  });
}
