/** Completed steps that can be undone. Sagas have a stack of their own inside that of the code around them. */
import type { Encoded } from "../model/value.js";
import type { Compensation } from "./operation.js";

/** A step that completed and can be undone. */
export interface Undoable {
  readonly name: string;
  readonly compensation: Compensation;
  /** Where in history it completed: what is undone first is what completed last. */
  readonly position: number;
  /** Its recorded result, a new copy at every call. */
  result(): unknown;
  /** Where it stands until it is undone. */
  readonly stack: UndoStack;
}

/** A step whose compensation gave up. */
export interface NotUndone {
  readonly undoable: Undoable;
  /** Why it was to be undone. */
  readonly error: Encoded;
}

export class UndoStack {
  readonly #own = new Set<Undoable>();
  readonly #inner: UndoStack[] = [];
  /** Compensations that gave up, to be tried again by a redrive. */
  #failed: NotUndone[] = [];

  push(completed: Omit<Undoable, "stack">): void {
    this.#own.add({ ...completed, stack: this });
  }

  /** A saga's stack: what stands in it is undone with the rest, unless the saga has done so itself. */
  nested(): UndoStack {
    const inner = new UndoStack();
    this.#inner.push(inner);
    return inner;
  }

  /** Everything that is still to be undone, inner stacks included, what completed last first. */
  remaining(): Undoable[] {
    return this.#all((stack) => [...stack.#own]).sort(lastFirst);
  }

  /** The compensation of something that stands here has ended well. */
  undone(undoable: Undoable): void {
    this.#own.delete(undoable);
  }

  /** The compensation of something that stands here has ended otherwise. */
  gaveUp(undoable: Undoable, error: Encoded): void {
    if (this.#own.delete(undoable)) this.#failed.push({ undoable, error });
  }

  /** Puts all that gave up back where it stood: it is to be undone again, what completed last first. */
  takeFailed(): NotUndone[] {
    return this.#all((stack) => {
      const failed = stack.#failed;
      stack.#failed = [];
      for (const { undoable } of failed) stack.#own.add(undoable);
      return failed;
    }).sort((one, other) => lastFirst(one.undoable, other.undoable));
  }

  /** Whether any compensation in it has given up. */
  get incomplete(): boolean {
    return this.#all((stack) => stack.#failed).length > 0;
  }

  #all<T>(of: (stack: UndoStack) => readonly T[]): T[] {
    return [...of(this), ...this.#inner.flatMap((inner) => inner.#all(of))];
  }
}

function lastFirst(one: Undoable, other: Undoable): number {
  return other.position - one.position;
}
