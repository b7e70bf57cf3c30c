/** Items as the document client gives them, read without trust: what does not fit is an error that names the item and the attribute. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { CorruptHistoryError } from "../../model/errors.js";
import type { Check } from "../../model/forms.js";
import { kindOf, shown } from "../../model/shown.js";
import { type EpochMs, isInstant } from "../../model/time.js";
import { LARGEST_SLOT } from "./keys.js";
import { unpacked } from "./packed.js";

export type Item = Readonly<Record<string, unknown>>;

/** Reads the attributes of one item. */
export class ItemReader {
  readonly #item: Item;

  constructor(item: Item) {
    this.#item = item;
  }

  text(name: string): string {
    return this.optionalText(name) ?? this.#refuse(name, "text");
  }

  optionalText(name: string): string | undefined {
    const found = this.#item[name];
    return found === undefined || typeof found === "string" ? found : this.#refuse(name, "text");
  }

  /** The place of a commit. No execution has nearly as many, and gaps before a larger one would be told one by one. */
  slot(name: string): number {
    const slot = this.count(name);
    return slot <= LARGEST_SLOT ? slot : this.#refuse(name, `at most ${LARGEST_SLOT}`);
  }

  /** A whole number from 0 upward. */
  count(name: string): number {
    return this.optionalCount(name) ?? this.#refuse(name, A_COUNT);
  }

  optionalCount(name: string): number | undefined {
    const found = this.#item[name];
    if (found === undefined) return undefined;
    return typeof found === "number" && Number.isSafeInteger(found) && found >= 0
      ? found
      : this.#refuse(name, A_COUNT);
  }

  /** Any number at all: the key of an index, by which a damaged item stands among others. */
  number(name: string): number {
    const found = this.#item[name];
    return typeof found === "number" || typeof found === "bigint"
      ? Number(found)
      : this.#refuse(name, "a number");
  }

  time(name: string): EpochMs {
    return this.optionalTime(name) ?? this.#refuse(name, A_TIME);
  }

  optionalTime(name: string): EpochMs | undefined {
    const found = this.#item[name];
    return found === undefined || isInstant(found) ? found : this.#refuse(name, A_TIME);
  }

  optionalFlag(name: string): boolean | undefined {
    const found = this.#item[name];
    return found === undefined || typeof found === "boolean" ? found : this.#refuse(name, "true or false");
  }

  /** Text that is one of a few words. */
  word<T extends string>(name: string, words: readonly T[]): T {
    const found = this.#item[name];
    return words.find((word) => word === found) ?? this.#refuse(name, `one of ${words.join(", ")}`);
  }

  /** Text of some of a few words, a space between them. */
  words<T extends string>(name: string, words: readonly T[]): readonly T[] {
    const found = this.optionalText(name)?.split(" ") ?? [];
    const known = words.filter((word) => found.includes(word));
    return known.length === found.length ? known : this.#refuse(name, `some of ${words.join(", ")}`);
  }

  /** Text or bytes, as they are. */
  content(name: string): string | Uint8Array {
    const found = this.#item[name];
    return typeof found === "string" || found instanceof Uint8Array
      ? found
      : this.#refuse(name, "text or bytes");
  }

  /** The attributes of a map; undefined when it is not there. */
  map(name: string): ItemReader | undefined {
    const found = this.#item[name];
    if (found === undefined) return undefined;
    if (!isItem(found)) return this.#refuse(name, "a map");
    return new ItemReader({ ...found, pk: this.#item.pk, sk: this.#item.sk });
  }

  /** The texts of a map, by their names. */
  texts(name: string): [string, string][] {
    const found = this.#item[name] ?? {};
    if (!isItem(found)) return this.#refuse(name, "a map");
    return Object.entries(found).map(([key, value]) => [
      key,
      typeof value === "string" ? value : this.#refuse(name, "a map of texts"),
    ]);
  }

  /** JSON that this project wrote into the attribute. `check` is of the form of a `T`. */
  json<T>(name: string, check: Check): T {
    return this.parse(name, this.#packedText(name) ?? this.#refuse(name, "text"), check);
  }

  /** Empty where there is none. `check` is of the form of the whole list. */
  list<T>(name: string, check: Check): T[] {
    const text = this.#packedText(name);
    return text === undefined ? [] : this.parse(name, text, check);
  }

  parse<T>(name: string, text: string, check: Check): T {
    let found: T;
    try {
      found = JSON.parse(text);
    } catch {
      return this.#refuse(name, "JSON");
    }
    const wrong = check(found);
    return wrong === undefined ? found : this.refuse(name, wrong);
  }

  /** @param wrong the rest of a sentence about the attribute */
  refuse(name: string, wrong: string): never {
    const { pk, sk } = this.#item;
    throw new CorruptHistoryError(
      textIn(pk),
      `in the item pk "${textIn(pk)}", sk "${textIn(sk)}", the attribute "${name}" ${wrong}`,
    );
  }

  /** JSON's text, whether it was compressed or not. */
  #packedText(name: string): string | undefined {
    const found = this.#item[name];
    return found === undefined
      ? undefined
      : (unpacked(found) ?? this.#refuse(name, "text or compressed text"));
  }

  #refuse(name: string, expected: string): never {
    const found = this.#item[name];
    return this.refuse(name, `should be ${expected}, and is ${kindOf(found)}`);
  }
}

const A_COUNT = "a whole number from 0 upward";
const A_TIME = "a time in milliseconds";

function textIn(key: unknown): string {
  return typeof key === "string" && key.length <= LONGEST_KEY_SHOWN ? key : shown(key);
}

const LONGEST_KEY_SHOWN = 500;

/** An item in DynamoDB's own notation (a stream image, a refused condition's item) as the document client would give it. */
export function plainItem(image: Readonly<Record<string, AttributeValue>>): Item {
  return Object.fromEntries(Object.entries(image).map(([name, value]) => [name, plainValue(value)]));
}

function plainValue(value: AttributeValue): unknown {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return plainNumber(value.N);
  if (value.M !== undefined) return plainItem(value.M);
  if (value.L !== undefined) return value.L.map(plainValue);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.B !== undefined) return value.B;
  if (value.SS !== undefined) return new Set(value.SS);
  if (value.NS !== undefined) return new Set(value.NS.map(plainNumber));
  if (value.BS !== undefined) return new Set(value.BS);
  return value.NULL === true ? null : undefined;
}

/** Whole numbers that a double can't hold exactly become BigInt, as the document client has it. */
function plainNumber(text: string): number | bigint {
  const number = Number(text);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(number) ? BigInt(text) : number;
}

function isItem(found: unknown): found is Item {
  return typeof found === "object" && found !== null && !Array.isArray(found);
}
