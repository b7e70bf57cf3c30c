/**
 * Values as DynamoDB's document client takes them, checked and measured without calling it: what it can't store would otherwise show in
 * the middle of a write, and only on the real table.
 */
import { InvalidTransactionError } from "./errors.js";

/**
 * About what DynamoDB counts for the attributes of an item: text as UTF-8, a number as half its digits, 3 bytes for a list or map and 1
 * for each of its members. An attribute that is `undefined` or a function is left out by the client, and counts nothing.
 * @param where for people: whose attributes these are
 * @throws InvalidTransactionError for a value that DynamoDB can't hold
 */
export function attributesBytes(attributes: Readonly<Record<string, unknown>>, where: string): number {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined && typeof value !== "function")
    .reduce(
      (sum, [name, value]) =>
        sum + Buffer.byteLength(name) + bytesOf(value, `${where}, attribute "${name}",`),
      3,
    );
}

function bytesOf(value: unknown, where: string): number {
  if (value === null) return 1;
  switch (typeof value) {
    case "string":
      return Buffer.byteLength(value);
    case "boolean":
      return 1;
    case "bigint":
      return numberBytes(value);
    case "number":
      if (Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return numberBytes(value);
      throw unstorable(where, `the number ${value}. Pass a whole number beyond 2^53 as a bigint.`);
    case "object":
      return objectBytes(value, where);
    default:
      throw unstorable(where, `${value === undefined ? "undefined" : `a ${typeof value}`}. Leave it out.`);
  }
}

function objectBytes(value: object, where: string): number {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
  if (value instanceof Set && value.size === 0) throw unstorable(where, "an empty Set. Leave it out.");
  const inside = (members: readonly unknown[]): number =>
    members.reduce<number>((sum, member) => sum + 1 + bytesOf(member, where), 3);
  if (Array.isArray(value)) return inside(value);
  if (value instanceof Set) return inside([...value]);
  if (value instanceof Map) return inside([...value].flat());
  const name = value.constructor?.name;
  if (name === undefined || name === "Object")
    return inside(Object.entries(value).flatMap((entry) => (typeof entry[1] === "function" ? [] : entry)));
  // The document client's own, for numbers that JavaScript has no type for.
  if (name === "NumberValue" && "value" in value) return numberBytes(String(value.value));
  throw unstorable(where, `an instance of ${name}. Pass text, a number or a plain object instead.`);
}

function numberBytes(value: string | number | bigint): number {
  return Math.ceil(String(value).length / 2) + 1;
}

function unstorable(where: string, found: string): InvalidTransactionError {
  return new InvalidTransactionError(`${where} is or holds what DynamoDB can't store: ${found}`);
}
