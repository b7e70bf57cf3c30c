/** Deliver: hands bus events to the executions that wait for them. Fed by the queue behind the bus's rules. */
import { parseBusMessage } from "../lib/aws/bus-message.js";
import type { Handler } from "../lib/aws/lambda-context.js";
import { type AwsOutside, functionOutside } from "../lib/aws/outside.js";
import { type BatchAnswer, eachMessage } from "../lib/aws/sqs-batch.js";
import type { App } from "../lib/define/app.js";
import { deliver } from "../lib/runtime/bus/deliver.js";

export function createDeliver(app: App, outsideOf: () => AwsOutside = functionOutside): Handler<BatchAnswer> {
  return async (event) => {
    const outside = outsideOf();
    return eachMessage(event, outside.log, async ({ body }) => {
      const busEvent = parseBusMessage(body);
      const { executions } = await deliver(outside, app, busEvent);
      outside.log.write("debug", "An event was delivered.", {
        event: busEvent.name,
        eventId: busEvent.dedupeId,
        executions,
      });
    });
  };
}
