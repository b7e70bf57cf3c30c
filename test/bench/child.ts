/**
 * Runs a script in a fresh process of plain Node, bundled and minified as the functions are deployed: what is measured is the code that
 * Lambda runs, and not what a test runner made of it.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type BundledFile, bundleHandler, type Entry } from "../../lib/cdk/bundle.js";
import { loadedAtOnce } from "../setup/loaded-at-once.js";

const run = promisify(execFile);

/** Then it hangs. */
const LONGEST_MS = 15 * 60_000;

export interface Bundle {
  /** Runs it once with these arguments, as JSON in its first one; resolves with the JSON of its last line. */
  run(given: unknown, options?: RunOptions): Promise<unknown>;
  /** Of all its files, and of those that are read when it is loaded. */
  readonly bytes: number;
  readonly bytesAtOnce: number;
  readonly directory: string;
  readonly file: string;
  remove(): Promise<void>;
}

/** @param entry a file's URL, or the text of an entry that esbuild is to begin at */
export async function bundle(entry: URL | string | Entry, external: readonly string[] = []): Promise<Bundle> {
  const script = entry instanceof URL ? `import ${JSON.stringify(fileURLToPath(entry))};` : entry;
  const files = bundleHandler(typeof script === "string" ? { source: script, shared: [] } : script, {
    external,
  });
  const dir = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
  for (const { name, contents } of files) await writeFile(join(dir, name), contents);
  const file = join(dir, "index.mjs");
  return {
    bytes: sizeOf(files),
    bytesAtOnce: sizeOf(loadedAtOnce(files)),
    directory: dir,
    file,
    run: (given, options) => runNode(file, given, options),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

export interface RunOptions {
  /** Another Node.js than this one. */
  readonly node?: string;
  readonly directory?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** With nothing of this process's own environment. */
  readonly alone?: boolean;
}

/** Runs a script that prints a line of JSON at its end. */
export async function runNode(
  file: string,
  given: unknown,
  { node = process.execPath, directory, environment, alone = false }: RunOptions = {},
): Promise<unknown> {
  const quiet = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
  const options = {
    maxBuffer: 64 * 1024 * 1024,
    timeout: LONGEST_MS,
    ...(directory === undefined ? {} : { cwd: directory }),
    env: { ...(alone ? {} : process.env), ...quiet, ...environment },
  };
  const { stdout } = await run(node, [file, JSON.stringify(given)], options).catch(
    ({ stderr, message }: { stderr?: string; message: string }) => {
      // Node quotes the line that threw, and a bundle has few lines.
      const said = (stderr ?? message).split("\n").filter((line) => line.length < 500);
      throw new Error(`The measured script failed:\n${said.join("\n")}`);
    },
  );
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
}

const sizeOf = (files: readonly BundledFile[]): number =>
  files.reduce((sum, { contents }) => sum + contents.byteLength, 0);
