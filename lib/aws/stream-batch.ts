/** Batches of the Executions table's stream: the outboxes among the new images. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Log } from "../runtime/outside.js";
import { parseOutboxImage } from "../store/dynamodb/index.js";
import type { Outbox } from "../store/ports.js";

/** Those that still have a `pending` mark. A record that can't be read is logged and passed over: the audit finds its commit by the mark. */
export function readOutboxes(event: unknown, log: Log): Outbox[] {
  const records: readonly unknown[] =
    typeof event === "object" && event !== null && "Records" in event && Array.isArray(event.Records)
      ? event.Records
      : [];
  return records.flatMap((record) => {
    const image = newImage(record);
    if (image === undefined) return [];
    try {
      const outbox = parseOutboxImage(image);
      return outbox?.pendingAt === undefined ? [] : [outbox];
    } catch (error) {
      log.write("error", "A stream record could not be read.", { error });
      return [];
    }
  });
}

function newImage(record: unknown): Readonly<Record<string, AttributeValue>> | undefined {
  const change = field(record, "dynamodb");
  const image = field(change, "NewImage");
  return isImage(image) ? image : undefined;
}

function field(from: unknown, name: string): unknown {
  return typeof from === "object" && from !== null ? Reflect.get(from, name) : undefined;
}

/** An item in DynamoDB's own JSON: every attribute is an object with one key, its type. An empty map may come without even that. */
function isImage(found: unknown): found is Record<string, AttributeValue> {
  return (
    typeof found === "object" &&
    found !== null &&
    Object.values(found).every(
      (value: unknown) => typeof value === "object" && value !== null && Object.keys(value).length <= 1,
    )
  );
}
