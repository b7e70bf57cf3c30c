/** Batches of an SQS event source mapping that reports its failures message by message. */

import type { EpochMs } from "../model/time.js";
import { told } from "../model/told.js";
import type { Log } from "../runtime/outside.js";

export interface SqsMessage {
  readonly messageId: string;
  readonly body: string;
  /** How often it has been received, this time included. */
  readonly receives: number;
  /** When it was sent to the queue; absent where whoever feeds the function does not say. */
  readonly sentAt?: EpochMs;
  /** Those of its message attributes that are text. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** The messages of a batch; undefined when the event is none. */
export function readSqsBatch(event: unknown): SqsMessage[] | undefined {
  if (typeof event !== "object" || event === null || !("Records" in event) || !Array.isArray(event.Records))
    return undefined;
  const records: unknown[] = event.Records;
  const messages = records.flatMap((record) => {
    if (typeof record !== "object" || record === null) return [];
    if (!("messageId" in record) || !("body" in record)) return [];
    const { messageId, body } = record;
    if (typeof messageId !== "string" || typeof body !== "string") return [];
    const receives = numberIn(record, "ApproximateReceiveCount") ?? 1;
    const sentAt = numberIn(record, "SentTimestamp");
    const attributes = textsOf(record);
    return [{ messageId, body, receives, ...(sentAt === undefined ? {} : { sentAt }), attributes }];
  });
  return messages.length === records.length ? messages : undefined;
}

/** Of SQS's own attributes: a whole number above 0. */
function numberIn(record: object, name: string): number | undefined {
  const found = Number(field(field(record, "attributes"), name));
  return Number.isInteger(found) && found > 0 ? found : undefined;
}

function textsOf(record: object): Record<string, string> {
  const attributes = field(record, "messageAttributes");
  if (typeof attributes !== "object" || attributes === null) return {};
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, attribute]) => {
      const value = field(attribute, "stringValue");
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );
}

function field(from: unknown, name: string): unknown {
  return typeof from === "object" && from !== null ? Reflect.get(from, name) : undefined;
}

/**
 * Handles each message on its own: one that throws is reported and comes back by its visibility timeout, and in the end lies in the
 * dead-letter queue; the others are deleted.
 */
export async function eachMessage(
  event: unknown,
  log: Log,
  handle: (message: SqsMessage) => Promise<void>,
): Promise<BatchAnswer> {
  const messages = readSqsBatch(event);
  if (messages === undefined) {
    throw new TypeError(
      "This is not a batch of SQS messages. Expected { Records: [{ messageId, body, … }] }, as an event source mapping sends it. Feed the function from its queue.",
    );
  }
  const failed = await Promise.all(
    messages.map(async (message) => {
      try {
        await handle(message);
        return [];
      } catch (error) {
        log.write("error", "A message failed, and goes back to its queue.", {
          messageId: message.messageId,
          error: told(error),
        });
        return [{ itemIdentifier: message.messageId }];
      }
    }),
  );
  return { batchItemFailures: failed.flat() };
}
