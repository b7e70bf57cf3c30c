import { InvalidDefinitionError } from "../../model/errors.js";

/** 256 bytes, as in AWS durable functions: names are in every history record, and some of them in keys. */
const LONGEST_NAME_BYTES = 256;

/** Throws `InvalidDefinitionError`. */
export function checkOperationName(call: string, name: unknown): asserts name is string {
  if (typeof name === "string" && name !== "" && Buffer.byteLength(name) <= LONGEST_NAME_BYTES) return;
  throw new InvalidDefinitionError(
    `${call} was given the name ${JSON.stringify(name)}. Expected text of 1 to ${LONGEST_NAME_BYTES} bytes.`,
  );
}
