/** What a schema, or a check of ours, has found wrong. */

/** One thing. `path` is dotted, empty for the value itself. */
export interface SchemaIssue {
  readonly path: string;
  readonly message: string;
}

/** A message is for a person's eyes, and for a line of a log: whoever wants all of it has the issues themselves. */
const MOST_NAMED = 10;
const LONGEST_TEXT = 500;

export function wordsOf(issues: readonly SchemaIssue[]): string {
  const named = issues
    .slice(0, MOST_NAMED)
    .map(({ path, message }) => (path === "" ? cut(message) : `${cut(path)}: ${cut(message)}`));
  const more = issues.length - MOST_NAMED;
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

function cut(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}
