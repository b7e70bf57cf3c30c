/**
 * A branch: a piece of workflow code that counts its own operations and can be abandoned as a whole. The workflow function is one; so is
 * each branch of a race, each item of a map, each saga, each handling of an update. A branch's operations and inner branches are known to
 * it while they last, so that abandoning it never looks at anything else (I12).
 */
import type { Operation } from "./operation.js";
import type { Scope } from "./path.js";
import type { UndoStack } from "./undo-stack.js";

export class Branch {
  /** Its code has ended, or may not go on. */
  over: "ended" | "abandoned" | undefined;
  readonly operations = new Set<Operation>();
  readonly inner = new Set<Branch>();
  /** Of a saga: what undoes it, once that has begun. */
  undoing: Promise<void> | undefined;

  /**
   * @param completed where steps that complete in it are noted for their compensation
   * @param kind a `saga` is undone when it does not end well; what `undoes` is not cancelled and not abandoned, since it is the cleaning up
   */
  constructor(
    readonly scope: Scope,
    readonly completed: UndoStack,
    readonly parent?: Branch,
    readonly kind: "plain" | "saga" | "undoes" = "plain",
  ) {
    this.#beKnown();
  }

  /** One that had ended and was forgotten is known again when something begins in it. */
  #beKnown(): void {
    if (this.parent === undefined || this.parent.inner.has(this)) return;
    this.parent.inner.add(this);
    this.parent.#beKnown();
  }

  /** Its code has ended. What it asked for and did not wait for stays pending, as at the end of a plain async function. */
  end(): void {
    this.over ??= "ended";
    this.#forgetWhenEmpty();
  }

  remove(operation: Operation): void {
    this.operations.delete(operation);
    this.#forgetWhenEmpty();
  }

  #forgetWhenEmpty(): void {
    if (this.over === undefined || this.operations.size > 0 || this.inner.size > 0) return;
    this.parent?.inner.delete(this);
    if (this.parent?.over !== undefined) this.parent.#forgetWhenEmpty();
  }
}
