/** The step bodies that run in this process: begun, finished, heard of, and told when nobody waits for them any more (I13). */
import { CancelledError, StepInterruptedError, StepTimeoutError } from "../../model/errors.js";
import type { EpochMs } from "../../model/time.js";
import type { Encoded } from "../../model/value.js";
import type { StepOperation } from "../../replay/operation.js";
import type { Happening } from "./happening.js";
import type { Observer } from "./observer.js";
import { Queue } from "./queue.js";
import { type AttemptEnd, type RunningAttempt, runStep, type StepSurroundings } from "./run-step.js";

/** Bodies that nobody waits for any more get this long to notice their abort signal. */
const ABORT_GRACE_MS = 5_000;

/** A body may report a thousand times a second; what is kept for a next attempt is a few seconds old at most. */
const HEARTBEAT_EVERY_MS = 5_000;

export interface FinishedAttempt {
  readonly at: EpochMs;
  readonly step: StepOperation;
  readonly attempt: number;
  readonly end: AttemptEnd;
}

export class Bodies {
  readonly #running = new Map<string, RunningAttempt>();
  readonly #finished = new Queue<FinishedAttempt>();
  /** Reported and not recorded. */
  readonly #reports = new Map<string, Encoded>();
  readonly #reportedAt = new Map<string, EpochMs>();

  /** @param onChange called whenever one has finished, or has reported something to be recorded */
  constructor(
    private readonly surroundings: StepSurroundings,
    private readonly onChange: () => void,
    private readonly observer?: Observer | undefined,
  ) {}

  /** How many run. */
  get running(): number {
    return this.#running.size;
  }

  isRunning(step: StepOperation): boolean {
    return this.#running.has(step.path);
  }

  begin(step: StepOperation, attempt: number): void {
    const { surroundings, observer } = this;
    const onHeartbeat = (reporting: StepOperation, details: Encoded): void => {
      this.#reports.set(reporting.path, details);
      if (this.#mayReport(reporting.path)) this.onChange();
    };
    const run = (): RunningAttempt => runStep(step, attempt, surroundings, onHeartbeat);
    const running = observer === undefined ? run() : observer.attempt(step, attempt, run);
    this.#running.set(step.path, running);
    void running.end.then((end) => this.#finish(running, end));
  }

  /** The one that finished first and was not taken yet. */
  firstFinished(): FinishedAttempt | undefined {
    return this.#finished.peek();
  }

  takeFinished(): FinishedAttempt | undefined {
    return this.#finished.shift();
  }

  /** What a body last reported, where it is time to record it: now and then while it runs, and before its failure. */
  takeHeartbeat(): Happening | undefined {
    for (const [op, details] of this.#reports) {
      if (this.#running.has(op) && !this.#mayReport(op)) continue;
      this.#reports.delete(op);
      this.#reportedAt.set(op, this.surroundings.clock.now());
      return { event: { type: "StepHeartbeat", op, details } };
    }
    return undefined;
  }

  /** Tells a running body that its result no longer matters. It gets a bounded wait, after which it counts as interrupted. */
  abandon(step: StepOperation): void {
    const running = this.#running.get(step.path);
    if (running === undefined) return;
    running.abort(new CancelledError("its execution ended or was cancelled"));
    void this.surroundings.clock.sleep(ABORT_GRACE_MS).then(() => {
      const why = "it did not end after its signal was aborted";
      this.#finish(running, { ok: false, error: new StepInterruptedError(step.name, running.attempt, why) });
    });
  }

  /** The invocation is about to be ended: what still runs has failed, for that reason and by its name. */
  expire(invocationMs: number): void {
    for (const running of [...this.#running.values()]) {
      const { step, attempt } = running;
      const error = step.atMostOnce
        ? new StepInterruptedError(step.name, attempt, "the invocation that ran it came to its end")
        : new StepTimeoutError(step.name, invocationMs, "invocation");
      running.abort(error);
      this.#finish(running, { ok: false, error });
    }
  }

  /** The execution is over: bodies that still run are told so, and get a bounded wait. What they end with is not recorded. */
  async quiet(): Promise<void> {
    if (this.#running.size === 0) return;
    const bodies = [...this.#running.values()];
    for (const running of bodies) running.abort(new CancelledError("its execution ended"));
    const enough = new AbortController();
    await Promise.race([
      Promise.all(bodies.map((running) => running.end)),
      this.surroundings.clock.sleep(ABORT_GRACE_MS, enough.signal),
    ]);
    enough.abort();
  }

  #mayReport(op: string): boolean {
    const reportedAt = this.#reportedAt.get(op);
    return reportedAt === undefined || this.surroundings.clock.now() - reportedAt >= HEARTBEAT_EVERY_MS;
  }

  #finish(running: RunningAttempt, end: AttemptEnd): void {
    const { step, attempt } = running;
    if (this.#running.get(step.path) !== running) return;
    this.#running.delete(step.path);
    // An attempt that went well has no next one that would ask.
    if (end.ok) this.#reports.delete(step.path);
    this.observer?.attemptEnded(step, end);
    this.#finished.push({ at: this.surroundings.clock.now(), step, attempt, end });
    this.onChange();
  }
}
