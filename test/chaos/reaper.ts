/** Kills processes of the functions, in the middle of their work where there is any: one every few seconds, and now and then all workers. */
import type { LocalCloudCore, ProcessInfo } from "holdfast/local";
import { pause } from "./persistence.js";

const SHORTEST_MS = 500;
const LONGEST_MS = 4_000;
/** How often all workers go at once, as when their host does. */
const MASSACRES = 0.05;

export interface Kills {
  /** Of processes that ran an invocation. */
  busy: number;
  idle: number;
}

export class Reaper {
  readonly #kills = new Map<string, Kills>();
  readonly #stop = new AbortController();

  constructor(
    private readonly functions: LocalCloudCore["functions"],
    private readonly random: () => number,
  ) {}

  /** By function. */
  get kills(): Readonly<Record<string, Readonly<Kills>>> {
    return Object.fromEntries(this.#kills);
  }

  /** Until it is stopped. */
  async reap(): Promise<void> {
    for (;;) {
      await pause(SHORTEST_MS + this.random() * (LONGEST_MS - SHORTEST_MS));
      if (this.#stop.signal.aborted) return;
      for (const process of this.#victims()) this.#kill(process);
    }
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

  #kill({ functionName, pid, requestId }: ProcessInfo): void {
    process.kill(pid, "SIGKILL");
    const role = roleOf(functionName);
    const kills = this.#kills.get(role) ?? { busy: 0, idle: 0 };
    kills[requestId === undefined ? "idle" : "busy"] += 1;
    this.#kills.set(role, kills);
  }
}

/** The part of a physical name that says what the function is for. */
function roleOf(functionName: string): string {
  return /Worker|Relay|Deliver|Start|Audit/.exec(functionName)?.[0] ?? functionName;
}
