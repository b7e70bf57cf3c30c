/**
 * The operators of an event pattern: `{ "prefix": "a" }` and its siblings, each a test of one scalar.
 *
 * | operator           | argument                                                    |
 * |--------------------|-------------------------------------------------------------|
 * | prefix, suffix     | a string, or `{ "equals-ignore-case": string }`             |
 * | equals-ignore-case | a string                                                    |
 * | wildcard           | a string, `*` is any run of characters, `\*` a star         |
 * | anything-but       | a string, a number, a list of either, or one of the above   |
 * | numeric            | `["=", n]`, or one or two bounds: `[">", n, "<=", m]`       |
 * | cidr               | an IPv4 or IPv6 range                                       |
 */
import { BlockList, isIP } from "node:net";
import { isArray, isObject, type Json, type JsonObject } from "../json.js";
import { ownOf } from "../own.js";
import { shown } from "../shown.js";

export type Scalar = string | number | boolean | null;
export type Test = (value: Scalar) => boolean;

/** A pattern that EventBridge would refuse, or that cannot be judged here. */
export class PatternError extends Error {
  override readonly name = "PatternError";
  /** What is wrong, without the place. */
  readonly problem: string;

  constructor(
    readonly path: string,
    expected: string,
    found: Json,
  ) {
    const problem = `${expected}; found ${shown(found)}`;
    super(`The event pattern is not understood${path === "" ? "" : ` at ${path}`}: ${problem}.`);
    this.problem = problem;
  }
}

/** Names that no field of an alternative of `$or` may have: with one of them, EventBridge takes `$or` for a field's name. */
export const OPERATORS: readonly string[] = [
  "prefix",
  "suffix",
  "equals-ignore-case",
  "wildcard",
  "anything-but",
  "numeric",
  "cidr",
  "exists",
];

export const compileOperator = (operator: JsonObject, path: string): Test => {
  const [[name, argument] = ["", null], ...more] = Object.entries(operator);
  if (more.length > 0) throw new PatternError(path, "one operator per object is expected", operator);
  switch (name) {
    case "prefix":
    case "suffix":
      return affix(name, argument, path);
    case "equals-ignore-case":
    case "wildcard":
      return textual(name, argument, path);
    case "anything-but":
      return anythingBut(argument, path);
    case "numeric":
      return numeric(argument, path);
    case "cidr":
      return cidr(argument, path);
    default:
      throw new PatternError(path, "no such operator is known here", operator);
  }
};

type Textual = "prefix" | "suffix" | "equals-ignore-case" | "wildcard";
const TEXTUAL: readonly string[] = ["prefix", "suffix", "equals-ignore-case", "wildcard"] satisfies Textual[];
const isTextual = (name: string): name is Textual => TEXTUAL.includes(name);

const affix = (name: "prefix" | "suffix", argument: Json, path: string): Test => {
  if (!isObject(argument)) return textual(name, argument, path);
  const inner = argument["equals-ignore-case"];
  if (typeof inner !== "string" || Object.keys(argument).length !== 1)
    throw new PatternError(path, `${name} takes a string or an equals-ignore-case`, argument);
  const test = textual(name, inner.toLowerCase(), path);
  return (value) => typeof value === "string" && test(value.toLowerCase());
};

const textual = (name: Textual, argument: Json, path: string): Test => {
  if (typeof argument !== "string") throw new PatternError(path, `${name} takes a string`, argument);
  const test = textTest(name, argument, path);
  return (value) => typeof value === "string" && test(value);
};

const textTest = (name: Textual, wanted: string, path: string): ((text: string) => boolean) => {
  switch (name) {
    case "prefix":
      return (text) => text.startsWith(wanted);
    case "suffix":
      return (text) => text.endsWith(wanted);
    case "equals-ignore-case":
      return (text) => text.toLowerCase() === wanted.toLowerCase();
    case "wildcard": {
      const parts = wildcardParts(wanted, path);
      return (text) => fitsParts(text, parts);
    }
  }
};

/** What stands between the stars, in order; the first begins the text and the last ends it. */
const wildcardParts = (wanted: string, path: string): string[] => {
  const parts = [""];
  let afterStar = false;
  for (const [part, escaped, star, plain] of wanted.matchAll(/\\([*\\])|(\*)|([^*\\]+)|\\/g)) {
    if (afterStar && star !== undefined)
      throw new PatternError(path, "a wildcard may not hold two stars in a row", wanted);
    afterStar = star !== undefined;
    if (star !== undefined) parts.push("");
    else if (escaped === undefined && plain === undefined)
      throw new PatternError(path, "a backslash in a wildcard must precede a star or a backslash", part);
    else parts[parts.length - 1] += escaped ?? plain ?? "";
  }
  return parts;
};

/** Each part at its first place behind the one before: no text, however long, is gone over again and again for a part that is not there. */
const fitsParts = (text: string, parts: readonly string[]): boolean => {
  const [first = "", ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
};

const anythingBut = (argument: Json, path: string): Test => {
  if (isObject(argument)) return anythingButTextual(argument, path);
  const excluded = isArray(argument) ? argument : [argument];
  const alike = (type: string): boolean => excluded.every((value) => typeof value === type);
  if (excluded.length === 0 || !(alike("string") || alike("number")))
    throw new PatternError(path, "anything-but takes strings or numbers, not both", argument);
  return (value) => !excluded.includes(value);
};

const anythingButTextual = (argument: JsonObject, path: string): Test => {
  const [[name, inner] = ["", null], ...more] = Object.entries(argument);
  if (!isTextual(name) || more.length > 0)
    throw new PatternError(path, `anything-but takes one of ${TEXTUAL.join(", ")}`, argument);
  const excluded = (isArray(inner) ? inner : [inner]).map((one) => textual(name, one, path));
  if (excluded.length === 0) throw new PatternError(path, "anything-but needs at least one value", argument);
  return (value) => !excluded.some((test) => test(value));
};

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  "=": (value, bound) => value === bound,
  "<": (value, bound) => value < bound,
  "<=": (value, bound) => value <= bound,
  ">": (value, bound) => value > bound,
  ">=": (value, bound) => value >= bound,
};

const numeric = (argument: Json, path: string): Test => {
  const wrong = (): PatternError =>
    new PatternError(path, 'numeric takes ["=", n], or one lower and one upper bound', argument);
  if (!isArray(argument) || (argument.length !== 2 && argument.length !== 4)) throw wrong();
  const tests: ((value: number) => boolean)[] = [];
  const sides: string[] = [];
  for (let at = 0; at < argument.length; at += 2) {
    const sign = argument[at];
    const bound = argument[at + 1];
    const compare = typeof sign === "string" ? ownOf(COMPARISONS, sign) : undefined;
    if (typeof sign !== "string" || compare === undefined || typeof bound !== "number") throw wrong();
    tests.push((value) => compare(value, bound));
    sides.push(sign.charAt(0));
  }
  if (sides.length === 2 && sides.join("") !== "><" && sides.join("") !== "<>") throw wrong();
  return (value) => typeof value === "number" && tests.every((test) => test(value));
};

const cidr = (argument: Json, path: string): Test => {
  const [address = "", bits = "", ...more] = typeof argument === "string" ? argument.split("/") : [];
  const version = isIP(address);
  if (version === 0 || !/^\d+$/.test(bits) || Number(bits) > (version === 4 ? 32 : 128) || more.length > 0)
    throw new PatternError(path, "cidr takes an address range such as 10.0.0.0/24", argument);
  const range = new BlockList();
  range.addSubnet(address, Number(bits), version === 4 ? "ipv4" : "ipv6");
  return (value) =>
    typeof value === "string" &&
    isIP(value) === version &&
    range.check(value, version === 4 ? "ipv4" : "ipv6");
};
