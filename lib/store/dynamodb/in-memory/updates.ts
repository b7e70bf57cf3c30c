/** Update expressions, as this store writes them: SET of a path to a `:value`, REMOVE of paths, ADD of a number to a path. */
import type { Item } from "../item.js";
import { givenValue, type Meaning, pathOf, valueAt } from "./conditions.js";

/** The item that the update leaves. What it is given is not changed. */
export function updated(item: Item, expression: string, meaning: Meaning): Item {
  let next = item;
  for (const [, clause = "", text = ""] of expression.matchAll(
    /(SET|REMOVE|ADD) (.+?)(?= (?:SET|REMOVE|ADD) |$)/g,
  ))
    for (const part of text.split(",")) next = withPart(next, clause, part.trim(), meaning);
  return next;
}

function withPart(item: Item, clause: string, part: string, meaning: Meaning): Item {
  const [, path = "", value] = /^([#\w.]+)(?:\s*=?\s*(:\w+))?$/.exec(part) ?? [];
  const [first, ...inside] = path === "" ? [] : pathOf(path, meaning);
  if (first === undefined || (value === undefined) !== (clause === "REMOVE"))
    throw new Error(`The tables in memory do not know the update "${clause} ${part}". Teach it to them.`);
  if (value === undefined) return without(item, first, inside);
  const given = givenValue(value, meaning);
  return withValue(
    item,
    first,
    inside,
    clause === "ADD" ? sum(valueAt(item, [first, ...inside]), given) : given,
  );
}

function sum(found: unknown, added: unknown): number {
  return Number(found ?? 0) + Number(added);
}

function withValue(item: Item, name: string, inside: readonly string[], value: unknown): Item {
  const [next, ...rest] = inside;
  return { ...item, [name]: next === undefined ? value : withValue(mapAt(item, name), next, rest, value) };
}

function without(item: Item, name: string, inside: readonly string[]): Item {
  const [next, ...rest] = inside;
  if (next !== undefined) return { ...item, [name]: without(mapAt(item, name), next, rest) };
  const { [name]: _gone, ...others } = item;
  return others;
}

function mapAt(item: Item, name: string): Item {
  const found = item[name];
  if (typeof found === "object" && found !== null) return Object.fromEntries(Object.entries(found));
  throw new Error(`The path of an update goes through "${name}", which is no map of the item.`);
}
