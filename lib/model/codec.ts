/** What turns users' values into something that only it can read, before they are stored, and back. */
import { InvalidDefinitionError } from "./errors.js";

/** Where a value lies: for additional authenticated data, so that what is sealed for one execution is of no use in another. */
export interface SealedPlace {
  /** Absent for an event that is kept for whoever waits for it. */
  readonly executionId?: string;
}

/**
 * Seals what users store: inputs, results, errors, states, events, signals and large values, wherever they lie in the tables and the bucket. Names, ids,
 * keys, times and the engine's own words stay readable: executions are found, and their histories followed, by them. So does what is sent to the bus, once
 * it is sent.
 *
 * One call is for all values of one write. What it throws fails that write: the turn is tried again, as with a table that does not answer.
 */
export interface PayloadCodec {
  /** 1 to 64 characters of A-Z a-z 0-9 . _ -: recorded with what is sealed, and given back with it. */
  readonly id: string;
  /** What is stored in the place of these bytes: all values of one write. */
  seal(plain: Uint8Array, place: SealedPlace): Promise<Uint8Array> | Uint8Array;
  /** @param id of the codec that sealed it: of an earlier one, as long as something of it is kept */
  open(sealed: Uint8Array, place: SealedPlace, id: string): Promise<Uint8Array> | Uint8Array;
}

/** Throws {@link InvalidDefinitionError}. */
export function checkCodec(codec: PayloadCodec): PayloadCodec {
  const id: unknown = codec?.id;
  if (typeof id !== "string" || !/^[A-Za-z0-9._-]{1,64}$/.test(id))
    throw new InvalidDefinitionError(
      'The codec has no id that can be recorded. Expected { id: "orders-kms-1", seal, open }, the id being 1 to 64 characters of A-Z a-z 0-9 . _ -',
    );
  if (typeof codec.seal !== "function" || typeof codec.open !== "function")
    throw new InvalidDefinitionError(`The codec "${id}" lacks seal or open. Expected { id, seal, open }.`);
  return codec;
}
