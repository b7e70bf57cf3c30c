/**
 * Strikes processes of the functions, in the middle of their work where there is any: every few seconds it kills one, now and then all
 * workers, or lets one stand still for some seconds and go on as if nothing had been. DynamoDB stands still, too.
 */
import type { LocalCloudCore, ProcessInfo } from "holdfast/local";
import { pause } from "./persistence.js";

const SHORTEST_MS = 500;
const LONGEST_MS = 4_000;
/** How often all workers go at once, as when their host does. */
const MASSACRES = 0.05;

/** How often one stands still instead of being killed. */
const FREEZES = 0.3;
/** Less than a worker's timeout and more: some of them go on, and some are killed as they stand. */
const FREEZE_MS = 14_000;

const DATABASE_EVERY_MS = 40_000;
/** Longer than a call waits for its answer: what was given up is done all the same, seconds later. */
const DATABASE_FREEZE_MS = 8_000;

/** What happened to the processes of one function. */
export interface Struck {
  /** In the middle of an invocation. */
  killed: number;
  killedIdle: number;
  frozen: number;
}

export class Reaper {
  readonly #struck = new Map<string, Struck>();
  readonly #stop = new AbortController();

  constructor(
    private readonly functions: LocalCloudCore["functions"],
    private readonly databasePid: number | undefined,
    private readonly random: () => number,
  ) {}

  /** By function, and of the database. */
  get struck(): Readonly<Record<string, Readonly<Struck>>> {
    return Object.fromEntries(this.#struck);
  }

  /** Until it is stopped, and all that stood still goes on. */
  async reap(): Promise<void> {
    const frozen: Promise<void>[] = [this.#freezeDatabase()];
    for (;;) {
      await pause(SHORTEST_MS + this.random() * (LONGEST_MS - SHORTEST_MS));
      if (this.#stop.signal.aborted) break;
      for (const one of this.#victims()) {
        const struck = this.#struckOf(roleOf(one.functionName));
        if (this.random() < FREEZES) frozen.push(this.#freeze(struck, one.pid, FREEZE_MS));
        else kill(struck, one);
      }
    }
    await Promise.all(frozen);
  }

  stop(): void {
    this.#stop.abort();
  }

  #victims(): ProcessInfo[] {
    const all = this.functions.processes();
    if (this.random() < MASSACRES) return all.filter(({ functionName }) => roleOf(functionName) === "Worker");
    const busy = all.filter(({ requestId }) => requestId !== undefined);
    const some = busy.length > 0 ? busy : all;
    // The function first: nearly all that is at work is a worker.
    const role = this.#oneOf([...new Set(some.map(({ functionName }) => roleOf(functionName)))]);
    const one = this.#oneOf(some.filter(({ functionName }) => roleOf(functionName) === role));
    return one === undefined ? [] : [one];
  }

  #oneOf<Thing>(things: readonly Thing[]): Thing | undefined {
    return things[Math.floor(this.random() * things.length)];
  }

  async #freezeDatabase(): Promise<void> {
    if (this.databasePid === undefined) return;
    for (;;) {
      for (const until = Date.now() + 2 * this.random() * DATABASE_EVERY_MS; Date.now() < until; ) {
        if (this.#stop.signal.aborted) return;
        await pause(500);
      }
      await this.#freeze(this.#struckOf("DynamoDB"), this.databasePid, DATABASE_FREEZE_MS);
    }
  }

  async #freeze(struck: Struck, pid: number, mostMs: number): Promise<void> {
    process.kill(pid, "SIGSTOP");
    struck.frozen += 1;
    await pause(this.random() * mostMs);
    thaw(pid);
  }

  #struckOf(role: string): Struck {
    const struck = this.#struck.get(role) ?? { killed: 0, killedIdle: 0, frozen: 0 };
    this.#struck.set(role, struck);
    return struck;
  }
}

function kill(struck: Struck, { pid, requestId }: ProcessInfo): void {
  process.kill(pid, "SIGKILL");
  struck[requestId === undefined ? "killedIdle" : "killed"] += 1;
}

function thaw(pid: number): void {
  try {
    process.kill(pid, "SIGCONT");
  } catch (error) {
    // Its invocation took too long meanwhile, and it was killed for that.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** The part of a physical name that says what the function is for. */
function roleOf(functionName: string): string {
  return /Worker|Relay|Deliver|Start|Audit/.exec(functionName)?.[0] ?? functionName;
}
