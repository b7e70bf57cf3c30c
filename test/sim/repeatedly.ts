/** What a client does whose call dies, or is not answered: it makes it again (PROTOCOL A8). */
import { ExecutionClosedError } from "holdfast";
import { InvalidControlError } from "../../lib/model/errors.js";

/** In the worst weather a third of all tries comes to nothing. */
const MOST_TRIES = 15;

/**
 * An execution that has closed wants nothing more.
 * @param between what is waited for after a try that failed
 */
export async function repeatedly(
  call: () => Promise<unknown>,
  between: () => Promise<unknown> = async () => {},
): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    try {
      await call();
      return;
    } catch (error) {
      if (error instanceof ExecutionClosedError || error instanceof InvalidControlError) return;
    }
    await between();
  }
  throw new Error("A client was never answered.");
}
