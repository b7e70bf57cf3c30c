import { HoldfastError } from "../../model/errors.js";
import { shown } from "../../model/shown.js";

/** What the local cloud is to do wrong, said in a way that it can't be done. Nothing was started. */
export class InvalidChaosError extends HoldfastError {
  readonly code = "INVALID_CHAOS";
  constructor(name: string, found: unknown, expected: string) {
    super(
      `The ${name} of the chaos must be ${expected}, and was ${shown(found)}. Correct it and start again.`,
    );
    this.name = "InvalidChaosError";
  }
}
