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
    return `${where} it asked for ${worded(before)} and, replayed, for ${worded(after)}`;
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

/** Code is not compared, and neither is what is inside of a definition: an event is the one of its name. */
function isSameArgument(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null)
    return typeof one === "function" && typeof other === "function";
  return isDeepStrictEqual(withoutCode(one), withoutCode(other));
}

function withoutCode(value: object): unknown {
  if ("kind" in value && "name" in value) return [value.kind, value.name];
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype) return value;
  const data = Object.entries(value).filter(([, item]) => typeof item !== "function");
  return Object.fromEntries(data);
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
