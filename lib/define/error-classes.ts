/** Error classes of the user's, by the name under which their instances are stored. JavaScript's own and ours need no registration. */
import { InvalidDefinitionError } from "../model/errors.js";
import type { ErrorClass, ErrorClasses } from "../model/value.js";

/** Throws {@link InvalidDefinitionError}. */
export function classesByName(types: readonly ErrorClass[]): ErrorClasses {
  const classes = new Map<string, ErrorClass>();
  for (const type of types) {
    if (typeof type !== "function") {
      throw new InvalidDefinitionError("Something under errors is no class. Expected error classes.");
    }
    if (classes.has(type.name)) {
      throw new InvalidDefinitionError(
        `Two error classes are called "${type.name}". They are told apart by name: rename one.`,
      );
    }
    classes.set(type.name, type);
  }
  return classes;
}
