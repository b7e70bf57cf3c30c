/** Sending a conditional write: a refusal is an answer, together with the item that stands there, in the same round trip. */
import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { type Item, plainItem } from "./item.js";

export type Answer<T> =
  | { readonly refused: false; readonly output: T }
  | { readonly refused: true; readonly found: Item | undefined };

/** The write's parameters ask for `ALL_OLD` on a refusal: a second read could see a later state than the one that refused. */
export async function answerOf<T>(write: Promise<T>): Promise<Answer<T>> {
  try {
    return { refused: false, output: await write };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    // The document client leaves the item of an error in DynamoDB's own notation.
    return { refused: true, found: error.Item === undefined ? undefined : plainItem(error.Item) };
  }
}
