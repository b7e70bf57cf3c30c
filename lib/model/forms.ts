/**
 * What JSON that was stored must look like. Its writer promises it, but a table can be damaged, and a later release may have written it:
 * what does not fit must be told by its name where it is read, and not throw somewhere in the engine.
 */
import { shown } from "./shown.js";
import { isInstant } from "./time.js";

/** What is wrong, as the rest of a sentence about the value; undefined where it fits. */
export type Check = (found: unknown) => string | undefined;

function expecting(what: string, fits: (found: unknown) => boolean): Check {
  return (found) => (fits(found) ? undefined : `should be ${what}, and is ${shown(found)}`);
}

export const anyText = expecting("text", (found) => typeof found === "string");
export const text = expecting("text that is not empty", (found) => typeof found === "string" && found !== "");
export const count = expecting(
  "a whole number from 0 upward",
  (found) => typeof found === "number" && Number.isSafeInteger(found) && found >= 0,
);
export const time = expecting("a time in milliseconds", isInstant);
export const flag = expecting("true or false", (found) => typeof found === "boolean");
/** A value of a user's: whether it can be decoded is seen when it is. */
export const value = expecting("a value", (found) => found !== undefined);

export function oneOf(words: readonly string[]): Check {
  return expecting(`one of ${words.join(", ")}`, (found) => words.some((word) => word === found));
}

export function optional(check: Check): Check {
  return (found) => (found === undefined ? undefined : check(found));
}

export function listOf(check: Check): Check {
  return (found) => {
    if (!Array.isArray(found)) return `should be a list, and is ${shown(found)}`;
    for (let index = 0; index < found.length; index++) {
      const wrong = check(found[index]);
      if (wrong !== undefined) return `holds at ${index} what ${wrong}`;
    }
    return undefined;
  };
}

/** A list of so many parts, of which the last may be missing where their checks let them. */
export function tuple(...checks: readonly Check[]): Check {
  return (found) => {
    if (!Array.isArray(found)) return `should be a list, and is ${shown(found)}`;
    for (let index = 0; index < checks.length; index++) {
      const wrong = checks[index]?.(found[index]);
      if (wrong !== undefined) return wrongPart(`part ${index}`, wrong);
    }
    return undefined;
  };
}

/** An object with these fields. Others may stand beside them: a later release may have added some. */
export function record(fields: Readonly<Record<string, Check>>): Check {
  const named = Object.entries(fields);
  return (found) => {
    if (!isRecord(found)) return `should be an object, and is ${shown(found)}`;
    // Every event of a history comes through here: nothing is made for what fits.
    for (const [name, check] of named) {
      const wrong = check(own(found, name));
      if (wrong !== undefined) return wrongPart(`"${name}"`, wrong);
    }
    return undefined;
  };
}

/** An object whose form is told by one of its fields. */
export function oneOfForms(field: string, forms: Readonly<Record<string, Check>>): Check {
  const known = new Map(Object.entries(forms));
  return (found) => {
    if (!isRecord(found)) return `should be an object, and is ${shown(found)}`;
    const kind = own(found, field);
    const check = typeof kind === "string" ? known.get(kind) : undefined;
    return check === undefined
      ? `has the ${field} ${shown(kind)}, which this release does not know`
      : check(found);
  };
}

function wrongPart(which: string, wrong: string): string {
  return `has a part that is wrong: its ${which} ${wrong}`;
}

function isRecord(found: unknown): found is object {
  return typeof found === "object" && found !== null && !Array.isArray(found);
}

function own(of: object, name: string): unknown {
  return Object.hasOwn(of, name) ? Reflect.get(of, name) : undefined;
}
