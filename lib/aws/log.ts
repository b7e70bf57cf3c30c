/**
 * The log: one JSON object a line, so that CloudWatch Logs Insights finds its fields and a person can still read it.
 *
 * Lines go to stdout and not through `console`, whose every line Lambda's runtime would wrap into a JSON object of its own where the
 * function's log format is JSON. It takes lines that are JSON as they are, and filters them by their `level` as long as they carry a
 * `timestamp`.
 */
import { ownOf } from "../model/own.js";
import type { LogLevel, LogSink } from "../replay/logger.js";
import { hiding, type IsHidden, REDACTED } from "./redact.js";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Lambda's levels that are not ours. */
const OTHER_NAMES: Readonly<Record<string, LogLevel>> = { trace: "debug", fatal: "error" };

export interface LogOptions {
  /** Lines below it are not written: see {@link logLevelIn}. `info` when absent or unknown, since a typo must not silence errors. */
  readonly level?: string | undefined;
  /** Names of fields whose values are not shown, beside those that never are: see `redact.ts`. */
  readonly redact?: readonly string[];
  readonly now?: () => number;
  readonly write?: (line: string) => void;
}

/** `HOLDFAST_LOG_LEVEL`, which the construct sets; else the level that the function's own logging configuration asks for. */
export function logLevelIn(variables: Readonly<Record<string, string | undefined>>): string | undefined {
  return variables.HOLDFAST_LOG_LEVEL ?? variables.AWS_LAMBDA_LOG_LEVEL;
}

/** Of the engine's lines, and of those of the user's code. */
export function jsonLog(options: LogOptions = {}): LogSink {
  const threshold = LEVELS.indexOf(levelNamed(options.level ?? "info"));
  const now = options.now ?? Date.now;
  const isHidden = hiding(options.redact);
  const write = options.write ?? ((line: string) => void process.stdout.write(line));
  return {
    write(level, message, fields = {}) {
      if (LEVELS.indexOf(level) < threshold) return;
      write(`${lineOf(level, message, fields, now(), isHidden)}\n`);
    },
  };
}

function levelNamed(name: string): LogLevel {
  const wanted = name.toLowerCase();
  return LEVELS.find((level) => level === wanted) ?? ownOf(OTHER_NAMES, wanted) ?? "info";
}

/**
 * Ours come first, and a field of the same name never replaces them. Each field stands for itself: one that JSON can't say must cost neither the line
 * nor its neighbours, by which the line is found.
 */
function lineOf(
  level: LogLevel,
  message: string,
  fields: Readonly<Record<string, unknown>>,
  at: number,
  isHidden: IsHidden,
): string {
  const ours = { timestamp: new Date(at).toISOString(), level, message: shortened(message) };
  const said = Object.keys(fields)
    .filter((name) => !Object.hasOwn(ours, name))
    .map((name): [string, string | undefined] => [name, sayField(name, fields, isHidden)]);
  const parts = [sayField("message", ours, () => false) ?? '"message":""', ...fitting(said)];
  return `{"timestamp":"${ours.timestamp}","level":"${level}",${parts.join(",")}}`;
}

/** `"name":value`; undefined for what JSON leaves out. */
function sayField(
  name: string,
  of: Readonly<Record<string, unknown>>,
  isHidden: IsHidden,
): string | undefined {
  try {
    const said = JSON.stringify({ [name]: of[name] }, saying(isHidden)).slice(1, -1);
    return said === "" ? undefined : said;
  } catch (error) {
    // No more than its name: what can't be said may be said in its message.
    const why = error instanceof Error ? error.name : typeof error;
    return `${JSON.stringify(name)}:${JSON.stringify(`[unloggable: ${String(why)}]`)}`;
  }
}

/** What JSON is to say of each value. It is asked from the outside to the inside, with the object that holds the value as `this`. */
function saying(isHidden: IsHidden) {
  /** The objects around the value: as they were, and as they are said. */
  const around: { readonly was: unknown; readonly said: unknown }[] = [];
  return function (this: unknown, name: string, value: unknown): unknown {
    while (around.length > 0 && around.at(-1)?.said !== this) around.pop();
    if (value !== undefined && isHidden(name)) return REDACTED;
    if (around.some(({ was }) => was === value)) return "[circular]";
    const said = shown(value);
    if (typeof said === "object" && said !== null) around.push({ was: value, said });
    return said;
  };
}

function shown(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  const errors: unknown = value instanceof AggregateError ? value.errors : undefined;
  return {
    ...value,
    name,
    message,
    stack,
    ...(cause === undefined ? {} : { cause }),
    ...(errors === undefined ? {} : { errors }),
  };
}

/**
 * CloudWatch Logs took 256 KB as one event for most of its life, and what takes lines on from there still may: a longer line comes in pieces that are no
 * JSON. A character has three bytes at most.
 */
const LONGEST_LINE = 80_000;
const LONGEST_MESSAGE = 20_000;
/** What is shown of a field that is too long. */
const BEGINNING = 1_000;

/** JavaScript lets anything through as a message. */
function shortened(message: unknown): unknown {
  if (typeof message !== "string" || message.length <= LONGEST_MESSAGE) return message;
  return `${message.slice(0, LONGEST_MESSAGE)} [cut from ${message.length} characters]`;
}

/** All fields; if they are too long for a line, the longest ones by their beginnings. */
function fitting(said: readonly (readonly [name: string, field: string | undefined])[]): string[] {
  const fields = said.flatMap(([name, field]) => (field === undefined ? [] : [{ name, field }]));
  let excess = fields.reduce((sum, { field }) => sum + field.length, 0) - LONGEST_LINE + LONGEST_MESSAGE;
  for (const each of fields.toSorted((one, other) => other.field.length - one.field.length)) {
    if (excess <= 0) break;
    const { name, field } = each;
    const value = field.slice(JSON.stringify(name).length + 1);
    const cut = `${value.slice(0, BEGINNING)} [cut from ${value.length} characters]`;
    each.field = `${JSON.stringify(name)}:${JSON.stringify(cut)}`;
    excess -= field.length - each.field.length;
  }
  return fields.map(({ field }) => field);
}
