/** Values of a user's, as history and the inbox hold them. */
import { CorruptHistoryError, UnencodableValueError } from "../model/errors.js";
import { SealedValueError } from "../model/sealed-error.js";
import { decode, type Encoded } from "../model/value.js";
import type { Program } from "./program.js";

/**
 * The value back. What can't be read is the engine's own error, and none that the workflow's code could catch: it was not the code that
 * damaged it.
 * @throws CorruptHistoryError
 */
export function decodeRecorded(
  value: Encoded,
  { executionId, errors }: Pick<Program, "executionId" | "errors">,
): unknown {
  try {
    return decode(value, errors);
  } catch (error) {
    if (!(error instanceof UnencodableValueError || error instanceof SealedValueError)) throw error;
    throw new CorruptHistoryError(
      executionId,
      `it holds a value that nobody can have stored. ${error.message}`,
    );
  }
}
