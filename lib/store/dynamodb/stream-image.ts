import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { CorruptHistoryError } from "../../model/errors.js";
import { kindOf } from "../../model/shown.js";
import type { Outbox } from "../ports.js";
import { readOutboxItem } from "./commit-item.js";
import { plainItem } from "./item.js";
import { recordSlotOf } from "./keys.js";

/**
 * The outbox in the new image of a stream record of the Executions table; undefined for any item without one.
 * @throws CorruptHistoryError for an item that can't be read, and for what is no image
 */
export function parseOutboxImage(image: unknown): Outbox | undefined {
  if (!isImage(image))
    throw new CorruptHistoryError(
      "?",
      `a record of the table's stream should hold an item, and holds ${kindOf(image)}`,
    );
  const item = plainItem(image);
  return typeof item.sk === "string" && recordSlotOf(item.sk) === undefined
    ? undefined
    : readOutboxItem(item);
}

type Image = Readonly<Record<string, AttributeValue>>;

function isImage(found: unknown): found is Image {
  return (
    typeof found === "object" &&
    found !== null &&
    !Array.isArray(found) &&
    Object.values(found).every(isValue)
  );
}

/** In DynamoDB's own JSON: every attribute is an object with one key, its type. An empty map may come without even that. */
function isValue(found: unknown): found is AttributeValue {
  if (typeof found !== "object" || found === null) return false;
  const [type, ...others] = Object.entries(found);
  return others.length === 0 && (type === undefined || isOfType(...type));
}

function isOfType(type: string, content: unknown): boolean {
  switch (type) {
    case "S":
    case "N":
      return typeof content === "string";
    case "B":
      return typeof content === "string" || content instanceof Uint8Array;
    case "BOOL":
    case "NULL":
      return typeof content === "boolean";
    case "M":
      return isImage(content);
    case "L":
      return Array.isArray(content) && content.every(isValue);
    case "SS":
    case "NS":
    case "BS":
      return (
        Array.isArray(content) &&
        content.every((each) => typeof each === "string" || each instanceof Uint8Array)
      );
    default:
      return false;
  }
}
