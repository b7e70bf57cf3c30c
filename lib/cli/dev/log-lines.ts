/** What functions print, made readable: our own JSON lines as a sentence with fields, everything else as it came. */
import type { LogLine } from "../../local/notices.js";
import { shownInstant, shownValue } from "../format.js";
import type { Colors } from "../terminal.js";

/** A function's short name: `HoldfastWorkerFunction1A2B3C4D` is the worker. */
export function shortName(logicalId: string): string {
  const plain = logicalId.replace(/[0-9A-F]{8}$/, "").replace(/(?<=.)Function$/, "");
  return plain.replace(/^.*Holdfast(?=[A-Z])/, "").toLowerCase();
}

const NAME_WIDTH = 8;

export function shownLogLine(line: LogLine, colors: Colors): string {
  const name = colors.dim(shortName(line.logicalId).padEnd(NAME_WIDTH));
  const entry = readEntry(line.text);
  if (entry === undefined) return `${name} ${line.text}`;
  const { timestamp, level, message, ...fields } = entry;
  const clock = colors.dim(shownInstant(new Date(timestamp)).slice(11));
  return `${name} ${clock} ${paintedMessage(level, message, colors)}${shownFields(fields, colors)}`;
}

interface Entry {
  readonly level: string;
  readonly timestamp: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

function readEntry(text: string): Entry | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const found: unknown = JSON.parse(text);
    return isEntry(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(found: unknown): found is Entry {
  return (
    typeof found === "object" &&
    found !== null &&
    ["timestamp", "level", "message"].every((field) => typeof Reflect.get(found, field) === "string")
  );
}

function paintedMessage(level: string, message: string, colors: Colors): string {
  if (level === "error") return colors.red(message);
  return level === "warn" ? colors.yellow(message) : message;
}

function shownFields(fields: Readonly<Record<string, unknown>>, colors: Colors): string {
  const parts = Object.entries(fields).map(
    ([name, value]) => ` ${colors.dim(`${name}=`)}${shownField(value)}`,
  );
  return parts.join("");
}

/** Of an error its name and message: the stack is in `--json` logs for whoever debugs. */
function shownField(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return shownValue(value);
  const name = String(Reflect.get(value, "name") ?? "Error");
  if ("message" in value) return `${name}: ${String(value.message)}`;
  // One whose message may quote what users store is logged without it, and with where it was thrown.
  return Array.isArray(Reflect.get(value, "at")) && "name" in value ? name : shownValue(value);
}
