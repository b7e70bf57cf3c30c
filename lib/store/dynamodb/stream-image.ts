import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Outbox } from "../ports.js";
import { readOutboxItem } from "./commit-item.js";
import { plainItem } from "./item.js";
import { recordSlotOf } from "./keys.js";

/** The outbox in the new image of a stream record of the Executions table; undefined for any item without one. */
export function parseOutboxImage(image: Readonly<Record<string, AttributeValue>>): Outbox | undefined {
  return recordSlotOf(image.sk?.S ?? "") === undefined ? undefined : readOutboxItem(plainItem(image));
}
