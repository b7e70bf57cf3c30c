/**
 * How user values are kept: as JSON in which everything that JSON can't say is a one-key object `{ "$type": [...] }`. A user's own object
 * with such a key is wrapped (`{ "$object": [[key, value], …] }`), so user data can never be mistaken for a mark of ours.
 * One of them, `{ "$payload": name }`, stands for a value that is kept elsewhere: only whole values are, and never for long in memory.
 *
 * Kept exactly: undefined, NaN, ±Infinity, -0, BigInt, Date, Map, Set, Uint8Array, URL, RegExp, Error (name, message, cause, own
 * fields, and of its stack what `stack.ts` says), plain objects and arrays (holes become undefined). Refused with its path: everything else.
 */
import * as catalogue from "./errors.js";
import { HoldfastError, UnencodableValueError } from "./errors.js";
import { SealedValueError } from "./sealed-error.js";
import { shown } from "./shown.js";
import { keptStack, MOST_STACK_CHARACTERS, stackOf } from "./stack.js";

/** A JSON value that {@link encode} made; only {@link decode} reads it. */
export type Encoded =
  | null
  | boolean
  | number
  | string
  | readonly Encoded[]
  | { readonly [key: string]: Encoded };

/** Error classes whose instances come back as instances, by class name. */
export type ErrorClasses = ReadonlyMap<string, ErrorClass>;
// biome-ignore lint/suspicious/noExplicitAny: a constructor with any parameters can only be spelled so
export type ErrorClass = abstract new (...args: any[]) => Error;

/** How deep a value may nest; deeper is a cycle in all but name, and would overflow the stack. */
const DEEPEST = 200;

/** A level of the value is some levels of its stored form: of an error's field, five. */
const DEEPEST_STORED = 5 * DEEPEST + 100;

/** JavaScript's own classes and ours come back as what they were without anybody registering them. */
const BUILT_IN_ERRORS: ErrorClasses = new Map<string, ErrorClass>(
  [
    ...[Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError],
    ...Object.values(catalogue).filter((type) => type.prototype instanceof HoldfastError),
  ].map((type) => [type.name, type]),
);

/** Stands in the place of a whole value that is kept under this name. */
export function payloadMark(name: string): Encoded {
  return mark("payload", name);
}

/** The name under which the value is kept elsewhere; undefined for a value that is here. */
export function payloadNamedBy(stored: Encoded): string | undefined {
  if (stored === null || typeof stored !== "object" || isList(stored)) return undefined;
  return typeof stored.$payload === "string" && Object.keys(stored).length === 1
    ? stored.$payload
    : undefined;
}

/** The stored form of a value. Throws {@link UnencodableValueError} with the path of what can't be kept. */
export function encode(value: unknown): Encoded {
  return encodeAt(value, "", []);
}

/** The stored form of an error, or of whatever else was thrown. What can't be kept of it is left out: an error must not be lost over a field. */
export function encodeThrown(thrown: unknown): Encoded {
  try {
    return encode(thrown);
  } catch {
    return thrown instanceof Error
      ? mark("error", {
          name: thrown.name,
          message: thrown.message,
          ...encodedStack(thrown),
        })
      : mark("error", {
          name: "Error",
          message: `Something that can't be stored was thrown: ${textOf(thrown)}`,
        });
  }
}

/**
 * The value back. `classes` are the user's error classes; unknown names become plain errors that keep their name.
 * @throws UnencodableValueError for what {@link encode} can't have made
 */
export function decode(stored: Encoded, classes: ErrorClasses = BUILT_IN_ERRORS): unknown {
  return decodeAt(stored, classes, 0);
}

function decodeAt(stored: Encoded, classes: ErrorClasses, depth: number): unknown {
  if (stored === null || typeof stored !== "object") return stored;
  if (depth > DEEPEST_STORED)
    throw new UnencodableValueError("", "nested deeper than any value that is stored");
  if (isList(stored)) return stored.map((item) => decodeAt(item, classes, depth + 1));
  const keys = Object.keys(stored);
  const only = keys.length === 1 ? keys[0] : undefined;
  if (only?.startsWith("$")) {
    try {
      return unmark(only, stored[only] ?? null, classes, (inner) => decodeAt(inner, classes, depth + 1));
    } catch (error) {
      if (error instanceof UnencodableValueError || error instanceof SealedValueError) throw error;
      throw new UnencodableValueError("", `a stored mark ${shown(only)} with something that it never holds`);
    }
  }
  const object: Record<string, unknown> = {};
  for (const key of keys) define(object, key, decodeAt(stored[key] ?? null, classes, depth + 1));
  return object;
}

function encodeAt(value: unknown, path: string, above: readonly object[]): Encoded {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value) && !Object.is(value, -0)) return value;
      return mark("number", Object.is(value, -0) ? "-0" : String(value));
    case "undefined":
      return mark("undefined", true);
    case "bigint":
      return mark("bigint", value.toString());
    case "object":
      break;
    default:
      throw new UnencodableValueError(path, `a ${typeof value}`);
  }
  if (value === null) return null;
  if (above.includes(value))
    throw new UnencodableValueError(path, "a reference back to an object that holds it");
  if (above.length >= DEEPEST) throw new UnencodableValueError(path, `nested deeper than ${DEEPEST} levels`);
  const inside = [...above, value];
  if (Array.isArray(value))
    return Array.from(value, (item, index) => encodeAt(item, `${path}[${index}]`, inside));
  if (value instanceof Date)
    return mark("date", Number.isNaN(value.getTime()) ? "invalid" : value.toISOString());
  if (value instanceof Map) {
    return mark(
      "map",
      Array.from(value, ([k, v], index) => [
        encodeAt(k, `${path}<key ${index}>`, inside),
        encodeAt(v, `${path}<value ${index}>`, inside),
      ]),
    );
  }
  if (value instanceof Set)
    return mark(
      "set",
      Array.from(value, (item, index) => encodeAt(item, `${path}<${index}>`, inside)),
    );
  if (value instanceof Uint8Array)
    return mark("bytes", Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64"));
  if (value instanceof URL) return mark("url", value.href);
  if (value instanceof RegExp) return mark("regexp", [value.source, value.flags]);
  if (value instanceof Error) return mark("error", encodeError(value, path, inside));
  return encodeObject(value, path, inside);
}

function encodeObject(value: object, path: string, above: readonly object[]): Encoded {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new UnencodableValueError(path, `an instance of ${value.constructor?.name || "an unnamed class"}`);
  }
  const entries = Object.entries(value).map(([key, item]): [string, Encoded] => [
    key,
    encodeAt(item, path === "" ? key : `${path}.${key}`, above),
  ]);
  if (entries.length === 1 && entries[0]?.[0].startsWith("$")) return mark("object", entries);
  return fromEntries(entries);
}

function encodeError(error: Error, path: string, above: readonly object[]): Encoded {
  const fields: [string, Encoded][] = [];
  for (const key of Object.keys(error)) {
    if (key === "name" || key === "message" || key === "stack" || key === "cause") continue;
    try {
      fields.push([key, encodeAt(Reflect.get(error, key), `${path}.${key}`, above)]);
    } catch {
      // One field that can't be kept (a socket, a response) must not cost the error itself.
    }
  }
  const stored: [string, Encoded][] = [
    ["name", error.name],
    ["message", error.message],
  ];
  const className = error.constructor?.name;
  if (className && className !== error.name) stored.push(["class", className]);
  stored.push(...Object.entries(encodedStack(error)));
  if (error.cause !== undefined) stored.push(["cause", encodeCause(error.cause, path, above)]);
  if (error instanceof AggregateError) {
    stored.push(["errors", error.errors.map((inner: unknown) => encodeCause(inner, path, above))]);
  }
  if (fields.length > 0) stored.push(["fields", fields.map(([key, item]) => [key, item])]);
  return fromEntries(stored);
}

/** `frames` (with `head`, where that is needed), or `stack` for one that somebody has made by hand. */
function encodedStack({ name, message, stack }: Error): { readonly [field: string]: string } {
  if (typeof stack !== "string") return {};
  const kept = keptStack(String(name), String(message), stack);
  return kept === undefined ? { stack: stack.slice(0, MOST_STACK_CHARACTERS) } : { ...kept };
}

function decodedStack(
  name: string,
  message: string,
  { stack, head, frames }: Readonly<Record<string, Encoded>>,
): string | undefined {
  if (frames === undefined) return stack === undefined ? undefined : String(stack);
  return stackOf(name, message, {
    frames: String(frames),
    ...(head === undefined ? {} : { head: String(head) }),
  });
}

function encodeCause(cause: unknown, path: string, above: readonly object[]): Encoded {
  try {
    return encodeAt(cause, `${path}.cause`, above);
  } catch {
    return encodeThrown(cause instanceof Error ? new Error(cause.message) : textOf(cause));
  }
}

/** What `String` says, where that can be asked: an object's own `toString` may be missing, or throw. */
export function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return Object.prototype.toString.call(thrown);
  }
}

/** @param inside decodes what the mark holds */
function unmark(
  key: string,
  content: Encoded,
  classes: ErrorClasses,
  inside: (stored: Encoded) => unknown,
): unknown {
  switch (key) {
    case "$number":
      return numberIn(content);
    case "$undefined":
      return undefined;
    case "$bigint":
      return BigInt(String(content));
    case "$date":
      return dateIn(content);
    case "$map":
      return new Map(pairs(content).map(([k, v]) => [inside(k), inside(v)]));
    case "$set":
      return new Set(list(content).map(inside));
    case "$bytes":
      return new Uint8Array(Buffer.from(String(content), "base64"));
    case "$url":
      return new URL(String(content));
    case "$regexp": {
      const [source, flags] = list(content);
      return new RegExp(String(source), String(flags));
    }
    case "$error":
      return decodeError(content, classes, inside);
    case "$object": {
      const object: Record<string, unknown> = {};
      for (const [k, v] of pairs(content)) define(object, String(k), inside(v));
      return object;
    }
    case "$sealed":
      throw new SealedValueError(
        isList(content) && typeof content[1] === "string" ? content[1] : undefined,
        isList(content) && typeof content[3] === "string" ? content[3] : undefined,
      );
    default:
      throw new UnencodableValueError("", `a stored mark ${shown(key)} that this release does not know`);
  }
}

/** Those that JSON can't say. Throws for any other. */
function numberIn(content: Encoded): number {
  const found = ["NaN", "Infinity", "-Infinity", "-0"].find((name) => name === content);
  if (found === undefined) throw new RangeError("no such number");
  return Number(found);
}

/** Throws for what is no date. */
function dateIn(content: Encoded): Date {
  if (content === "invalid") return new Date(Number.NaN);
  const found = new Date(String(content));
  if (Number.isNaN(found.getTime())) throw new RangeError("no such date");
  return found;
}

function decodeError(content: Encoded, classes: ErrorClasses, inside: (stored: Encoded) => unknown): Error {
  const stored = content !== null && typeof content === "object" && !isList(content) ? content : {};
  const name = String(stored.name ?? "Error");
  const className = String(stored.class ?? name);
  const type = classes.get(className) ?? classes.get(name) ?? BUILT_IN_ERRORS.get(className) ?? Error;
  // Built without running the class's constructor, whose arguments were not kept; `new Error` gives the internal slots.
  const message = String(stored.message ?? "");
  const error = new Error(message);
  Object.setPrototypeOf(error, type.prototype);
  hidden(error, "name", name);
  hidden(error, "stack", decodedStack(name, message, stored));
  if (stored.cause !== undefined) hidden(error, "cause", inside(stored.cause));
  if (stored.errors !== undefined) hidden(error, "errors", list(stored.errors).map(inside));
  for (const [key, item] of pairs(stored.fields ?? [])) define(error, String(key), inside(item));
  return error;
}

function mark(type: string, content: Encoded): Encoded {
  return { [`$${type}`]: content };
}

function isList(stored: Encoded): stored is readonly Encoded[] {
  return Array.isArray(stored);
}

function list(stored: Encoded): readonly Encoded[] {
  return isList(stored) ? stored : [];
}

function pairs(stored: Encoded): [Encoded, Encoded][] {
  return list(stored).map((pair) => [list(pair)[0] ?? null, list(pair)[1] ?? null]);
}

/** Like `Object.fromEntries`, with `__proto__` an ordinary key. */
function fromEntries(entries: readonly [string, Encoded][]): Encoded {
  const object: Record<string, Encoded> = {};
  for (const [key, item] of entries) define(object, key, item);
  return object;
}

/** Defines instead of assigning, so that a key called `__proto__` stays data. */
function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function hidden(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: false, configurable: true, writable: true });
}
