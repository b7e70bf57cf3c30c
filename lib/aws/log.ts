/**
 * The log: one JSON object a line, so that CloudWatch Logs Insights finds its fields and a person can still read it.
 *
 * Lines go to stdout and not through `console`, whose every line Lambda's runtime would wrap into a JSON object of its own where the
 * function's log format is JSON. It takes lines that are JSON as they are, and filters them by their `level` as long as they carry a
 * `timestamp`.
 */
import { ownOf } from "../model/own.js";
import type { LogLevel } from "../replay/logger.js";
import type { Log } from "../runtime/outside.js";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Lambda's levels that are not ours. */
const OTHER_NAMES: Readonly<Record<string, LogLevel>> = { trace: "debug", fatal: "error" };

export interface LogOptions {
  /** Lines below it are not written: see {@link logLevelIn}. `info` when absent or unknown, since a typo must not silence errors. */
  readonly level?: string | undefined;
  readonly now?: () => number;
  readonly write?: (line: string) => void;
}

/** `HOLDFAST_LOG_LEVEL`, which the construct sets; else the level that the function's own logging configuration asks for. */
export function logLevelIn(variables: Readonly<Record<string, string | undefined>>): string | undefined {
  return variables.HOLDFAST_LOG_LEVEL ?? variables.AWS_LAMBDA_LOG_LEVEL;
}

export function jsonLog(options: LogOptions = {}): Log {
  const threshold = LEVELS.indexOf(levelNamed(options.level ?? "info"));
  const now = options.now ?? Date.now;
  const write = options.write ?? ((line: string) => void process.stdout.write(line));
  return {
    write(level, message, fields = {}) {
      if (LEVELS.indexOf(level) < threshold) return;
      write(`${lineOf(level, message, fields, now())}\n`);
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
): string {
  const line = { timestamp: new Date(at).toISOString(), level, message };
  try {
    return JSON.stringify({ ...line, ...fields, ...line }, shown);
  } catch (error) {
    return JSON.stringify({ ...line, unloggable: String(error) });
  }
}

function shown(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { ...value, name, message, stack, ...(cause === undefined ? {} : { cause }) };
}
