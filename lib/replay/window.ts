/**
 * Delivery windows (I2, I10). Workflow code runs only inside one: from a delivery until the code is quiet, which is when a
 * `process.nextTick` queued from a microtask has run. Node empties the whole microtask queue before it takes the next tick, and takes
 * I/O only after both, so at that point everything that the delivery set off, and nothing else, has run.
 */
export class DeliveryWindow {
  #open = false;

  get open(): boolean {
    return this.#open;
  }

  /**
   * Opens on a fresh tick, so that code woken by something else in the present one falls outside, runs `deliver`, and closes when quiet.
   * @param live waits for a whole turn of the event loop first: only then have the ticks and microtasks of finished I/O all run. A replay
   *   does no I/O of its own, and the cheaper tick is enough.
   */
  run(deliver: () => void, live: boolean): Promise<void> {
    const freshTick = live ? setImmediate : process.nextTick;
    return new Promise((resolve, reject) => {
      freshTick(() => {
        this.#open = true;
        try {
          deliver();
        } catch (error) {
          this.#open = false;
          reject(error);
          return;
        }
        queueMicrotask(() =>
          process.nextTick(() => {
            this.#open = false;
            resolve();
          }),
        );
      });
    });
  }
}
