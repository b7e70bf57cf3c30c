/**
 * `where`: a condition on an event's payload. Its meaning is EventBridge's (`pattern.ts`); what it judges is the payload as a workflow
 * receives it, written as JSON: dates are text, maps and sets are lists.
 */
import { isArray, isObject, type Json } from "../json.js";
import { plain } from "../plain.js";
import { decode, type Encoded } from "../value.js";
import { PatternError } from "./operators.js";
import { compilePattern, type Matcher } from "./pattern.js";

export { PatternError } from "./operators.js";

/** In bytes of JSON: a condition stands in the record of its wait, which `deliver` reads for every event of its type and key. */
export const LARGEST_WHERE_BYTES = 2_048;

/** A condition that can be judged. */
export interface Where {
  /** JSON text: how it is kept, and shown. */
  readonly text: string;
  readonly accepts: (payload: Json) => boolean;
}

/** Reads what a user wrote. Throws {@link PatternError} that names the place which can't be judged, or is not JSON. */
export function readWhere(pattern: unknown): Where {
  const json = asJson(pattern, "", 0);
  const text = JSON.stringify(json);
  const bytes = Buffer.byteLength(text);
  if (bytes > LARGEST_WHERE_BYTES)
    throw new PatternError("", `at most ${LARGEST_WHERE_BYTES} bytes of JSON are expected`, `${bytes} bytes`);
  return { text, accepts: compilePattern(json) };
}

/** What is wrong with a condition, as an error of ours lists it. */
export function issueOf({ path, problem }: PatternError): {
  readonly path: string;
  readonly message: string;
} {
  return { path: path === "" ? "where" : `where.${path}`, message: problem };
}

/** The payload that conditions judge, made of its stored form. */
export function judged(data: Encoded): Json {
  const json: unknown = JSON.parse(JSON.stringify(plain(decode(data, new Map()))) ?? "null");
  return json as Json;
}

/** A condition that was kept, with the same meaning as {@link keptConditions} gives it. */
export function keptWhere(text: string): Where {
  return { text, accepts: compileKept(text) };
}

/**
 * Judges by the text of a condition that was kept. One that this code does not understand (a later release wrote it) accepts: the execution
 * itself has the last word, and one look too many loses nothing.
 */
export function keptConditions(): (text: string, payload: Json) => boolean {
  const compiled = new Map<string, Matcher>();
  return (text, payload) => {
    const known = compiled.get(text) ?? compileKept(text);
    compiled.set(text, known);
    return known(payload);
  };
}

function compileKept(text: string): Matcher {
  try {
    return compilePattern(JSON.parse(text));
  } catch {
    return () => true;
  }
}

/** Deeper is no condition that anybody wrote, or a cycle. */
const DEEPEST = 50;

/** A copy: what its writer changes afterwards changes nothing. What JSON would leave out or change is refused: it would widen the condition. */
function asJson(value: unknown, path: string, depth: number): Json {
  if (depth > DEEPEST) throw new PatternError(path, `at most ${DEEPEST} levels are expected`, "more");
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value))
    return Array.from(value, (item, index) => asJson(item, `${path}[${index}]`, depth + 1));
  const prototype: unknown = isObject(value) ? Object.getPrototypeOf(value) : undefined;
  if (isObject(value) && (prototype === Object.prototype || prototype === null)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        asJson(item, path === "" ? key : `${path}.${key}`, depth + 1),
      ]),
    );
  }
  throw new PatternError(path, "a pattern is made of JSON", nameOf(value));
}

function nameOf(value: unknown): string {
  if (value === undefined) return "undefined";
  if (typeof value !== "object" || value === null) return `${typeof value} ${String(value)}`;
  return isArray(value as Json) ? "a list" : (value.constructor?.name ?? "an object");
}
