/** Values as plain JSON, for those who can't read our marks: the command's output and the start function's answer. */

/** Dates become text, as `JSON.stringify` makes them; maps and sets become lists, big integers and errors something that can be read. */
export function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Error) return plainError(value);
  if (value instanceof Map) return Array.from(value, ([key, item]) => [plain(key), plain(item)]);
  if (value instanceof Set) return Array.from(value, plain);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof URL) return value.href;
  if (value instanceof RegExp) return String(value);
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly cause?: unknown;
  readonly [field: string]: unknown;
}

export function plainError(thrown: unknown): PlainError {
  if (!(thrown instanceof Error)) return { name: "Error", message: String(thrown) };
  const { name, message, cause } = thrown;
  const own = Object.entries(thrown).filter(([key]) => key !== "cause");
  return {
    ...Object.fromEntries(own.map(([key, item]) => [key, plain(item)])),
    name,
    message,
    ...(cause === undefined ? {} : { cause: plain(cause) }),
  };
}
