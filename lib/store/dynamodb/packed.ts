/**
 * JSON as an attribute: text, or compressed bytes where the item is then billed for fewer units. Which of the two it is can be seen from
 * the attribute's type. Nothing that a condition or an index looks at is ever packed.
 */
import { mayShrink, savesUnits } from "../../decide/payload.js";
import { compress, uncompress } from "../../model/compression.js";
import { utf8Bytes } from "../limits.js";

export function packed(json: string): string | Uint8Array {
  const bytes = utf8Bytes(json);
  if (!mayShrink(bytes)) return json;
  const compressed = compress(json);
  return savesUnits(bytes, compressed.length) ? compressed : json;
}

/** Undefined for what {@link packed} did not make. */
export function unpacked(found: unknown): string | undefined {
  if (typeof found === "string") return found;
  if (!(found instanceof Uint8Array)) return undefined;
  try {
    return uncompress(found);
  } catch {
    return undefined;
  }
}
