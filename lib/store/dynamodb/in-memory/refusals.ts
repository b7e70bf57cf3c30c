/** The errors that DynamoDB's client throws, as far as this store tells them apart. */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DynamoDBServiceException,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import type { TransactionReason } from "../../../model/errors.js";
import type { Item } from "../item.js";

const $metadata = {};

export function refused(shown: Item | undefined): ConditionalCheckFailedException {
  return new ConditionalCheckFailedException({
    message: "The conditional request failed",
    $metadata,
    ...(shown === undefined ? {} : { Item: attributes(shown) }),
  });
}

export function cancelled(reasons: readonly TransactionReason[]): TransactionCanceledException {
  return new TransactionCanceledException({
    message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map(({ code }) => code).join(", ")}]`,
    $metadata,
    CancellationReasons: reasons.map(({ code, message, item }) => ({
      Code: code,
      ...(message === undefined ? {} : { Message: message }),
      ...(item === undefined ? {} : { Item: attributes(item) }),
    })),
  });
}

/** @param which begins the sentence as DynamoDB does, for an item to be put or one to be updated */
export function tooLarge(which: string): DynamoDBServiceException {
  return new DynamoDBServiceException({
    name: "ValidationException",
    $fault: "client",
    message: `${which} exceeded the maximum allowed size`,
    $metadata,
  });
}

/** The item of an error is in DynamoDB's own notation. */
function attributes(item: Item): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, attribute(value)]));
}

function attribute(value: unknown): AttributeValue {
  if (typeof value === "string") return { S: value };
  if (typeof value === "number" || typeof value === "bigint") return { N: String(value) };
  if (typeof value === "boolean") return { BOOL: value };
  if (value instanceof Uint8Array) return { B: value };
  if (Array.isArray(value)) return { L: value.map(attribute) };
  if (typeof value === "object" && value !== null)
    return { M: attributes(Object.fromEntries(Object.entries(value))) };
  return { NULL: true };
}
