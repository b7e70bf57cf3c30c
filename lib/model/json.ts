/** JSON as a type. */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `Array.isArray`, which alone would forget that a JSON array is read-only and typed. */
export const isArray = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
