/** Deliver: hands bus events to the executions that wait for them. Fed by the queue behind the bus's rules. */
import { parseBusMessage } from "../lib/aws/bus-message.js";
import { handedOn } from "../lib/aws/event-attributes.js";
import { eachEvent } from "../lib/aws/event-batch.js";
import type { EventQueue } from "../lib/aws/event-queue.js";
import { type Handler, limitsOf } from "../lib/aws/lambda-context.js";
import { metered } from "../lib/aws/metered.js";
import { type AwsOutside, functionEvents, functionOutside } from "../lib/aws/outside.js";
import { sealedBy } from "../lib/aws/sealed-outside.js";
import type { BatchAnswer } from "../lib/aws/sqs-batch.js";
import type { App } from "../lib/define/app.js";
import { deliver, PAGES_OF_A_PASS } from "../lib/runtime/bus/deliver.js";

export function createDeliver(
  app: App,
  outsideOf: () => AwsOutside = functionOutside,
  queueOf: () => Pick<EventQueue, "send" | "bury"> = functionEvents.deliver,
): Handler<BatchAnswer> {
  return metered(sealedBy(app, outsideOf), async (outside, batch, context) => {
    const queue = queueOf();
    const { stopAt } = limitsOf(context, outside.clock);
    return eachEvent(batch, { outside, queue, name: "deliver" }, async ({ body, attributes, sentAt }) => {
      const event = parseBusMessage(body, attributes, outside.service);
      const { executions, left } = await deliver(outside, app, event, {
        stopAt,
        pages: PAGES_OF_A_PASS,
        handOn: (part) => queue.send({ body, attributes: handedOn(part, attributes, sentAt) }),
      });
      outside.log.write("debug", "An event was delivered.", {
        event: event.name,
        eventId: event.dedupeId,
        executions,
        ...(left.length === 0 ? {} : { left: left.length }),
      });
    });
  });
}
