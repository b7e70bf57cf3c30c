/**
 * The operations of one replay, from request to end. An operation has two ends: its promise, which the code awaits, and its own, which a
 * history event brings. Usually one event brings both; a cancel rejects the promise first, and an abandoned branch is told nothing at all
 * (I13).
 */
import { Asked } from "./asked.js";
import type { Branch } from "./branch.js";
import { mustEnd, type NewOperation, type Operation } from "./operation.js";

interface Ends {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** There once somebody waits for the operation's own end. */
  ended?: () => void;
}

const silent = (): void => {};

export class Operations {
  /** Asked for and not ended, in the order of their requests. */
  readonly pending = new Map<string, Operation>();
  /** What was asked for since the last delivery. */
  readonly asked = new Asked();
  readonly #ends = new Map<string, Ends>();
  #requested: Operation[] = [];
  #detached: Operation[] = [];

  /** @param after how many history events had been applied by then */
  request(requested: NewOperation, branch: Branch, after: number): Promise<unknown> {
    const operation: Operation = { ...requested, branch, after, detached: false };
    const promise = new Promise<unknown>((resolve, reject) => {
      this.#ends.set(operation.path, { resolve, reject });
    });
    promise.catch(silent);
    this.pending.set(operation.path, operation);
    branch.operations.add(operation);
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

  /** Those that nobody waits for since the last call, and that still have to end. */
  takeDetached(): Operation[] {
    const detached = this.#detached;
    this.#detached = [];
    return detached;
  }

  resolve(path: string, value: unknown): void {
    this.#ends.get(path)?.resolve(value);
    this.#end(path);
  }

  reject(path: string, error: unknown): void {
    this.#ends.get(path)?.reject(error);
    this.#end(path);
  }

  /**
   * Rejects the promise of everything that is pending, and detaches it. Compensations go on.
   * @param after how many history events had been applied by then, as for all that detaches
   */
  rejectAll(error: Error, after: number): void {
    for (const operation of [...this.pending.values()]) {
      if (operation.branch.kind === "undoes") continue;
      this.#ends.get(operation.path)?.reject(error);
      this.#detach(operation, after);
    }
  }

  /** Its code does not go on: whatever ends its operations is not told to it any more. Compensations go on. */
  abandon(branch: Branch, after: number): void {
    if (branch.kind === "undoes") return;
    branch.over = "abandoned";
    for (const inner of [...branch.inner]) this.abandon(inner, after);
    for (const operation of [...branch.operations]) {
      const ends = this.#ends.get(operation.path);
      if (ends !== undefined) {
        ends.resolve = silent;
        ends.reject = silent;
      }
      this.#detach(operation, after);
    }
    branch.end();
  }

  /** Resolves once everything of these branches that may have an effect has ended. */
  async allEnded(branches: readonly Branch[]): Promise<void> {
    await Promise.all(branches.flatMap((branch) => this.#ending(branch)));
  }

  /** The workflow function has ended well: nothing that is pending matters any more. */
  detachAll(): void {
    for (const operation of this.pending.values()) operation.detached = true;
  }

  #ending(branch: Branch): Promise<void>[] {
    return [
      ...[...branch.operations].map((operation) => this.#endOf(operation.path)),
      ...[...branch.inner].flatMap((inner) => this.#ending(inner)),
    ];
  }

  #endOf(path: string): Promise<void> {
    return new Promise((resolve) => {
      const ends = this.#ends.get(path);
      if (ends === undefined) return resolve();
      const before = ends.ended;
      ends.ended = () => {
        before?.();
        resolve();
      };
    });
  }

  #detach(operation: Operation, after: number): void {
    if (operation.detached) return;
    operation.detached = true;
    // Others are told of it, as a child is, only once that which detached it is durable (I4).
    operation.after = after;
    if (mustEnd(operation)) this.#detached.push(operation);
    else this.#end(operation.path);
  }

  #end(path: string): void {
    const operation = this.pending.get(path);
    this.#ends.get(path)?.ended?.();
    this.#ends.delete(path);
    this.pending.delete(path);
    operation?.branch.remove(operation);
  }
}
