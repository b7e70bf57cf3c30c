/** The step bodies that run in this process: begun, finished, and told when nobody waits for them any more (I13). */
import { CancelledError, StepInterruptedError } from "../model/errors.js";
import type { EpochMs } from "../model/time.js";
import type { StepOperation } from "../replay/operation.js";
import type { Clock } from "./outside.js";
import { type AttemptEnd, type RunningAttempt, runStep } from "./run-step.js";

/** Bodies that nobody waits for any more get this long to notice their abort signal. */
const ABORT_GRACE_MS = 5_000;

export interface FinishedAttempt {
  readonly at: EpochMs;
  readonly step: StepOperation;
  readonly attempt: number;
  readonly end: AttemptEnd;
}

export class Bodies {
  readonly #running = new Map<string, RunningAttempt>();
  readonly #finished: FinishedAttempt[] = [];

  /** @param onFinish called whenever one has finished */
  constructor(
    private readonly executionId: string,
    private readonly clock: Clock,
    private readonly onFinish: () => void,
  ) {}

  /** How many run. */
  get running(): number {
    return this.#running.size;
  }

  isRunning(step: StepOperation): boolean {
    return this.#running.has(step.path);
  }

  begin(step: StepOperation, attempt: number): void {
    const running = runStep(step, attempt, this.executionId, this.clock);
    this.#running.set(step.path, running);
    void running.end.then((end) => this.#finish(running, end));
  }

  /** The one that finished first and was not taken yet. */
  firstFinished(): FinishedAttempt | undefined {
    return this.#finished[0];
  }

  takeFinished(): FinishedAttempt | undefined {
    return this.#finished.shift();
  }

  /** Tells a running body that its result no longer matters. It gets a bounded wait, after which it counts as interrupted. */
  abandon(step: StepOperation): void {
    const running = this.#running.get(step.path);
    if (running === undefined) return;
    running.abort(new CancelledError("its execution ended or was cancelled"));
    void this.clock.sleep(ABORT_GRACE_MS).then(() => {
      const why = "it did not end after its signal was aborted";
      this.#finish(running, { ok: false, error: new StepInterruptedError(step.name, running.attempt, why) });
    });
  }

  /** The execution is over: bodies that still run are told so, and get a bounded wait. What they end with is not recorded. */
  async quiet(): Promise<void> {
    if (this.#running.size === 0) return;
    const bodies = [...this.#running.values()];
    for (const running of bodies) running.abort(new CancelledError("its execution ended"));
    const enough = new AbortController();
    await Promise.race([
      Promise.all(bodies.map((running) => running.end)),
      this.clock.sleep(ABORT_GRACE_MS, enough.signal),
    ]);
    enough.abort();
  }

  #finish(running: RunningAttempt, end: AttemptEnd): void {
    const { step, attempt } = running;
    if (this.#running.get(step.path) !== running) return;
    this.#running.delete(step.path);
    this.#finished.push({ at: this.clock.now(), step, attempt, end });
    this.onFinish();
  }
}
