/**
 * The operations of one replay, from request to end. An operation has two ends: its promise, which the code awaits, and its own, which a
 * history event brings. Usually one event brings both; a cancel rejects the promise first, and an abandoned branch is told nothing at all
 * (I13).
 */
import { Asked } from "./asked.js";
import type { Branch } from "./branch.js";
import { type Ends, mustEnd, type NewOperation, type Operation } from "./operation.js";

const silent = (): void => {};

export class Operations {
  /** Asked for and not ended, in the order of their requests. */
  readonly pending = new Map<string, Operation>();
  /** What was asked for since the last delivery. */
  readonly asked = new Asked();
  #requested: Operation[] = [];
  #detached: Operation[] = [];

  /** @param after how many history events had been applied by then */
  request(requested: NewOperation, branch: Branch, after: number): Promise<unknown> {
    const ends = newEnds();
    const operation = asked(requested, branch, after, ends);
    this.pending.set(operation.path, operation);
    branch.operations.add(operation);
    this.#requested.push(operation);
    this.asked.add(operation.path, operation.label);
    return ends.promise;
  }

  /** The operations asked for since the last call. */
  takeRequested(): Operation[] {
    const requested = this.#requested;
    this.#requested = [];
    return requested;
  }

  /** Nobody will take those that were asked for until now: what has ended of them is not held any longer. */
  forgetRequested(): void {
    if (this.#requested.length > 0) this.#requested = [];
  }

  /** Those that nobody waits for since the last call, and that still have to end. */
  takeDetached(): Operation[] {
    const detached = this.#detached;
    this.#detached = [];
    return detached;
  }

  resolve(path: string, value: unknown): void {
    const operation = this.pending.get(path);
    if (operation === undefined) return;
    operation.ends.resolve(value);
    this.#end(operation);
  }

  reject(path: string, error: unknown): void {
    const operation = this.pending.get(path);
    if (operation === undefined) return;
    rejectHandled(operation, error);
    this.#end(operation);
  }

  /**
   * Rejects the promise of everything that is pending, and detaches it. Compensations go on.
   * @param after how many history events had been applied by then, as for all that detaches
   */
  rejectAll(error: Error, after: number): void {
    for (const operation of [...this.pending.values()]) {
      if (operation.branch.kind === "undoes") continue;
      rejectHandled(operation, error);
      this.#detach(operation, after);
    }
  }

  /** Its code does not go on: whatever ends its operations is not told to it any more. Compensations go on. */
  abandon(branch: Branch, after: number): void {
    if (branch.kind === "undoes") return;
    branch.over = "abandoned";
    for (const inner of [...branch.inner]) this.abandon(inner, after);
    for (const operation of [...branch.operations]) {
      operation.ends.resolve = silent;
      operation.ends.reject = silent;
      this.#detach(operation, after);
    }
    branch.end();
  }

  /** Resolves once everything of these branches that may have an effect has ended. */
  async allEnded(branches: readonly Branch[]): Promise<void> {
    await Promise.all(branches.flatMap((branch) => this.#ending(branch)));
  }

  #ending(branch: Branch): Promise<void>[] {
    return [
      ...[...branch.operations].map((operation) => this.#endOf(operation)),
      ...[...branch.inner].flatMap((inner) => this.#ending(inner)),
    ];
  }

  #endOf({ path, ends }: Operation): Promise<void> {
    return new Promise((resolve) => {
      if (!this.pending.has(path)) return resolve();
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
    else this.#end(operation);
  }

  #end(operation: Operation): void {
    operation.ends.ended?.();
    this.pending.delete(operation.path);
    operation.branch.remove(operation);
  }
}

/** One object from its request to its end, completed field by field: a replay makes thousands, and `Object.assign` takes three times as long. */
function asked(requested: NewOperation, branch: Branch, after: number, ends: Ends): Operation {
  const operation = requested as NewOperation &
    Writable<Pick<Operation, "branch" | "after" | "detached" | "ends">>;
  operation.branch = branch;
  operation.after = after;
  operation.detached = false;
  operation.ends = ends;
  return operation as Operation;
}

type Writable<Each> = { -readonly [Key in keyof Each]: Each[Key] };

function newEnds(): Ends {
  let resolve: Ends["resolve"] = silent;
  let reject: Ends["reject"] = silent;
  const promise = new Promise<unknown>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** A workflow may well have dropped the promise: a rejection that nobody awaits must not end the process (I13). */
function rejectHandled({ ends }: Operation, error: unknown): void {
  ends.promise.catch(silent);
  ends.reject(error);
}
