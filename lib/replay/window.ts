/**
 * Delivery windows (I2, I10). Workflow code runs only inside one: from a delivery until the code is quiet, which is when a
 * `process.nextTick` queued from a microtask has run. Node empties the whole microtask queue before it takes the next tick, and takes
 * I/O only after both, so at that point everything that the delivery set off, and nothing else, has run.
 */
export class DeliveryWindow {
  #open = false;
  #deliver: () => void = () => {};
  /** What comes after the window that is open now, if one was asked for. */
  #next: () => (() => void) | undefined = nothing;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  /** @param check throws what the code has done wrong in the window that closes */
  constructor(private readonly check: () => void = () => {}) {}

  get open(): boolean {
    return this.#open;
  }

  /**
   * Opens on a fresh tick, so that code woken by something else in the present one falls outside, runs `deliver`, and closes when quiet.
   * One at a time.
   * @param live waits for a whole turn of the event loop first: only then have the ticks and microtasks of finished I/O all run. A replay
   *   does no I/O of its own, and the cheaper tick is enough.
   */
  run(deliver: () => void, live: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#deliver = deliver;
      this.#resolve = resolve;
      this.#reject = reject;
      if (live) setImmediate(this.#begin);
      else process.nextTick(this.#begin);
    });
  }

  /**
   * One window after the other, for all that `next` gives, each opened where the one before has closed: a tick of its own would make no
   * difference to the code, and a third of a replay's time. For replays only.
   */
  runAll(next: () => (() => void) | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#next = next;
      this.#resolve = resolve;
      this.#reject = reject;
      process.nextTick(this.#goOn);
    });
  }

  readonly #goOn = (): void => {
    try {
      const deliver = this.#next();
      if (deliver === undefined) {
        this.#next = nothing;
        this.#resolve();
        return;
      }
      this.#deliver = deliver;
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#begin();
  };

  // Bound once: a replay opens a window for every event.
  readonly #begin = (): void => {
    this.#open = true;
    try {
      this.#deliver();
    } catch (error) {
      this.#fail(error);
      return;
    }
    void NEXT_MICROTASK.then(this.#afterMicrotask);
  };

  readonly #afterMicrotask = (): void => process.nextTick(this.#close);

  readonly #close = (): void => {
    this.#open = false;
    try {
      this.check();
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.#next === nothing) this.#resolve();
    else this.#goOn();
  };

  #fail(error: unknown): void {
    this.#open = false;
    this.#next = nothing;
    this.#reject(error);
  }
}

const nothing = (): undefined => undefined;

/** A reaction to it runs among the next microtasks, at a third of the price of `queueMicrotask`. */
const NEXT_MICROTASK = Promise.resolve();
