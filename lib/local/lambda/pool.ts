/**
 * The processes of one function: warm ones are reused, new ones are started up to the concurrency limit,
 * and whoever comes then waits its turn. A process is never shared by two invocations.
 */
import { randomUUID } from "node:crypto";
import type { Killer } from "../chaos/deliveries.js";
import { NOT_BEGUN, type NotBegun } from "./not-begun.js";
import { failed, type Outcome, Sandbox, type SandboxSpec } from "./sandbox.js";

export interface FunctionSpec {
  readonly name: string;
  /** A published one; the latest without it. */
  readonly version?: string;
  readonly logicalId: string;
  readonly stack: string;
  readonly codeDir: string;
  /** `file.export`, as on AWS. */
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
  /** A reservation is also a limit: beyond it a caller that waits is told so. */
  readonly reservedConcurrency?: number;
}

/** A process that runs a function. */
export interface ProcessInfo {
  readonly functionName: string;
  readonly pid: number;
  /** The invocation it is running, if any. */
  readonly requestId?: string;
}

/** Without a reservation: enough for parallel work, and few enough for a laptop's memory (70 MB each). */
const CONCURRENCY_DEFAULT = 10;
/** As AWS does, in its own time: an idle process is given up after a while. */
const IDLE_MS_MAX = 5 * 60_000;

export class Pool {
  private readonly sandboxes = new Set<Sandbox>();
  private readonly idle: Sandbox[] = [];
  private readonly turns: (() => void)[] = [];
  private readonly reapers = new Map<Sandbox, NodeJS.Timeout>();
  private running = 0;
  private closed = false;
  /** How long the last invocation took: a guess for the next one. */
  private lastMs = 100;

  constructor(
    readonly spec: FunctionSpec,
    /** For each process anew: its clock is its own. */
    private readonly sandboxSpec: () => SandboxSpec,
    private readonly killer?: Killer,
  ) {}

  get limit(): number {
    return this.spec.reservedConcurrency ?? CONCURRENCY_DEFAULT;
  }

  /** Whether a caller that may be refused must be: only a reservation refuses. */
  get throttled(): boolean {
    return this.spec.reservedConcurrency !== undefined && this.running >= this.limit;
  }

  async invoke(payload: string, requestId: string = randomUUID()): Promise<Outcome | NotBegun> {
    if (this.limit === 0)
      return failed("TooManyRequestsException", `${this.spec.name} has a reserved concurrency of 0.`);
    await this.turn();
    if (this.closed) {
      this.leave();
      return NOT_BEGUN;
    }
    try {
      const sandbox = this.take();
      const began = Date.now();
      const spare = this.killer?.(() => sandbox.kill("SIGKILL"), this.lastMs);
      const outcome = await sandbox.invoke(requestId, payload, this.spec.timeoutSeconds * 1000);
      spare?.();
      this.lastMs = Date.now() - began;
      this.giveBack(sandbox);
      return outcome;
    } catch (error) {
      // The system refuses another process; whoever invoked deals with it as with any failed invocation.
      return failed("Runtime.ExitError", `No process could be started: ${String(error)}`);
    } finally {
      this.leave();
    }
  }

  processes(): ProcessInfo[] {
    return [...this.sandboxes].flatMap(({ pid, requestId }) =>
      pid === undefined
        ? []
        : [{ functionName: this.spec.name, pid, ...(requestId === undefined ? {} : { requestId }) }],
    );
  }

  /** Sends a signal to every process of the function, busy or warm, and says to how many. */
  kill(signal: NodeJS.Signals): number {
    const targets = [...this.sandboxes].filter((sandbox) => sandbox.alive);
    for (const sandbox of targets) sandbox.kill(signal);
    return targets.length;
  }

  /** No invocation starts from here on; those that wait end as not begun. */
  close(): void {
    this.closed = true;
    for (const go of this.turns.splice(0)) {
      // Each that is let through gives a turn back when it leaves.
      this.running += 1;
      go();
    }
  }

  get busy(): boolean {
    return this.running > 0;
  }

  async end(): Promise<void> {
    this.close();
    for (const timer of this.reapers.values()) clearTimeout(timer);
    this.kill("SIGKILL");
    await Promise.all([...this.sandboxes].map((sandbox) => sandbox.ended));
  }

  private async turn(): Promise<void> {
    if (this.running >= this.limit && !this.closed) await new Promise<void>((go) => this.turns.push(go));
    else this.running += 1;
  }

  /** Hands the turn on to the next in line, or gives it up. */
  private leave(): void {
    const next = this.turns.shift();
    if (next === undefined) this.running -= 1;
    else next();
  }

  private take(): Sandbox {
    for (let sandbox = this.idle.pop(); sandbox !== undefined; sandbox = this.idle.pop()) {
      clearTimeout(this.reapers.get(sandbox));
      if (sandbox.alive) return sandbox;
    }
    const sandbox = new Sandbox(this.sandboxSpec());
    this.sandboxes.add(sandbox);
    void sandbox.ended.then(() => this.sandboxes.delete(sandbox));
    return sandbox;
  }

  private giveBack(sandbox: Sandbox): void {
    if (!sandbox.alive || this.closed) return;
    this.idle.push(sandbox);
    this.reapers.set(
      sandbox,
      setTimeout(() => {
        this.idle.splice(this.idle.indexOf(sandbox), 1);
        sandbox.kill("SIGKILL");
      }, IDLE_MS_MAX).unref(),
    );
  }
}
