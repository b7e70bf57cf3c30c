/** How large an item is to DynamoDB, by its own rules, to which names of attributes count too. Numbers: half a byte a digit, about. */

/** Bytes of an item as the document client has it. */
export function itemBytes(item: Readonly<Record<string, unknown>>): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + utf8(name) + valueBytes(value), 0);
}

/** Units that a write of so many bytes is billed for: one for each KB that it begins. */
export function writeUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / 1024));
}

function valueBytes(value: unknown): number {
  if (typeof value === "string") return utf8(value);
  if (typeof value === "number" || typeof value === "bigint")
    return 1 + Math.ceil(String(value).replace(/\D/g, "").length / 2);
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof Set) return [...value].reduce((sum, one) => sum + valueBytes(one), 0);
  if (Array.isArray(value)) return value.reduce((sum, one) => sum + 1 + valueBytes(one), 3);
  if (typeof value === "object" && value !== null)
    return Object.entries(value).reduce((sum, [name, one]) => sum + 1 + utf8(name) + valueBytes(one), 3);
  return 1;
}

function utf8(text: string): number {
  return Buffer.byteLength(text, "utf8");
}
