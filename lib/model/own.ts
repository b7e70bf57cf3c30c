/** Looking up what others name: a table of ours is an object, and inherits `constructor`, `toString` and others that it never meant. */

/** What the table itself holds under the name. */
export function ownOf<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
