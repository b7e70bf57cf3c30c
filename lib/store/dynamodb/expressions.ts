/** Small tools for expressions. Every attribute is written `#name`, so that no reserved word can break one. */

/** The names that the expressions use: `#status` stands for `status`. */
export function namesIn(...expressions: readonly string[]): Record<string, string> {
  const used = expressions.join(" ").match(/#[A-Za-z]\w*/g) ?? [];
  return Object.fromEntries(used.map((name) => [name, name.slice(1)]));
}

/**
 * `#status IN (:status0, …)` and its values.
 * @param as begins the names of the values: two conditions about one attribute need two
 */
export function isOneOf(
  attribute: string,
  words: readonly string[],
  as = attribute,
): { condition: string; values: Record<string, string> } {
  const values = Object.fromEntries(words.map((word, index) => [`:${as}${index}`, word]));
  return { condition: `#${attribute} IN (${Object.keys(values).join(", ")})`, values };
}

/** Conditions that must all hold. */
export function all(...conditions: readonly (string | undefined)[]): string {
  return conditions.filter((condition) => condition !== undefined).join(" AND ");
}

/** An update that sets each attribute, or removes it where the value is undefined; `:name` is the value of `#name`. */
export function updateOf(
  attributes: Readonly<Record<string, unknown>>,
  removedPaths: readonly string[] = [],
): { update: string; values: Record<string, unknown> } {
  const written = Object.entries(attributes).filter(([, value]) => value !== undefined);
  const removed = Object.keys(attributes).filter((name) => attributes[name] === undefined);
  const set = written.map(([name]) => `#${name} = :${name}`);
  const remove = [...removed.map((name) => `#${name}`), ...removedPaths];
  const clauses = [
    set.length > 0 ? `SET ${set.join(", ")}` : "",
    remove.length > 0 ? `REMOVE ${remove.join(", ")}` : "",
  ];
  return {
    update: clauses.filter((clause) => clause !== "").join(" "),
    values: Object.fromEntries(written.map(([name, value]) => [`:${name}`, value])),
  };
}
