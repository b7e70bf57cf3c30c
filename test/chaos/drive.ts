/** What the world does to the executions: starts them, publishes, signals, cancels. Calls fail on purpose, and are repeated under the same id. */
import { type DurableClient, ExecutionClosedError } from "holdfast";
import { Paid, Rang } from "./app.js";
import { type Persistence, pause } from "./persistence.js";

export const KINDS = ["waits", "naps", "parents", "asks", "pays", "undone", "endless"] as const;

export interface Planned {
  readonly executionId: string;
  readonly workflow: (typeof KINDS)[number];
}

export function planned(executions: number): Planned[] {
  return Array.from({ length: executions }, (_, index) => {
    const workflow = KINDS[index % KINDS.length] ?? "naps";
    return { workflow, executionId: `${workflow}-${index}` };
  });
}

const RINGS_EVERY_MS = 5_000;

export class Driver {
  #over = false;

  constructor(
    private readonly client: DurableClient,
    private readonly calls: Persistence,
    private readonly random: () => number,
  ) {}

  /** Starts all of them evenly over the time, and does for each what it waits for; resolves when all of that is done. */
  async drive(
    executions: readonly Planned[],
    overMs: number,
    started: (count: number) => void,
  ): Promise<void> {
    const began = Date.now();
    const under: Promise<void>[] = [];
    for (const [index, one] of executions.entries()) {
      await pause(began + (index / executions.length) * overMs - Date.now());
      under.push(this.#start(one));
      started(index + 1);
    }
    await Promise.all(under);
  }

  /** Rings until told to stop: each ring is for whoever waits by then. */
  async ring(): Promise<void> {
    for (let round = 1; !this.#over; round += 1) {
      const eventId = `ring-${round}`;
      await this.calls.make(() => this.client.publish(Rang, { round }, { id: eventId }));
      await pause(RINGS_EVERY_MS);
    }
  }

  stop(): void {
    this.#over = true;
  }

  async #start({ workflow, executionId }: Planned): Promise<void> {
    await this.calls.make(() => this.client.start(workflow, undefined, { id: executionId }));
    if (workflow === "waits") {
      // Some come before the wait, some during it.
      await pause(this.random() * 20_000);
      await this.calls.make(() =>
        this.client.publish(Paid, { order: executionId }, { id: `paid-${executionId}` }),
      );
    }
    if (workflow === "asks") {
      for (const said of ["first", "second"]) {
        await pause(this.random() * 10_000);
        await this.#tell(() => this.client.signal(executionId, "go", said, { id: said }));
      }
    }
    if (workflow === "endless") {
      await pause(this.random() * 15_000);
      await this.#tell(() => this.client.cancel(executionId));
    }
  }

  /** An execution that waits for this alone, and has closed, was told it by a try that was not answered. */
  async #tell(call: () => Promise<unknown>): Promise<void> {
    await this.calls.make(async () => {
      try {
        await call();
      } catch (error) {
        if (!(error instanceof ExecutionClosedError)) throw error;
      }
    });
  }
}
