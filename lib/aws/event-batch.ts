/** A batch of bus events: each is handled on its own, and one that no repeat can help is buried with the reason. */

import { decideDeadLetter } from "../decide/dead-letter.js";
import { told } from "../model/told.js";
import type { Outside } from "../runtime/outside.js";
import { condemned } from "./event-attributes.js";
import type { EventQueue } from "./event-queue.js";
import { type BatchAnswer, eachMessage, type SqsMessage } from "./sqs-batch.js";

export interface EventConsumer {
  readonly outside: Pick<Outside, "clock" | "log" | "meter">;
  readonly queue: Pick<EventQueue, "bury">;
  /** Who says that an event is dead. */
  readonly name: string;
}

/** What can't be buried, because the send fails, goes back to its queue like everything else that failed. */
export function eachEvent(
  batch: unknown,
  { outside, queue, name }: EventConsumer,
  handle: (message: SqsMessage) => Promise<void>,
): Promise<BatchAnswer> {
  return eachMessage(batch, outside.log, async (message) => {
    const { messageId, body, attributes, receives } = message;
    try {
      await handle(message);
    } catch (error) {
      const reason = decideDeadLetter(error, receives);
      if (reason === undefined) throw error;
      const at = new Date(outside.clock.now()).toISOString();
      await queue.bury({ body, attributes: condemned(attributes, { ...reason, at, by: name }) });
      outside.meter?.note("EventsBuried", 1);
      outside.log.write("error", "An event went to the dead-letter queue: no repeat could help it.", {
        messageId,
        reason: reason.code,
        error: told(error),
      });
    }
  });
}
