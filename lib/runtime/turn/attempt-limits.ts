/** How long one attempt may take, and how long it may be silent. */
import { StepTimeoutError } from "../../model/errors.js";
import type { EpochMs } from "../../model/time.js";
import type { StepOperation } from "../../replay/operation.js";
import type { Clock } from "../outside.js";

export class AttemptLimits {
  /** Resolves when the first of its limits passes, unless the attempt has ended before. */
  readonly passed: Promise<StepTimeoutError>;
  readonly #ended = new AbortController();
  readonly #clock: Clock;
  #heardAt: EpochMs;

  constructor({ name, timeoutMs, heartbeatMs }: StepOperation, clock: Clock) {
    this.#clock = clock;
    this.#heardAt = clock.now();
    this.passed = Promise.race([
      ...(timeoutMs === undefined ? [] : [this.#whole(name, timeoutMs)]),
      ...(heartbeatMs === undefined ? [] : [this.#silence(name, heartbeatMs)]),
    ]);
  }

  /** The body said that it is still at work. */
  hear(): void {
    this.#heardAt = this.#clock.now();
  }

  end(): void {
    this.#ended.abort("The attempt has ended.");
  }

  async #whole(name: string, timeoutMs: number): Promise<StepTimeoutError> {
    await this.#clock.sleep(timeoutMs, this.#ended.signal);
    return this.#unlessEnded(new StepTimeoutError(name, timeoutMs));
  }

  async #silence(name: string, heartbeatMs: number): Promise<StepTimeoutError> {
    const { signal } = this.#ended;
    // A sleep whose signal is aborted ends at once: without the second condition this would go round for ever.
    for (
      let left = heartbeatMs;
      left > 0 && !signal.aborted;
      left = this.#heardAt + heartbeatMs - this.#clock.now()
    )
      await this.#clock.sleep(left, signal);
    return this.#unlessEnded(new StepTimeoutError(name, heartbeatMs, "heartbeat"));
  }

  #unlessEnded(error: StepTimeoutError): StepTimeoutError | Promise<never> {
    return this.#ended.signal.aborted ? new Promise(() => {}) : error;
  }
}
