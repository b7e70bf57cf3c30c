/** Cursors: opaque to callers, base64url of JSON to us. They come back from outside, so they are checked like any input. */
import { InvalidInputError } from "../model/errors.js";

export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position), "utf8").toString("base64url");
}

/** The position in the cursor, if `isPosition` recognizes it. Throws `InvalidInputError`. */
export function decodeCursor<T>(cursor: unknown, isPosition: (found: unknown) => found is T): T {
  const found =
    typeof cursor === "string" ? parseJson(Buffer.from(cursor, "base64url").toString("utf8")) : undefined;
  if (isPosition(found)) return found;
  throw notACursor();
}

export function notACursor(): InvalidInputError {
  return new InvalidInputError("The cursor", [
    {
      path: "",
      message:
        "expected a cursor that an earlier page of the same listing returned; leave it out to begin again",
    },
  ]);
}

/** Undefined for what is no JSON. */
export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
