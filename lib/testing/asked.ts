/** What two runs of one workflow's code asked for, compared. */
import { isDeepStrictEqual } from "node:util";
import type { Ask } from "./surround.js";

/**
 * The first place at which they part, in words, or undefined.
 * @param many `"so-far"` when the run that was replayed may have been stopped before it asked for all
 */
export function firstDifference(
  turn: readonly Ask[],
  replayed: readonly Ask[],
  many: "so-far" | "in-all",
): string | undefined {
  const end =
    many === "in-all" ? Math.max(turn.length, replayed.length) : Math.min(turn.length, replayed.length);
  for (let index = 0; index < end; index++) {
    const [before, after] = [turn[index], replayed[index]];
    if (before !== undefined && after !== undefined && isSame(before, after)) continue;
    const where = index === 0 ? "first" : `after ${worded(turn[index - 1])}`;
    const [one, other] =
      worded(before) === worded(after) ? [inFull(before), inFull(after)] : [worded(before), worded(after)];
    return `${where} it asked for ${one} and, replayed, for ${other}`;
  }
  return undefined;
}

function isSame(one: Ask, other: Ask): boolean {
  return (
    one.method === other.method &&
    one.args.length === other.args.length &&
    one.args.every((arg, index) => isSameArgument(arg, other.args[index]))
  );
}

function isSameArgument(one: unknown, other: unknown): boolean {
  return one === other || isDeepStrictEqual(comparable(one, 0), comparable(other, 0));
}

/** Deeper than any options, and than what can be stored anyway. */
const DEEPEST = 100;

const PLAIN_VALUES = [Date, Map, Set, URL, RegExp, Uint8Array];

/** Only data: code is made anew by every run and says nothing, and a declared event or workflow is the one of its name. */
function comparable(value: unknown, depth: number): unknown {
  if (typeof value === "function") return "code";
  if (typeof value !== "object" || value === null || depth > DEEPEST) return value;
  if (Array.isArray(value)) return value.map((item) => comparable(item, depth + 1));
  if ("kind" in value && "name" in value && typeof value.kind === "string") return [value.kind, value.name];
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, comparable(item, depth + 1)]));
  }
  return PLAIN_VALUES.some((type) => value instanceof type) ? value : value.constructor?.name;
}

function worded(ask: Ask | undefined): string {
  if (ask === undefined) return "nothing more";
  const [first] = ask.args;
  if (first === undefined) return `ctx.${ask.method}()`;
  const name =
    typeof first === "object" && first !== null && "kind" in first && "name" in first ? first.name : first;
  const text = typeof name === "function" ? "…" : (JSON.stringify(name) ?? String(name));
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return ask.method === "step" ? `step ${shown}` : `ctx.${ask.method}(${shown})`;
}

function inFull(ask: Ask | undefined): string {
  const args = (ask?.args ?? []).map((arg) => JSON.stringify(comparable(arg, 0)));
  return `ctx.${ask?.method}(${args.join(", ")})`;
}
