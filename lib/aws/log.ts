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

/** Ours come first, and a field of the same name never replaces them. One that JSON can't say must not cost the line. */
function lineOf(
  level: LogLevel,
  message: string,
  fields: Readonly<Record<string, unknown>>,
  at: number,
  isHidden: IsHidden,
): string {
  const line = { timestamp: new Date(at).toISOString(), level, message };
  try {
    return JSON.stringify({ ...line, ...fields, ...line }, (name, value: unknown) =>
      value !== undefined && isHidden(name) ? REDACTED : shown(value),
    );
  } catch (error) {
    // No more than its name: what can't be said may be said in its message.
    return JSON.stringify({ ...line, unloggable: error instanceof Error ? error.name : typeof error });
  }
}

function shown(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { ...value, name, message, stack, ...(cause === undefined ? {} : { cause }) };
}
