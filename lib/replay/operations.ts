/**
 * The operations of one replay, from request to end. An operation has two ends: its promise, which the code awaits, and its own, which a
 * history event brings. Usually one event brings both; a cancel or the workflow's failure rejects the promise first (I13).
 */
import { Asked } from "./asked.js";
import type { NewOperation, Operation } from "./operation.js";

interface Ends {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** There once somebody waits for the operation's own end. */
  ended?: () => void;
}

export class Operations {
  /** Asked for and not ended, in the order of their requests. */
  readonly pending = new Map<string, Operation>();
  /** What was asked for since the last delivery. */
  readonly asked = new Asked();
  readonly #ends = new Map<string, Ends>();
  #requested: Operation[] = [];

  /** @param after how many history events had been applied by then */
  request(requested: NewOperation, after: number): Promise<unknown> {
    const operation: Operation = { ...requested, after, detached: false };
    const promise = new Promise<unknown>((resolve, reject) => {
      this.#ends.set(operation.path, { resolve, reject });
    });
    promise.catch(() => {});
    this.pending.set(operation.path, operation);
    this.#requested.push(operation);
    this.asked.add(operation.path, operation.label);
    return promise;
  }

  /** The operations asked for since the last call. */
  takeRequested(): Operation[] {
    const requested = this.#requested;
    this.#requested = [];
    return requested;
  }

  resolve(path: string, value: unknown): void {
    this.#ends.get(path)?.resolve(value);
    this.#end(path);
  }

  reject(path: string, error: unknown): void {
    this.#ends.get(path)?.reject(error);
    this.#end(path);
  }

  /** Rejects the promise of everything that is pending, and detaches it. */
  rejectAll(error: Error): void {
    for (const operation of this.pending.values()) {
      this.#ends.get(operation.path)?.reject(error);
      this.#detach(operation);
    }
  }

  /**
   * The code is over: detaches everything that is pending, and whatever ends it is not told to the code any more. Resolves once all of it
   * that may have an effect has ended.
   */
  async detachAll(): Promise<void> {
    for (const operation of this.pending.values()) {
      const ends = this.#ends.get(operation.path);
      if (ends !== undefined) {
        ends.resolve = () => {};
        ends.reject = () => {};
      }
      this.#detach(operation);
    }
    await Promise.all([...this.pending.keys()].map((path) => this.#endOf(path)));
  }

  #endOf(path: string): Promise<void> {
    return new Promise((resolve) => {
      const ends = this.#ends.get(path);
      if (ends === undefined) resolve();
      else ends.ended = resolve;
    });
  }

  /** Nobody waits for it any more. What may have an effect still has to end, without retries; the rest is forgotten. */
  #detach(operation: Operation): void {
    operation.detached = true;
    if (operation.kind !== "step" && operation.kind !== "send") this.#end(operation.path);
  }

  #end(path: string): void {
    this.#ends.get(path)?.ended?.();
    this.#ends.delete(path);
    this.pending.delete(path);
  }
}
