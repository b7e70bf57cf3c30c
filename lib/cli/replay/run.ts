/**
 * Bundles the user's code together with the replay of this very package, so that both know the same classes, and runs that in a process of
 * its own: the code may print, hold connections open, or end its process.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bundleScript } from "../../cdk/bundle.js";
import { packageRoot } from "../../cdk/package-files.js";
import { UsageError } from "../exit.js";
import type { FileReport } from "./replay-files.js";

/** The code that histories are replayed against: `src/app.ts`, `src/app.ts#order`. */
export interface CodePlace {
  readonly file: string;
  readonly chosen: string | undefined;
}

/** Importing code and replaying take seconds at most; what takes this long waits for something. */
const TIMEOUT_MS = 300_000;

/** @throws UsageError */
export function readCodePlace(given: string): CodePlace {
  const at = given.lastIndexOf("#");
  const [file, chosen] = at < 0 ? [given, undefined] : [given.slice(0, at), given.slice(at + 1)];
  if (chosen === "") throw new UsageError(`--workflow names nothing after #: "${given}".`);
  if (!existsSync(file) || !statSync(file).isFile())
    throw new UsageError(`--workflow names a file that is not there: ${file}`);
  return { file: resolve(file), chosen };
}

const HISTORIES = /\.(json|jsonl|jsonl\.gz)$/;

/** The files that are meant: of a folder, every .json, .jsonl and .jsonl.gz file that lies in it. @throws UsageError */
export function historyFiles(places: readonly string[]): string[] {
  return places.flatMap((place) => {
    if (!existsSync(place)) throw new UsageError(`There is no history at ${place}.`);
    if (!statSync(place).isDirectory()) return [place];
    const files = readdirSync(place).filter((name) => HISTORIES.test(name));
    if (files.length === 0) throw new UsageError(`There is no .json or .jsonl file in ${place}.`);
    return files.sort().map((name) => join(place, name));
  });
}

/** @throws HoldfastConfigError when the code can't be bundled, UsageError when it can't be imported */
export function runReplays({ file, chosen }: CodePlace, histories: readonly string[]): FileReport[] {
  const dir = mkdtempSync(join(tmpdir(), "holdfast-replay-"));
  try {
    const script = join(dir, "replay.mjs");
    const answer = join(dir, "answer.json");
    writeFileSync(script, bundleScript(scriptFor(file, chosen, histories)));
    const child = spawnSync(process.execPath, ["--enable-source-maps", script, answer], {
      env: { ...process.env, NODE_OPTIONS: "", NODE_NO_WARNINGS: "1" },
      encoding: "utf8",
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
      stdio: ["ignore", "ignore", "pipe"],
    });
    if (existsSync(answer)) return JSON.parse(readFileSync(answer, "utf8")) as FileReport[];
    const why = child.error?.message ?? `exit code ${child.status}, signal ${child.signal ?? "none"}`;
    throw new UsageError(`The code in ${file} could not be run: ${why}\n${lastLines(child.stderr ?? "")}`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The answer goes to a file, because the code may print; and the process is ended at once, because the code may hold it open. */
function scriptFor(file: string, chosen: string | undefined, histories: readonly string[]): string {
  const engine = join(packageRoot(), "lib", "cli", "replay", "replay-files");
  return `
import { writeFileSync } from "node:fs";
import { replayFiles } from ${JSON.stringify(engine)};
const module = await import(${JSON.stringify(file)});
const report = await replayFiles(module, ${JSON.stringify(chosen) ?? "undefined"}, ${JSON.stringify(histories)});
writeFileSync(process.argv[2], JSON.stringify(report));
process.exit(0);
`;
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-12).join("\n");
}
