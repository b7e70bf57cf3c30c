/** Typed reading of JSON that somebody else wrote. */
import { isArray, isObject, type Json, type JsonObject } from "../model/json.js";

export { isArray, isObject, type Json, type JsonObject };

export const parseJson = (text: string): Json => JSON.parse(text);

/** Like `parseJson`, for text that need not be JSON. */
export const tryParseJson = (text: string): Json | undefined => {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
};

/**
 * Reads the fields of an object whose writer we do not trust: a request or a template. A field of the
 * wrong type is refused with the error that the caller supplies, so that each protocol speaks its own.
 * Numbers and booleans may come as strings, which CloudFormation allows and CDK sometimes writes.
 */
export class Fields {
  constructor(
    readonly value: JsonObject,
    private readonly refuse: (message: string) => Error,
    private readonly path = "",
  ) {}

  has(key: string): boolean {
    return this.value[key] !== undefined && this.value[key] !== null;
  }

  get(key: string): Json | undefined {
    const value = this.value[key];
    return value === null ? undefined : value;
  }

  string(key: string): string | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === "string") return value;
    throw this.wrong(key, "a string", value);
  }

  number(key: string): number | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === "number") return value;
    if (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
    throw this.wrong(key, "a number", value);
  }

  boolean(key: string): boolean | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === "boolean") return value;
    if (value === "true" || value === "false") return value === "true";
    throw this.wrong(key, "true or false", value);
  }

  object(key: string): Fields | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (isObject(value)) return new Fields(value, this.refuse, this.name(key));
    throw this.wrong(key, "an object", value);
  }

  list(key: string): readonly Json[] {
    const value = this.get(key);
    if (value === undefined) return [];
    if (isArray(value)) return value;
    throw this.wrong(key, "a list", value);
  }

  strings(key: string): string[] {
    return this.list(key).map((value) => {
      if (typeof value === "string") return value;
      throw this.wrong(key, "a list of strings", value);
    });
  }

  objects(key: string): Fields[] {
    return this.list(key).map((value, index) => {
      if (isObject(value)) return new Fields(value, this.refuse, `${this.name(key)}[${index}]`);
      throw this.wrong(key, "a list of objects", value);
    });
  }

  require<T>(key: string, value: T | undefined): T {
    if (value !== undefined) return value;
    throw this.refuse(`${this.name(key)} is missing, and it is required.`);
  }

  private name(key: string): string {
    return this.path === "" ? key : `${this.path}.${key}`;
  }

  private wrong(key: string, expected: string, found: Json): Error {
    return this.refuse(`${this.name(key)} must be ${expected}, and was ${JSON.stringify(found)}.`);
  }
}
