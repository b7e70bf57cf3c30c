/**
 * Rubbish, in two kinds: out of nothing ({@link json}, {@link anything}), and, which finds more, valid things with something wrong
 * ({@link damaged}, {@link damagedText}).
 */
import type { Dice } from "./dice.js";

/** Names that mean something to JavaScript, to the codec, or to us. */
const NAMES = [
  ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "then", "toJSON", "length", ""],
  ...[
    "$error",
    "$date",
    "$bigint",
    "$url",
    "$regexp",
    "$map",
    "$set",
    "$bytes",
    "$object",
    "$payload",
    "$new",
  ],
  ...["id", "kind", "type", "at", "op", "name", "data", "message"],
] as const;

const TEXTS = [
  ...["", " ", "0", "-1", "1.5", "NaN", "Infinity", "10n", "true", "null", "undefined", "[]", "{}"],
  ...[
    "\u0000",
    "\u001b[31m",
    "\ud800",
    "a\udfffb",
    "e\u0301",
    "\u00e9",
    "\u202eabc",
    "😀",
    "\ufeff",
    "\n",
    "\r\n",
  ],
  ...["__proto__", "constructor", "../../etc/passwd", "<aws.scheduler.scheduled-time>", "#", "a#b"],
  ...[
    "9999-99-99T99:99:99Z",
    "+275760-09-13T00:00:00.001Z",
    "-271821-04-19T23:59:59.999Z",
    "2026-01-31",
    "1e400s",
  ],
] as const;

const NUMBERS = [
  ...[0, -0, 1, -1, 0.5, -1.5, 1e21, -1e21, 1e308, 5e-324, 2 ** 31, 2 ** 53, 2 ** 53 + 2, -(2 ** 53)],
  ...[8.64e15, 8.64e15 + 1, -8.64e15 - 1, 255, 256, 901, 100_000],
] as const;

/** Long beyond every limit of an id, a name or a key; not so long that a run spends its time on copying it. */
export const LONG = 5_000;

/** Deeper than any stack of JavaScript is. */
export const DEEP = 20_000;

/** A value that JSON can say. */
export function json(dice: Dice, depth = 0): unknown {
  switch (dice.below(depth > 3 ? 6 : 9)) {
    case 0:
      return dice.pick([null, true, false]);
    case 1:
    case 2:
      return dice.pick(NUMBERS);
    case 3:
    case 4:
      return dice.pick(TEXTS);
    case 5:
      return dice.percent(20) ? dice.pick(["x", "é", "\ud83d", "__proto__."]).repeat(LONG) : "ok";
    case 6:
      return Array.from({ length: dice.below(4) }, () => json(dice, depth + 1));
    default:
      return record(Array.from({ length: dice.below(4) }, () => [dice.pick(NAMES), json(dice, depth + 1)]));
  }
}

/** A value that a caller in JavaScript can give. */
export function anything(dice: Dice): unknown {
  if (dice.percent(40)) return json(dice);
  const cycle: Record<string, unknown> = { kind: "cycle" };
  cycle.self = cycle;
  const holey: unknown[] = [];
  holey[3] = "sparse";
  return dice.pick<() => unknown>([
    () => undefined,
    () => Number.NaN,
    () => Number.POSITIVE_INFINITY,
    () => -0,
    () => 10n ** 30n,
    () => Symbol("rubbish"),
    () => () => "a function",
    () => new Date(Number.NaN),
    () => new Date(8.64e15),
    () => cycle,
    () => holey,
    () => Object.create(null),
    () => Object.create({ id: "inherited", name: "inherited" }),
    () => throwing("toString"),
    () => throwing("toJSON"),
    () => throwing("id"),
    () => new Map<unknown, unknown>([[{}, new Set([1])]]),
    () => new Set(["a"]),
    () => new Uint8Array(3),
    () => new (class Odd {})(),
    () => new Error("rubbish"),
    () => Promise.resolve("late"),
    () => nested(DEEP),
    () => new Array(100_000).fill(0),
    () => "x".repeat(2_000_000),
    () => [],
    () => [null],
  ])();
}

function throwing(name: string): object {
  return Object.defineProperty({}, name, {
    enumerable: true,
    get: () => {
      throw new Error("a getter that throws");
    },
  });
}

function nested(depth: number): unknown {
  let value: unknown = "bottom";
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { value };
  return value;
}

/** Where something can be damaged: the object that holds it, and its name there. */
interface Place {
  readonly holder: object;
  readonly key: string;
  readonly path: string;
}

/** A copy of what JSON can say, with one thing wrong, in seldom cases several. */
export function damaged<T>(dice: Dice, valid: T, allowed: (path: string) => boolean = () => true): unknown {
  const root = { value: copied(valid) };
  for (let times = dice.percent(85) ? 1 : 3; times > 0; times--) {
    const places = placesIn(root).filter(({ path }) => allowed(path));
    if (places.length > 0) damageAt(dice, dice.pick(places));
  }
  return root.value;
}

function damageAt(dice: Dice, { holder, key }: Place): void {
  const found: unknown = Reflect.get(holder, key);
  const put = (value: unknown): void => define(holder, key, value);
  switch (dice.below(10)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else Reflect.deleteProperty(holder, key);
      return;
    case 1:
      return put(null);
    case 2:
      return put(otherType(dice, found));
    case 3:
      return put(cut(dice, found));
    case 4:
      if (Array.isArray(found)) return void found.push(json(dice));
      if (typeof found === "object" && found !== null) return define(found, dice.pick(NAMES), json(dice));
      return put(json(dice));
    case 5:
      return put(dice.pick(NUMBERS));
    case 6:
      return put(dice.pick(TEXTS));
    case 7:
      return put(`${typeof found === "string" ? found : ""}${"y".repeat(LONG)}`);
    case 8:
      if (Array.isArray(holder)) holder.push(copied(found));
      else define(holder, `${key}${dice.pick(["", "2", " "])}`, json(dice));
      return;
    default:
      return put(json(dice));
  }
}

function otherType(dice: Dice, found: unknown): unknown {
  if (typeof found === "string") return dice.pick([Number(found), [found], { value: found }, true]);
  if (typeof found === "number")
    return dice.pick([String(found), -found, found + 0.5, [found], found * 1e15]);
  if (Array.isArray(found)) return dice.pick([found[0] ?? null, { ...found }, "list", found.length]);
  if (typeof found === "object" && found !== null)
    return dice.pick([Object.keys(found), "object", [found], 1]);
  return dice.pick([0, "false", []]);
}

function cut(dice: Dice, found: unknown): unknown {
  if (typeof found === "string") return found.slice(0, dice.below(found.length + 1));
  if (Array.isArray(found)) return found.slice(0, dice.below(found.length + 1));
  return typeof found === "number" ? Math.floor(found / 1_000) : {};
}

function placesIn(from: object, path = ""): Place[] {
  return Object.keys(from).flatMap((key): Place[] => {
    const value: unknown = Reflect.get(from, key);
    const here = path === "" ? key : `${path}.${key}`;
    const inside = typeof value === "object" && value !== null ? placesIn(value, here) : [];
    return [{ holder: from, key, path: here }, ...inside];
  });
}

/** Text that should have been this JSON. */
export function damagedText(dice: Dice, valid: unknown): string {
  const whole = JSON.stringify(dice.percent(70) ? damaged(dice, valid) : valid) ?? "";
  switch (dice.below(16)) {
    case 0:
      return whole.slice(0, dice.below(whole.length));
    case 1: {
      const at = dice.below(whole.length);
      return `${whole.slice(0, at)}${dice.pick(TEXTS)}${whole.slice(at + dice.below(3))}`;
    }
    case 2:
      return dice.pick(TEXTS);
    case 3:
      return JSON.stringify(json(dice)) ?? "";
    case 4:
      return whole.replace(
        "{",
        `{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},`,
      );
    case 5:
      return dice.percent(20) ? whole.replace(/:(?=[^:]*$)/, `:${"[".repeat(DEEP)}`) : "[".repeat(DEEP);
    case 6:
      return dice.percent(30) ? whole.replace(/"[^"]*"(?=[}\]]*$)/, deepText()) : deepText();
    case 7:
      return `\ufeff${whole}`;
    default:
      return whole;
  }
}

/** Valid JSON that no recursion survives. */
function deepText(): string {
  return `${'{"a":['.repeat(DEEP / 2)}1${"]}".repeat(DEEP / 2)}`;
}

/** An object whose keys are its own, `__proto__` too: as `JSON.parse` makes them. */
export function record(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [key, value] of entries) define(object, key, value);
  return object;
}

function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return record(Object.entries(value).map(([key, item]) => [key, copied(item)]));
}
