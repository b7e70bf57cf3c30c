/**
 * EventBridge's event patterns, which event source mappings filter by, too.
 *
 * Owns the meaning of a pattern; knows nothing of rules or targets. A pattern is compiled once, and
 * whatever cannot be judged is refused there with its place: a matcher that let an unknown operator
 * pass, or never match, would hide on a laptop what AWS does.
 *
 * | in the pattern                     | matches when the event has there                             |
 * |------------------------------------|--------------------------------------------------------------|
 * | `{ field: … }`                     | an object (or a list with one) that matches in all fields     |
 * | `[a, b]`                           | a value, or a list with one, that any of a, b accepts         |
 * | string, number, true, false, null  | exactly it                                                   |
 * | operators                          | see `operators.ts`                                           |
 * | `{ exists: false }`                | no value                                                     |
 * | `$or: [p, q]`                      | what p or q matches, in addition to the fields beside it     |
 */
import { isArray, isObject, type Json, type JsonObject } from "../json.js";
import { compileOperator, OPERATORS, PatternError, type Scalar, type Test } from "./operators.js";

export { PatternError } from "./operators.js";

export type Matcher = (event: Json) => boolean;

/** Turns a pattern into a predicate, or throws a `PatternError` that names the place it cannot judge. */
export const compilePattern = (pattern: Json): Matcher => {
  if (!isObject(pattern)) throw new PatternError("", "a pattern must be an object", pattern);
  return compileObject(pattern, "");
};

const compileObject = (pattern: JsonObject, path: string): Matcher => {
  const fields = Object.entries(pattern);
  if (fields.length === 0) throw new PatternError(path, "an object needs at least one field", pattern);
  const tests = fields.map(([key, value]) =>
    key === "$or" ? compileOr(value, join(path, key)) : compileField(key, value, join(path, key)),
  );
  return (event) => tests.every((test) => test(event));
};

const compileOr = (alternatives: Json, path: string): Matcher => {
  if (!isArray(alternatives) || alternatives.length < 2 || !alternatives.every(isObject))
    throw new PatternError(path, "$or must be a list of two or more patterns", alternatives);
  const operator = alternatives.flatMap(Object.keys).find((field) => OPERATORS.includes(field));
  if (operator !== undefined)
    throw new PatternError(
      path,
      "a field of an alternative of $or may not be named as an operator",
      operator,
    );
  const tests = alternatives.map((alternative, index) => compileObject(alternative, `${path}[${index}]`));
  return (event) => tests.some((test) => test(event));
};

const compileField = (key: string, value: Json, path: string): Matcher => {
  if (isArray(value)) {
    const test = compileLeaf(value, path);
    return (event) => test(leaves(fieldOf(event, key)));
  }
  if (!isObject(value)) throw new PatternError(path, "a field must hold an object or a list", value);
  const nested = compileObject(value, path);
  const isAbsence = asksForAbsence(value);
  return (event) => {
    const found = fieldOf(event, key);
    if (!isArray(found)) return nested(found ?? null);
    const list = elements(found);
    // An empty list has none of the nested fields.
    if (list.length === 0) return nested(null);
    // One and the same element must match all of the nested fields; what is to be absent only, no element may have.
    return isAbsence ? list.every(nested) : list.some(nested);
  };
};

/** Whether all that it says is that fields are not there. */
const asksForAbsence = (pattern: Json): boolean =>
  isArray(pattern)
    ? pattern.every((one) => isObject(one) && (one.exists === false || asksForAbsence(one)))
    : isObject(pattern) && Object.values(pattern).every(asksForAbsence);

/** What a list holds, through the lists in it. */
const elements = (list: readonly Json[]): Json[] =>
  list.flatMap((one) => (isArray(one) ? elements(one) : [one]));

/** An own field alone: every object inherits a `constructor`. */
const fieldOf = (event: Json, key: string): Json | undefined =>
  isObject(event) && Object.hasOwn(event, key) ? event[key] : undefined;

type LeafTest = (values: readonly Scalar[]) => boolean;

const compileLeaf = (accepted: readonly Json[], path: string): LeafTest => {
  if (accepted.length === 0) throw new PatternError(path, "a list must name at least one value", accepted);
  const tests = accepted.map((one, index) => compileAccepted(one, `${path}[${index}]`));
  return (values) => tests.some((test) => test(values));
};

const compileAccepted = (accepted: Json, path: string): LeafTest => {
  if (isObject(accepted) && Object.keys(accepted).join() === "exists") {
    const wanted = accepted.exists;
    if (typeof wanted !== "boolean") throw new PatternError(path, "exists must be true or false", accepted);
    return (values) => values.length > 0 === wanted;
  }
  const test = compileValue(accepted, path);
  return (values) => values.some(test);
};

const compileValue = (accepted: Json, path: string): Test => {
  if (isObject(accepted)) return compileOperator(accepted, path);
  if (isArray(accepted)) throw new PatternError(path, "a list may not hold a list", accepted);
  return (value) => value === accepted;
};

/** The scalars at a place, through lists: an object is no value, and an empty list has none. */
const leaves = (value: Json | undefined): Scalar[] => {
  if (value === undefined || isObject(value)) return [];
  return isArray(value) ? value.flatMap(leaves) : [value];
};

const join = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);
