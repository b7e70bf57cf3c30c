/** A value as a message shows it: JSON where it has one, and not too much of it. */
export function shown(value: unknown): string {
  if (value === undefined) return "undefined";
  try {
    const text = JSON.stringify(value) ?? String(value);
    return text.length > 200 ? `${text.slice(0, 200)}…` : text;
  } catch {
    return String(value);
  }
}
