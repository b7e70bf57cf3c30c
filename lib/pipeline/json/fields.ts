/** Reads the fields of an object that came as JSON, and notes of each what is wrong with it. */
import { isShortText } from "../../model/ids.js";
import { shown } from "../../model/shown.js";
import type { PipelineIssue } from "../errors.js";
import { isObject, type Json, type JsonObject } from "../json-value.js";
import { pathTo } from "./plain-json.js";

/** Names are in keys, in labels and in every record of a history. */
const LONGEST_NAME_BYTES = 256;

/** An absent field, and one that is null, is undefined; and so is one that is wrong, which was noted. */
export class Fields {
  readonly #taken = new Set<string>();

  constructor(
    readonly written: JsonObject,
    readonly path: string,
    readonly issues: PipelineIssue[],
  ) {}

  /** Undefined for what is no object, which is noted. */
  static of(found: Json, path: string, issues: PipelineIssue[]): Fields | undefined {
    if (isObject(found)) return new Fields(found, path, issues);
    issues.push({ path, message: `expected an object, found ${shown(found)}` });
    return undefined;
  }

  take<Value>(name: string, expected: string, read: (found: Json) => Value | undefined): Value | undefined {
    this.#taken.add(name);
    const found = Object.hasOwn(this.written, name) ? (this.written[name] ?? null) : null;
    if (found === null) return undefined;
    const value = read(found);
    if (value === undefined) this.note(name, `expected ${expected}, found ${shown(found)}`);
    return value;
  }

  /** @param otherwise instead of one that is absent or wrong. Where there is none, an absent one is noted */
  required<Value>(
    name: string,
    expected: string,
    read: (found: Json) => Value | undefined,
    otherwise: Value,
  ): Value {
    const noted = this.issues.length;
    const value = this.take(name, expected, read);
    if (value === undefined && this.issues.length === noted)
      this.note(name, `expected ${expected}, found nothing`);
    return value ?? otherwise;
  }

  /** Of an object that a field holds. */
  inside<Value>(name: string, read: (fields: Fields) => Value): Value | undefined {
    const found = this.take(name, "an object", (value) => (isObject(value) ? value : undefined));
    return found === undefined ? undefined : read(new Fields(found, this.at(name), this.issues));
  }

  /** Of a list that a field holds. What `read` gives undefined for is left out. */
  list<Value>(name: string, read: (found: Json, path: string) => Value | undefined): Value[] | undefined {
    const found = this.take(name, "a list", (value): readonly Json[] | undefined =>
      Array.isArray(value) ? value : undefined,
    );
    return found?.flatMap((item, index) => {
      const value = read(item, pathTo(this.at(name), index));
      return value === undefined ? [] : [value];
    });
  }

  flag(name: string, otherwise: boolean): boolean {
    return (
      this.take(name, "true or false", (found) => (typeof found === "boolean" ? found : undefined)) ??
      otherwise
    );
  }

  name(name: string, mostBytes = LONGEST_NAME_BYTES): string | undefined {
    return this.take(name, ...nameOf(mostBytes));
  }

  requiredName(name: string, mostBytes = LONGEST_NAME_BYTES): string {
    return this.required(name, ...nameOf(mostBytes), "");
  }

  /** A whole number within bounds, both included. */
  count(name: string, from: number, to: number): number | undefined {
    return this.take(name, `a whole number from ${from} to ${to}`, (found) =>
      typeof found === "number" && Number.isInteger(found) && found >= from && found <= to
        ? found
        : undefined,
    );
  }

  oneOf<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    return this.take(name, `one of ${words.join(", ")}`, (found) => words.find((word) => word === found));
  }

  note(name: string, message: string): void {
    this.issues.push({ path: this.at(name), message });
  }

  at(name: string): string {
    return pathTo(this.path, name);
  }

  /** What nobody has asked for. */
  rest(): JsonObject {
    return Object.fromEntries(Object.entries(this.written).filter(([name]) => !this.#taken.has(name)));
  }
}

function nameOf(mostBytes: number): [string, (found: Json) => string | undefined] {
  return [`text of 1 to ${mostBytes} bytes`, (found) => (isShortText(found, mostBytes) ? found : undefined)];
}
