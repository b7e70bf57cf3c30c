/** Rings at an instant, in a turn that mostly waits for something else to come first. */
import type { EpochMs } from "../../model/time.js";
import type { Clock } from "../outside.js";

const NEVER = Number.POSITIVE_INFINITY;

export class Alarm {
  #at: EpochMs = NEVER;
  #ringing: AbortController | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly ring: () => void,
  ) {}

  /**
   * Rings at `at`, or before: an earlier instant that it was set to stays, since a timer for each of thousands of waits costs more than one
   * look around too many.
   */
  set(at: EpochMs): void {
    if (at >= this.#at) return;
    this.stop();
    const ringing = new AbortController();
    this.#at = at;
    this.#ringing = ringing;
    void this.clock.sleep(at - this.clock.now(), ringing.signal).then(() => {
      if (this.#ringing !== ringing) return;
      this.#at = NEVER;
      this.#ringing = undefined;
      this.ring();
    });
  }

  stop(): void {
    this.#ringing?.abort("The alarm was stopped.");
    this.#ringing = undefined;
    this.#at = NEVER;
  }
}
