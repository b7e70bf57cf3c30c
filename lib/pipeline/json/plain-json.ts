/** What a caller hands over becomes JSON of our own: copied, whole, and free of what could do harm later. */
import { shown } from "../../model/shown.js";
import type { PipelineIssue } from "../errors.js";
import type { Json } from "../json-value.js";

/** Deeper than anybody writes, and within every stack. */
const DEEPEST = 100;

/** Objects, lists, texts and numbers in all. */
const MOST_VALUES = 100_000;

/** A key that reads as the prototype of whatever it is put into. */
const FORBIDDEN = "__proto__";

export type Plain = { readonly value: Json } | { readonly issues: readonly PipelineIssue[] };

/**
 * A copy of a value that is JSON. Keys whose value is undefined are left out, as `JSON.stringify` does. Never throws: getters that do are an
 * issue, and so are a circle, more than 100 levels, more than 100,000 values, and the key `__proto__`.
 */
export function plainJson(found: unknown): Plain {
  const copier = new Copier();
  const value = copier.copy(found, "", []);
  return copier.issues.length > 0 ? { issues: copier.issues } : { value };
}

/** Of a part, as it is written in code: `stages[2].requisiteStageRefIds[0]`. */
export function pathTo(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}[${shown(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

class Copier {
  readonly issues: PipelineIssue[] = [];
  #left = MOST_VALUES;

  copy(found: unknown, path: string, around: readonly object[]): Json {
    this.#left -= 1;
    if (this.#left < 0) {
      if (this.#left === -1) this.#refuse(path, `expected at most ${MOST_VALUES} values in all, found more`);
      return null;
    }
    if (found === null || typeof found === "boolean" || typeof found === "string") return found;
    if (typeof found === "number" && Number.isFinite(found)) return found;
    if (typeof found !== "object") return this.#refuse(path, `expected JSON, found ${wordFor(found)}`);
    if (around.includes(found)) return this.#refuse(path, "expected JSON, found an object that holds itself");
    if (around.length >= DEEPEST) return this.#refuse(path, `expected at most ${DEEPEST} levels, found more`);
    try {
      if (Array.isArray(found)) return this.#list(found, path, [...around, found]);
      const prototype: unknown = Object.getPrototypeOf(found);
      if (prototype === null || Object.getPrototypeOf(prototype) === null)
        return this.#object(found, path, [...around, found]);
    } catch {
      return this.#refuse(path, "expected JSON, found an object that can't be read");
    }
    return this.#refuse(path, "expected JSON, found an object of a class of its own");
  }

  #list(found: readonly unknown[], path: string, around: readonly object[]): Json {
    const copies: Json[] = [];
    for (let index = 0; index < found.length && this.#left >= 0; index += 1)
      copies.push(this.copy(found[index], pathTo(path, index), around));
    return copies;
  }

  #object(found: object, path: string, around: readonly object[]): Json {
    const copies: [string, Json][] = [];
    for (const key of Object.keys(found)) {
      if (this.#left < 0) break;
      const value: unknown = Reflect.get(found, key);
      if (key === FORBIDDEN) this.#refuse(pathTo(path, key), `expected another key than ${FORBIDDEN}`);
      else if (value !== undefined) copies.push([key, this.copy(value, pathTo(path, key), around)]);
    }
    return Object.fromEntries(copies);
  }

  #refuse(path: string, message: string): null {
    this.issues.push({ path, message });
    return null;
  }
}

function wordFor(found: unknown): string {
  return typeof found === "function" || typeof found === "symbol" ? `a ${typeof found}` : shown(found);
}
