/** Batches of an SQS event source mapping that reports its failures message by message. */
import type { Log } from "../runtime/outside.js";

export interface SqsMessage {
  readonly messageId: string;
  readonly body: string;
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
    return typeof messageId === "string" && typeof body === "string" ? [{ messageId, body }] : [];
  });
  return messages.length === records.length ? messages : undefined;
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
          error,
        });
        return [{ itemIdentifier: message.messageId }];
      }
    }),
  );
  return { batchItemFailures: failed.flat() };
}
