/** How a condition is written: EventBridge's event patterns, typed by the payload that they judge. */
import type { Json } from "../json.js";

/** One test of a value; the local cloud's documentation, and EventBridge's, say what each means. */
export type PatternOperator =
  | { readonly exists: boolean }
  | { readonly prefix: string | { readonly "equals-ignore-case": string } }
  | { readonly suffix: string | { readonly "equals-ignore-case": string } }
  | { readonly "equals-ignore-case": string }
  | { readonly wildcard: string }
  | { readonly "anything-but": Json }
  | { readonly numeric: readonly (string | number)[] }
  | { readonly cidr: string };

type Scalar = string | number | boolean | null;

/** What may stand in a list: values as JSON writes them, and operators. */
type Accepted<Value> =
  | Extract<Value, Scalar>
  | (Extract<Value, Date | URL | bigint> extends never ? never : string)
  | PatternOperator;

type FieldPattern<Value> = unknown extends Value
  ? Json
  : Value extends readonly (infer Item)[]
    ? FieldPattern<Item>
    : Value extends Scalar | undefined | Date | URL | bigint
      ? never
      : Value extends object
        ? EventPattern<Value>
        : never;

/**
 * A condition on a payload. A field holds a list of accepted values and operators (any of them), or the pattern of the object there; all
 * fields must match, and one of `$or`, where it is given.
 */
export type EventPattern<Data = unknown> = unknown extends Data
  ? { readonly [field: string]: Json }
  : {
      readonly [Field in keyof Data]?:
        | FieldPattern<Data[Field]>
        | readonly (Data[Field] extends infer Value
            ? Accepted<Value extends readonly (infer Item)[] ? Item : Value>
            : never)[];
    } & { readonly $or?: readonly EventPattern<Data>[] };
