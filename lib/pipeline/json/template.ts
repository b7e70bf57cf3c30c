/**
 * `${ … }` in text: what Spinnaker marks expressions by. What stands in it here is CEL, not SpEL; a text that should hold `${` itself
 * says `${ "${" }`.
 */
import { short } from "../../model/shown.js";
import { ExpressionError, type PipelineIssue } from "../errors.js";
import { evaluate, syntaxErrorOf } from "../expression.js";
import { isObject, type Json, type JsonObject } from "../json-value.js";
import { pathTo } from "./plain-json.js";

type Part = { readonly text: string } | { readonly expression: string };

/** The expression that a field holds which is one, with or without `${ … }` around it. */
export function expressionIn(text: string): string {
  const parts = partsOf(text.trim());
  const [only] = parts ?? [];
  return parts?.length === 1 && only !== undefined && "expression" in only ? only.expression : text;
}

/** @throws ExpressionError saying that it is CEL, and what is wrong */
export function judged(expression: string, variables: JsonObject): Json {
  try {
    return evaluate(expression, variables);
  } catch (error) {
    throw new ExpressionError(expression, firstLine(error instanceof Error ? error.message : String(error)));
  }
}

/**
 * A context in which each `${ … }` of its texts, however deep, is replaced by what it gives. A text that is one expression and nothing else
 * becomes its value, whatever that is; within other text, a value that is no text stands as JSON. What an expression gives is not looked
 * through again. Keys stay as they are.
 * @param raw keys of the context that are left as they are: their stage's tasks judge them themselves
 * @throws ExpressionError for the first expression that can't be judged
 */
export function interpolated(
  context: JsonObject,
  variables: JsonObject,
  raw: readonly string[] = [],
): JsonObject {
  const entries = Object.entries(context).map(([key, value]): [string, Json] => [
    key,
    raw.includes(key) ? value : interpolatedValue(value, variables),
  ]);
  return Object.fromEntries(entries);
}

/** As {@link interpolated}, of any value. */
export function interpolatedValue(value: Json, variables: JsonObject): Json {
  if (typeof value === "string") return interpolatedText(value, variables);
  if (Array.isArray(value)) return value.map((item: Json) => interpolatedValue(item, variables));
  return isObject(value) ? interpolated(value, variables) : value;
}

function interpolatedText(text: string, variables: JsonObject): Json {
  const parts = partsOf(text);
  if (parts === undefined) throw new ExpressionError(text, UNCLOSED);
  const values = parts.map((part) => ("text" in part ? part.text : judged(part.expression, variables)));
  const [only] = values;
  if (values.length === 1 && only !== undefined) return only;
  return values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join("");
}

/** What can't be read of the expressions in a value, without judging any. */
export function templateIssues(value: Json, path: string): PipelineIssue[] {
  if (typeof value === "string") return issuesOfText(value, path);
  if (Array.isArray(value))
    return value.flatMap((item: Json, index) => templateIssues(item, pathTo(path, index)));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => templateIssues(item, pathTo(path, key)));
}

/** Of a text that is an expression, with or without `${ … }` around it. */
export function expressionIssues(text: string, path: string): PipelineIssue[] {
  const expression = expressionIn(text);
  const wrong = syntaxErrorOf(expression);
  return wrong === undefined ? [] : [{ path, message: notCel(expression, wrong) }];
}

function issuesOfText(text: string, path: string): PipelineIssue[] {
  const parts = partsOf(text);
  if (parts === undefined) return [{ path, message: notCel(text, UNCLOSED) }];
  return parts.flatMap((part) => {
    const wrong = "expression" in part ? syntaxErrorOf(part.expression) : undefined;
    return "expression" in part && wrong !== undefined
      ? [{ path, message: notCel(part.expression, wrong) }]
      : [];
  });
}

function notCel(expression: string, why: string): string {
  return `expected a CEL expression, found ${short(expression)}: ${short(firstLine(why))}`;
}

/** The others show the expression again, with a mark where it goes wrong. */
function firstLine(why: string): string {
  return why.replace(/\.?(?:\n[\s\S]*)?$/, "");
}

const UNCLOSED = "it opens with ${ and never closes";

/** Undefined where a `${` is not closed. The text without any is one part. */
function partsOf(text: string): Part[] | undefined {
  const parts: Part[] = [];
  let at = 0;
  for (;;) {
    const opens = text.indexOf("${", at);
    const plain = text.slice(at, opens < 0 ? undefined : opens);
    if (plain !== "" || (opens < 0 && parts.length === 0)) parts.push({ text: plain });
    if (opens < 0) return parts;
    const closes = closingBrace(text, opens + 2);
    if (closes === undefined) return undefined;
    parts.push({ expression: text.slice(opens + 2, closes).trim() });
    at = closes + 1;
  }
}

/** Where an expression ends: the braces of its maps come in pairs, and those in its texts don't count. */
function closingBrace(text: string, from: number): number | undefined {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === "{") depth += 1;
    else if (character === "}" && depth === 0) return at;
    else if (character === "}") depth -= 1;
    else if (character === '"' || character === "'") {
      const end = endOfLiteral(text, at);
      if (end === undefined) return undefined;
      at = end;
    }
  }
  return undefined;
}

/** Where the literal ends whose quotes begin here: three quotes hold single ones, and what follows a backslash ends nothing. */
function endOfLiteral(text: string, at: number): number | undefined {
  const quote = text.slice(at, at + 1);
  const quotes = text.startsWith(quote.repeat(3), at) ? quote.repeat(3) : quote;
  for (let end = at + quotes.length; end < text.length; end += 1) {
    if (text[end] === "\\") end += 1;
    else if (text.startsWith(quotes, end)) return end + quotes.length - 1;
  }
  return undefined;
}
