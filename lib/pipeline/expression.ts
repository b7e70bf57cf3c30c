/**
 * Conditions of stages, in CEL, the Common Expression Language (https://cel.dev): it can read what it is given, compare and compute, and
 * nothing else: no call to the outside, no loop without an end, no way to the code around it. Variables are the keys of the stage's context;
 * `context`, which holds them all; and `trigger`.
 *
 * Two things differ from its standard. Numbers in JSON are of one kind, so whole numbers that are written in an expression go with them:
 * `n + 1`. And there is no `matches`: a regular expression can take for ever to say no.
 */
import { Environment, type ParseResult } from "@marcbachmann/cel-js";
import type { Json, JsonObject } from "./json-value.js";

const language = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });
const ARITHMETIC: Readonly<Record<string, (one: number, other: number) => number>> = {
  "+": (one, other) => one + other,
  "-": (one, other) => one - other,
  "*": (one, other) => one * other,
  "/": (one, other) => one / other,
  "%": (one, other) => one % other,
};
for (const [sign, compute] of Object.entries(ARITHMETIC)) {
  const handler = (one: unknown, other: unknown): number => compute(Number(one), Number(other));
  language.registerOperator(`double ${sign} int`, handler);
  language.registerOperator(`int ${sign} double`, handler);
}
language.registerOperator("double % double", (one: unknown, other: unknown) => Number(one) % Number(other));

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
  const made = language.parse(expression);
  const hidden = names(made.ast).find((name) => TYPES.includes(name));
  if (hidden !== undefined)
    throw new Error(`"${hidden}" names a type of CEL. Say context.${hidden} for the key of the context`);
  if (calls(made.ast, "matches"))
    throw new Error(
      "matches is not there: a regular expression can take for ever. Compare with ==, startsWith, endsWith or contains",
    );
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

/** Whether an expression calls a function of that name, anywhere. */
function calls(node: unknown, name: string): boolean {
  if (typeof node !== "object" || node === null) return false;
  if (Array.isArray(node)) return node.some((part: unknown) => calls(part, name));
  if (!("op" in node) || !("args" in node)) return false;
  const { op, args } = node;
  const isCall = (op === "rcall" || op === "call") && Array.isArray(args) && args[0] === name;
  return isCall || calls(args, name);
}

/** What it reads that it does not make itself. */
function names(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap((part: unknown) => names(part));
  if (typeof node !== "object" || node === null || !("op" in node) || !("args" in node)) return [];
  return node.op === "id" && typeof node.args === "string" ? [node.args] : names(node.args);
}

const TYPES = ["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type"];
