/** A value as a message shows it: JSON where it has one, and not too much of it. Whatever it is: an error must not fail over what it tells of. */
export function shown(value: unknown): string {
  // As JSON it would be null, which is another mistake.
  const isNoDate = value instanceof Date && Number.isNaN(value.getTime());
  return short(isNoDate ? String(value) : (jsonOf(value) ?? nameOf(value)));
}

/** Text as it is, and not too much of it. */
export function short(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

/** What a value is, without the value: for words about what users stored. */
export function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return `text of ${value.length} characters`;
  if (typeof value === "object")
    return value === null ? "null" : Array.isArray(value) ? "a list" : "an object";
  return typeof value === "number" || typeof value === "boolean" ? String(value) : `a ${typeof value}`;
}

const MOST_CHARACTERS = 200;

/** Undefined for what has none: a function, a big integer, what holds itself, what nests too deep. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function nameOf(value: unknown): string {
  return typeof value === "object" ? "an object that JSON can't say" : String(value);
}
