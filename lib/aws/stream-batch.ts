/** Batches of the Executions table's stream: the outboxes among the new images. */
import { told } from "../model/told.js";
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
    const image = field(field(record, "dynamodb"), "NewImage");
    if (image === undefined) return [];
    try {
      const outbox = parseOutboxImage(image);
      return outbox?.pendingAt === undefined ? [] : [outbox];
    } catch (error) {
      log.write("error", "A stream record could not be read.", { error: told(error) });
      return [];
    }
  });
}

function field(from: unknown, name: string): unknown {
  return typeof from === "object" && from !== null ? Reflect.get(from, name) : undefined;
}
