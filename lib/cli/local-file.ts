/** `.holdfast/local.json`: where the local cloud of this directory answers, while it runs. Written by `holdfast dev`, read by the rest. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface LocalFile {
  readonly pid: number;
  /** Endpoints, region, credentials and clock: what a process must have in its environment to reach it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The names of its stacks. */
  readonly stacks: readonly string[];
}

const NAME = "local.json";

export const STATE_DIRECTORY = ".holdfast";

export function writeLocalFile(directory: string, content: LocalFile): void {
  mkdirSync(directory, { recursive: true });
  // Its credentials are made up; other users of the machine still have no business with it.
  writeFileSync(join(directory, NAME), `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
}

export function removeLocalFile(directory: string): void {
  rmSync(join(directory, NAME), { force: true });
}

/** Undefined when there is none, or the process that wrote it has ended. */
export function readLocalFile(directory: string): LocalFile | undefined {
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(join(directory, NAME), "utf8"));
  } catch {
    return undefined;
  }
  return isLocalFile(found) && isRunning(found.pid) ? found : undefined;
}

function isLocalFile(found: unknown): found is LocalFile {
  if (typeof found !== "object" || found === null) return false;
  const pid: unknown = Reflect.get(found, "pid");
  const environment: unknown = Reflect.get(found, "environment");
  const stacks: unknown = Reflect.get(found, "stacks");
  return (
    typeof pid === "number" &&
    typeof environment === "object" &&
    environment !== null &&
    Object.values(environment).every((value) => typeof value === "string") &&
    Array.isArray(stacks) &&
    stacks.every((name) => typeof name === "string")
  );
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs, and belongs to somebody else.
    return error instanceof Error && Reflect.get(error, "code") === "EPERM";
  }
}
