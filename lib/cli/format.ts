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

/** Those in a text without their year and seconds: 01-31 17:05. */
export function shortInstants(text: string): string {
  return text.replaceAll(/\b\d{4}-(\d\d-\d\d \d\d:\d\d):\d\d\b/g, "$1");
}

const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
];

/** How long, in its two largest units: `2d 3h`, `40s`. */
export function shownSpan(ms: number): string {
  let left = Math.max(0, Math.round(ms / 1_000)) * 1_000;
  const parts: string[] = [];
  for (const [unit, length] of UNITS) {
    const many = Math.floor(left / length);
    if (many > 0) parts.push(`${many}${unit}`);
    else if (parts.length > 0) break;
    left -= many * length;
  }
  return parts.slice(0, 2).join(" ") || "0s";
}

/** `in 2h 5m`, or `40s ago`. */
export function fromNow(ms: number): string {
  return ms >= 0 ? `in ${shownSpan(ms)}` : `${shownSpan(-ms)} ago`;
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
