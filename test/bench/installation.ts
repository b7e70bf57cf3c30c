/** Others' packages, in a folder of their own: what is compared is no dependency of this project. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Installation {
  readonly directory: string;
  remove(): Promise<void>;
}

/** @param packages names and exact versions */
export async function install(packages: Readonly<Record<string, string>>): Promise<Installation> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-peer-"));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  const description = { name: "peer", private: true, type: "module", dependencies: packages };
  await writeFile(join(directory, "package.json"), JSON.stringify(description));
  try {
    await run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: directory });
  } catch (error) {
    await remove();
    throw error;
  }
  return { directory, remove };
}
