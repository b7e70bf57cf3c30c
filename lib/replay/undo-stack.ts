/** Completed steps that can be undone. Sagas have a stack of their own inside that of the code around them. */
import type { Compensation } from "./operation.js";

/** A step that completed and can be undone. */
export interface Undoable {
  readonly name: string;
  readonly compensation: Compensation;
  /** Where in history it completed: what is undone first is what completed last. */
  readonly position: number;
  /** Its recorded result, a new copy at every call. */
  result(): unknown;
}

export class UndoStack {
  readonly #own = new Set<Undoable>();
  readonly #inner: UndoStack[] = [];
  /** Compensations that gave up, to be tried again by a redrive. */
  readonly failed: Undoable[] = [];

  push(undoable: Undoable): void {
    this.#own.add(undoable);
  }

  /** A saga's stack: what stands in it is undone with the rest, unless the saga has done so itself. */
  nested(): UndoStack {
    const inner = new UndoStack();
    this.#inner.push(inner);
    return inner;
  }

  /** Everything that is still to be undone, inner stacks included, what completed last first. */
  remaining(): Undoable[] {
    return this.#all((stack) => [...stack.#own]).sort((one, other) => other.position - one.position);
  }

  /** Its compensation has ended, well or not. */
  undone(undoable: Undoable, well: boolean): void {
    this.#all((stack) => {
      if (stack.#own.delete(undoable) && !well) stack.failed.push(undoable);
      return [];
    });
  }

  /** All compensations that gave up, taken out of the list. */
  takeFailed(): Undoable[] {
    return this.#all((stack) => stack.failed.splice(0)).sort((one, other) => other.position - one.position);
  }

  /** Whether any compensation in it has given up. */
  get incomplete(): boolean {
    return this.#all((stack) => stack.failed).length > 0;
  }

  #all<T>(of: (stack: UndoStack) => readonly T[]): T[] {
    return [...of(this), ...this.#inner.flatMap((inner) => inner.#all(of))];
  }
}
