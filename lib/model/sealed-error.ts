import { HoldfastError } from "./errors.js";

/** A value that an app's codec has sealed, where there is no codec that opens it. */
export class SealedValueError extends HoldfastError {
  readonly code = "SEALED_VALUE";
  constructor(codec: string | undefined) {
    super(
      `This value was sealed${codec === undefined ? "" : ` by the codec "${codec}"`}, and nothing here opens it. Give the client its app's codec (new DurableClient({ codec }), on the command line --codec <file>), or the app the codec that it had (app({ codec })), deploy, and redrive what has stalled.`,
    );
    this.name = "SealedValueError";
  }
}
