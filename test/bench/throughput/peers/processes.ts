/** Servers that a peer's script starts, and ends. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";

const READY_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 100;

export interface Server {
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

/** What it prints is kept for the error of a start that fails. It does not outlive this process. */
export async function serve(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
  isReady: () => Promise<boolean>,
): Promise<Server> {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (text) => {
      said = `${said}${text}`.slice(-2_000);
    });
  child.once("error", (error) => {
    said += error.message;
  });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const hasEnded = (): boolean =>
    child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  for (const until = Date.now() + READY_WITHIN_MS; !(await isReady().catch(() => false)); ) {
    if (hasEnded() || Date.now() > until) {
      kill();
      throw new Error(`${command} did not start: ${said}`);
    }
    await new Promise((wake) => setTimeout(wake, LOOK_EVERY_MS));
  }
  return {
    process: child,
    async stop() {
      // Of PostgreSQL: closes connections at once. Others end on it, too.
      if (!hasEnded()) {
        child.kill("SIGINT");
        await Promise.race([once(child, "exit"), new Promise((wake) => setTimeout(wake, 10_000).unref())]);
      }
      kill();
    },
  };
}
