/** The logs that code is given: every line says whose it is, and no field of the code's own can say otherwise. */
import type { Logger } from "../define/context.js";
import { attemptHere } from "./running-in.js";

export type LogLevel = "debug" | "info" | "warn" | "error";

export type Fields = Readonly<Record<string, unknown>>;

/** Where lines go. */
export interface LogSink {
  write(level: LogLevel, message: string, fields?: Fields): void;
}

/**
 * @param whose the line is, whatever its own fields say
 * @param common to all of this log's lines
 */
export function loggerTo(sink: LogSink, whose: Fields, common: Fields = {}): Logger {
  const write =
    (level: LogLevel) =>
    (message: string, fields?: Fields): void => {
      // Ours come first, and last: they are what a line is looked for by.
      const ours = { ...whose, ...attemptHere() };
      sink.write(level, message, { ...ours, ...common, ...read(fields), ...ours });
    };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (fields) => loggerTo(sink, whose, { ...common, ...read(fields) }),
  };
}

/** JavaScript lets an error through in the fields' place. What throws when it is read must not reach the code that only logs it. */
function read(fields: unknown): Fields {
  if (fields instanceof Error) return { error: fields };
  try {
    return { ...Object(fields) };
  } catch {
    return { fields: "[unloggable]" };
  }
}
