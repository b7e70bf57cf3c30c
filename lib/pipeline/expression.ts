/**
 * Conditions of stages, in CEL, the Common Expression Language (https://cel.dev): it can read what it is given, compare and compute, and
 * nothing else: no call to the outside, no loop without an end, no way to the code around it. Variables are the keys of the stage's context.
 */
import { type ParseResult, parse } from "@marcbachmann/cel-js";
import type { Json, JsonObject } from "./json-value.js";

const parsed = new Map<string, ParseResult>();

/** Of pipelines that come as data there are ever new ones. */
const MOST_KEPT = 1_000;

/** @throws Error saying what is wrong with it, and where: it can't be parsed, names what is not there, or compares what can't be compared */
export function evaluate(expression: string, variables: JsonObject): Json {
  return jsonOf(parsedOf(expression)(variables), expression);
}

/** What is wrong with the text of an expression; undefined for one that can be parsed. */
export function syntaxErrorOf(expression: string): string | undefined {
  try {
    parsedOf(expression);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function parsedOf(expression: string): ParseResult {
  const known = parsed.get(expression);
  if (known !== undefined) return known;
  const made = parse(expression);
  if (parsed.size >= MOST_KEPT) parsed.clear();
  parsed.set(expression, made);
  return made;
}

function jsonOf(value: unknown, expression: string): Json {
  if (typeof value === "bigint") return Number(value);
  if (value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "string")
    return value;
  if (Array.isArray(value)) return value.map((item) => jsonOf(item, expression));
  if (typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonOf(item, expression)]));
  throw new Error(`The expression ${expression} gives what is no JSON.`);
}
