/** The log: one JSON object a line, so that CloudWatch Logs Insights finds its fields and a person can still read it. */
import type { LogLevel } from "../replay/context/site.js";
import type { Log } from "../runtime/outside.js";

const LEVELS: readonly string[] = ["debug", "info", "warn", "error"];

export interface LogOptions {
  /** `HOLDFAST_LOG_LEVEL`; `info` when absent or unknown: a typo must not silence errors. */
  readonly level?: string | undefined;
  readonly now?: () => number;
  readonly write?: (line: string) => void;
}

export function jsonLog(options: LogOptions = {}): Log {
  const wanted = LEVELS.indexOf(options.level?.toLowerCase() ?? "info");
  const threshold = wanted < 0 ? LEVELS.indexOf("info") : wanted;
  const now = options.now ?? Date.now;
  const write = options.write ?? ((line: string) => void process.stdout.write(line));
  return {
    write(level, message, fields = {}) {
      if (LEVELS.indexOf(level) < threshold) return;
      write(`${lineOf(level, message, fields, now())}\n`);
    },
  };
}

/** Fields come after ours and never replace them. A field that JSON can't say must not cost the line. */
function lineOf(
  level: LogLevel,
  message: string,
  fields: Readonly<Record<string, unknown>>,
  at: number,
): string {
  const line = { level, time: new Date(at).toISOString(), message };
  try {
    return JSON.stringify({ ...fields, ...line }, shown);
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
