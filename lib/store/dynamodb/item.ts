/** Items as the document client gives them, read without trust: what does not fit is an error that names the item and the attribute. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { CorruptHistoryError } from "../../model/errors.js";
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

  number(name: string): number {
    return this.optionalNumber(name) ?? this.#refuse(name, "a number");
  }

  optionalNumber(name: string): number | undefined {
    const found = this.#item[name];
    return found === undefined || typeof found === "number" ? found : this.#refuse(name, "a number");
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

  /**
   * JSON that this project wrote into the attribute. Its form is the writer's promise: what is checked is that it can be read at all, and
   * is a list where a list is expected.
   */
  json<T>(name: string): T {
    return this.parse(name, this.#packedText(name) ?? this.#refuse(name, "text"));
  }

  list<T>(name: string): T[] {
    const text = this.#packedText(name);
    if (text === undefined) return [];
    const found: unknown = this.parse(name, text);
    return Array.isArray(found) ? found : this.#refuse(name, "a JSON list");
  }

  parse<T>(name: string, text: string): T {
    try {
      return JSON.parse(text);
    } catch {
      return this.#refuse(name, "JSON");
    }
  }

  /** JSON's text, whether it was compressed or not. */
  #packedText(name: string): string | undefined {
    const found = this.#item[name];
    return found === undefined
      ? undefined
      : (unpacked(found) ?? this.#refuse(name, "text or compressed text"));
  }

  #refuse(name: string, expected: string): never {
    const { pk, sk, [name]: found } = this.#item;
    const shown = found === undefined ? "nothing" : String(JSON.stringify(found)).slice(0, 100);
    throw new CorruptHistoryError(
      String(pk),
      `in the item pk "${String(pk)}", sk "${String(sk)}", the attribute "${name}" should be ${expected}, and is ${shown}`,
    );
  }
}

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
