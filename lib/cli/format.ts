/** How instants, values and statuses look on the screen. */
import { plain } from "../model/plain.js";
import type { ExecutionStatus } from "../model/status.js";
import type { Colors } from "./terminal.js";

/** Local time to the second, the way that people file things: 2026-01-31 17:05:09. */
export function shownInstant(at: Date | number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** One line of JSON. */
export function shownValue(value: unknown): string {
  return value === undefined ? "undefined" : (JSON.stringify(plain(value)) ?? String(value));
}

/** Machine-readable: the same JSON whatever the terminal. */
export function json(value: unknown): string {
  return JSON.stringify(plain(value), null, 2) ?? "null";
}

export function painted(colors: Colors, status: ExecutionStatus | string, text: string = status): string {
  switch (status) {
    case "completed":
      return colors.green(text);
    case "failed":
    case "terminated":
      return colors.red(text);
    case "stalled":
    case "cancelled":
    case "compensating":
      return colors.yellow(text);
    case "running":
      return colors.cyan(text);
    default:
      return text;
  }
}
