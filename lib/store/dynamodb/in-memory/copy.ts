/** What crosses a network arrives as a copy, without its undefined members. */

/** Throws `TypeError` for what the document client would not send: a member that is undefined, or a number that is none. */
export function copyOf<T>(value: T): T;
export function copyOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (value instanceof Set) return new Set(value);
  if (Array.isArray(value)) return value.map((one) => copyOf(one));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, copyOf(one)]));
  if (value !== undefined && !Number.isNaN(value)) return value;
  throw new TypeError(`The document client sends no ${value}.`);
}
