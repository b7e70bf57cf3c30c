/** What a scene of the demo is given, and what it leaves: claims that were checked, and an execution to look at. */
import type { ExecutionDescription } from "../../client/types.js";
import { isClosed } from "../../model/status.js";
import type { BudgetLine } from "./budget.js";
import type { Stage } from "./stage.js";

export interface Claim {
  readonly what: string;
  readonly ok: boolean;
  /** What was found instead. */
  readonly found?: string;
}

export interface Scene {
  readonly title: string;
  play(on: Acting): Promise<Played>;
}

/** The execution that a scene was about. */
export interface Played {
  readonly executionId: string;
  /** What the meter finds its writes by: its id, and the key of its events. */
  readonly ids: readonly string[];
  /** What it may cost by the ledger. */
  readonly budget: readonly BudgetLine[];
}

/** Longer than anything here takes on a slow machine, and short enough to see that something is wrong. */
const PATIENCE_MS = 25_000;
const LOOK_EVERY_MS = 60;

export class Acting {
  readonly claims: Claim[] = [];

  constructor(
    readonly stage: Stage,
    /** Says on the screen what is done now. */
    readonly say: (text: string) => void,
    /** Aborted when the show is over before its end. */
    readonly signal: AbortSignal,
  ) {}

  /** Checks a claim by comparing, so that a failure can say what was there instead. */
  claim(what: string, found: unknown, expected: unknown = true): void {
    const ok = JSON.stringify(found) === JSON.stringify(expected);
    const instead = `found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`;
    this.claims.push({ what, ok, ...(ok || expected === true ? {} : { found: instead }) });
  }

  /** Looks again and again until there is something. */
  async until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      this.signal.throwIfAborted();
      const found = await look();
      if (found !== undefined) return found;
      if (Date.now() > deadline) throw new Error(`waited ${PATIENCE_MS / 1_000} s in vain for ${what}`);
      await new Promise((wake) => setTimeout(wake, LOOK_EVERY_MS));
    }
  }

  /** The execution that an event has started. */
  startedBy(eventId: string, workflow: string): Promise<string> {
    return this.until(`an execution of ${workflow} started by the event`, async () => {
      const { executions } = await this.stage.client.list({ workflow, limit: 20 });
      for (const { executionId } of executions) {
        const { startedBy } = await this.stage.client.describe(executionId);
        if (startedBy === eventId) return executionId;
      }
      return undefined;
    });
  }

  waitsFor(executionId: string, event: string): Promise<ExecutionDescription> {
    return this.until(`${executionId} to wait for ${event}`, async () => {
      const found = await this.stage.client.describe(executionId);
      return found.status === "suspended" && found.waits.some((wait) => wait.event === event)
        ? found
        : undefined;
    });
  }

  async ended(executionId: string): Promise<ExecutionDescription> {
    const ended = await this.until(`${executionId} to end`, async () => {
      const found = await this.stage.client.describe(executionId);
      return isClosed(found.status) || found.status === "stalled" ? found : undefined;
    });
    this.say(`${ended.status}${ended.error === undefined ? "" : `: ${ended.error.message}`}`);
    return ended;
  }

  /** The history in words that can be compared: `StepCompleted step:reserve`. */
  async story(executionId: string): Promise<string[]> {
    const history = await this.stage.client.history(executionId);
    return history.map(({ event }) => ("op" in event ? `${event.type} ${event.op}` : event.type));
  }
}
