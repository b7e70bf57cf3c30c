/**
 * One process of one function: it runs one invocation at a time, and can be killed for real.
 *
 * | what happens                    | the invocation ends as                     | the process  |
 * |---------------------------------|--------------------------------------------|--------------|
 * | the handler returns             | its value                                  | is kept warm |
 * | the handler throws              | that error                                 | is kept warm |
 * | the deadline passes             | `Sandbox.Timedout`                         | is killed    |
 * | the process ends by itself      | `Runtime.ExitError`                        | is gone      |
 * | the module can't be loaded      | that error                                 | is gone      |
 */
import { type ChildProcess, fork } from "node:child_process";
import { createInterface } from "node:readline";
import type { ChildMessage, FunctionError, InvokeMessage } from "./bootstrap.js";

/** What an invocation came to: the payload is JSON, as Lambda answers. */
export type Outcome =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly error: FunctionError };

export interface SandboxSpec {
  readonly bootstrap: string;
  readonly codeDir: string;
  readonly memoryMb: number;
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (stream: "stdout" | "stderr", text: string) => void;
}

/** AWS gives a module this long to load before the clock of the first invocation starts. */
const INIT_MS_MAX = 10_000;

export class Sandbox {
  private readonly child: ChildProcess;
  private readonly initialized: Promise<FunctionError | undefined>;
  private current: { requestId: string; settle: (outcome: Outcome) => void } | undefined;
  private failure: FunctionError | undefined;
  private onReady: (failure?: FunctionError) => void = () => {};
  readonly ended: Promise<void>;

  constructor(spec: SandboxSpec) {
    this.child = fork(spec.bootstrap, [], {
      cwd: spec.codeDir,
      env: spec.env,
      execArgv: ["--enable-source-maps", `--max-old-space-size=${spec.memoryMb}`],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      // A group of its own: Ctrl-C is for us, and we let an invocation finish.
      detached: true,
    });
    for (const stream of ["stdout", "stderr"] as const) {
      const source = this.child[stream];
      if (source !== null) createInterface({ input: source }).on("line", (text) => spec.onLine(stream, text));
    }
    this.initialized = new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), INIT_MS_MAX);
      this.onReady = (failure) => {
        clearTimeout(timer);
        resolve(failure);
      };
    });
    this.child.on("message", (message: ChildMessage) => this.hear(message));
    this.child.on("error", (error) => this.end(`could not be started: ${error.message}`));
    this.ended = new Promise((resolve) => {
      this.child.once("exit", (code, signal) => {
        this.end(
          signal === null ? `exited with error: exit status ${code}` : `exited with error: signal: ${signal}`,
        );
        resolve();
      });
      this.child.once("error", () => resolve());
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get requestId(): string | undefined {
    return this.current?.requestId;
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null && this.failure === undefined;
  }

  /** Runs one invocation to its end; it always ends. The next may come only after that. */
  async invoke(requestId: string, payload: string, timeoutMs: number): Promise<Outcome> {
    const outcome = new Promise<Outcome>((settle) => {
      this.current = { requestId, settle };
    });
    const initFailure = (await this.initialized) ?? this.failure;
    if (initFailure !== undefined) this.settle({ ok: false, error: initFailure });
    const timer = setTimeout(() => {
      const seconds = (timeoutMs / 1000).toFixed(2);
      this.settle(
        failed("Sandbox.Timedout", `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`),
      );
      this.kill("SIGKILL");
    }, timeoutMs);
    if (this.current !== undefined) {
      const message: InvokeMessage = { requestId, payload, deadlineMs: Date.now() + timeoutMs };
      // A send to a process that just died reports an error here; its exit settles the invocation.
      this.child.send(message, () => {});
    }
    return outcome.finally(() => clearTimeout(timer));
  }

  kill(signal: NodeJS.Signals): void {
    this.failure ??= { errorType: "Runtime.ExitError", errorMessage: `The process was sent ${signal}.` };
    this.child.kill(signal);
  }

  private hear(message: ChildMessage): void {
    switch (message.type) {
      case "ready":
        this.onReady();
        return;
      case "done":
        if (message.requestId === this.current?.requestId)
          this.settle({ ok: true, payload: message.payload });
        return;
      case "failed":
        if (message.exiting) {
          // The process is ending by itself, and must not be given another invocation until it has.
          this.failure = message.error;
          this.onReady(message.error);
        }
        if (message.requestId === this.current?.requestId) this.settle({ ok: false, error: message.error });
    }
  }

  private end(how: string): void {
    const requestId = this.current?.requestId;
    const prefix = requestId === undefined ? "" : `RequestId: ${requestId} `;
    const error = { errorType: "Runtime.ExitError", errorMessage: `${prefix}Error: Runtime ${how}` };
    this.failure ??= error;
    this.onReady(this.failure);
    this.settle({ ok: false, error });
  }

  private settle(outcome: Outcome): void {
    this.current?.settle(outcome);
    this.current = undefined;
  }
}

export const failed = (errorType: string, errorMessage: string): Outcome => ({
  ok: false,
  error: { errorType, errorMessage },
});
