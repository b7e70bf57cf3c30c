/** What an app's codec has sealed, where nothing opens it; and a codec that does not answer. */
import { EngineError } from "./errors.js";
import { readSealedMark } from "./sealed-mark.js";
import type { Encoded } from "./value.js";

/** A value that an app's codec has sealed, where there is no codec that opens it. */
export class SealedValueError extends EngineError {
  readonly code = "SEALED_VALUE";
  /** @param why the codec did not open it, where there is one */
  constructor(codec: string | undefined, why?: string) {
    const cause = why === undefined ? "nothing here opens it" : `the codec did not open it: ${why}`;
    super(
      `This value was sealed${codec === undefined ? "" : ` by the codec "${codec}"`}, and ${cause}. Give the client its app's codec (new DurableClient({ codec }), on the command line --codec <file>), or the app the codec that it had (app({ codec })), deploy, and redrive what has stalled.`,
    );
    this.name = "SealedValueError";
  }
}

/** A codec failed, or did not answer in time: as with a table that does not answer, the same may go well later. */
export class CodecError extends Error {
  override readonly name = "CodecError";
  constructor(codec: string, what: string, cause?: unknown) {
    super(`The codec "${codec}" ${what}`, cause === undefined ? {} : { cause });
  }
}

/** For whoever is about to copy a value, or to hand it to somebody. @throws SealedValueError */
export function refuseSealed(value: Encoded): void {
  const mark = readSealedMark(value);
  if (mark !== undefined) throw new SealedValueError(mark.box?.codec, mark.why);
}
