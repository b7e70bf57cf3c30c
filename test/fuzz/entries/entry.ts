/** A way into Holdfast from outside, and how one piece of rubbish is tried there. */
import type { Store } from "../../../lib/store/ports.js";
import type { Dice } from "../dice.js";
import type { Tried } from "../verdict.js";

export interface Entry {
  readonly name: string;
  /** @param fresh a store of one's own */
  run(dice: Dice, fresh: () => Store): Promise<Tried>;
}

/** A message of a batch, as an event source mapping hands it over. */
export interface Record {
  readonly messageId: string;
  readonly body: string;
  readonly attributes?: Readonly<{ [name: string]: string }>;
  readonly messageAttributes?: Readonly<{ [name: string]: { readonly stringValue: string } }>;
}

/** The same messages in another order: a valid one may come before, between or after rubbish. */
export function shuffled<T>(dice: Dice, items: readonly T[]): T[] {
  const left = [...items];
  const order: T[] = [];
  while (left.length > 0) order.push(...left.splice(dice.below(left.length), 1));
  return order;
}

/** Only what is rubbish may fail: what a batch's answer says of its valid messages. */
export function failuresAmong(answer: unknown, valid: readonly string[]): string[] {
  const failures: unknown =
    typeof answer === "object" && answer !== null ? Reflect.get(answer, "batchItemFailures") : undefined;
  if (!Array.isArray(failures)) return ["the function answers with the failures of its batch"];
  const failed = failures.map((failure: unknown) =>
    typeof failure === "object" && failure !== null ? Reflect.get(failure, "itemIdentifier") : undefined,
  );
  return valid.filter((id) => failed.includes(id)).map((id) => `the valid neighbour ${id} is done`);
}
