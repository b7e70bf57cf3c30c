/** The Node.js that functions are deployed on: what it costs to replay and to start is asked there, whatever this process runs on. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Installation, install, NODE_MAJOR } from "./installation.js";

export interface Runtime {
  readonly node: string;
  /** As it says itself: `v24.21.0`. */
  readonly version: string;
}

const here: Runtime = { node: process.execPath, version: process.version };

const isDeployed = (): boolean => Number.parseInt(process.versions.node, 10) >= NODE_MAJOR;

/** Made when it is first asked for. */
export interface Runtimes {
  /** The deployed one, or else this process's own. */
  deployed(): Promise<Runtime>;
  remove(): Promise<void>;
}

/** @param wanted without it, it is this process's own */
export function runtimes(tell: (line: string) => void, wanted: boolean): Runtimes {
  let opened: Promise<Runtime & { remove?(): Promise<void> }> | undefined;
  const open = async () => {
    if (isDeployed() || !wanted) return here;
    tell(`installing Node.js ${NODE_MAJOR}, which functions are deployed on…`);
    let installed: Installation | undefined;
    try {
      installed = await install([]);
      const { node, remove } = installed;
      const { stdout } = await promisify(execFile)(node, ["--version"]);
      return { node, version: stdout.trim(), remove };
    } catch (error) {
      await installed?.remove();
      tell(`it does not install here, so this is measured on ${here.version}: ${String(error)}`);
      return here;
    }
  };
  return {
    deployed: () => (opened ??= open()),
    remove: async () => (await opened)?.remove?.(),
  };
}
