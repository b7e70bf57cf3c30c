/** What TypeScript would have refused. A caller in JavaScript is told so in our words, before anything is asked or written. */
import { InvalidDefinitionError, InvalidInputError } from "../model/errors.js";
import { shown } from "../model/shown.js";

/** The options. Throws {@link InvalidInputError}. */
export function given<T extends object>(call: string, options: T): T {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return options;
  throw refused(call, "", "an object", options);
}

interface ByAndWhy {
  readonly by?: string;
  readonly reason?: string;
}

/** These and nothing else: they stand in history, where a reader expects text. Throws {@link InvalidInputError}. */
export function givenByAndWhy(call: string, options: ByAndWhy): ByAndWhy {
  const { by, reason } = given(call, options);
  for (const [name, found] of Object.entries({ by, reason }))
    if (found !== undefined && typeof found !== "string") throw refused(call, name, "text", found);
  return { ...(by === undefined ? {} : { by }), ...(reason === undefined ? {} : { reason }) };
}

/** The name of a workflow or an event: itself, or that of its definition. Throws {@link InvalidDefinitionError}. */
export function nameGiven(kind: "workflow" | "event", found: string | { readonly name: string }): string {
  if (typeof found === "string") return found;
  if (typeof found === "object" && found !== null && typeof found.name === "string") return found.name;
  throw new InvalidDefinitionError(
    `${shown(found)} is no ${kind}. Expected what ${kind}(...) returned, or a name.`,
  );
}

function refused(call: string, path: string, expected: string, found: unknown): InvalidInputError {
  return new InvalidInputError(`What ${call} was given`, [
    { path, message: `expected ${expected}, found ${shown(found)}` },
  ]);
}
