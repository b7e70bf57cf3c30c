/** Start: begins executions, for those who invoke it and for bus events (`startOn`). */

import { eachEvent } from "../lib/aws/event-batch.js";
import type { EventQueue } from "../lib/aws/event-queue.js";
import { type Handler, limitsOf } from "../lib/aws/lambda-context.js";
import { type AwsOutside, functionEvents, functionOutside } from "../lib/aws/outside.js";
import { type BatchAnswer, readSqsBatch } from "../lib/aws/sqs-batch.js";
import { parseStartPayload } from "../lib/aws/start-payload.js";
import { type StartAnswer, startNow } from "../lib/aws/starting.js";
import { logUnhandledRejections } from "../lib/aws/unhandled.js";
import type { App } from "../lib/define/app.js";
import { startFromEvent } from "../lib/runtime/bus/start-from-event.js";

/**
 * Direct invocation: `{ workflow, input, id?, delay?, wait?, onConflict? }` → `{ executionId, status, created, output?, error? }`.
 * An SQS batch: bus events, each of which starts the workflows that declare it.
 */
export function createStart(
  app: App,
  outsideOf: () => AwsOutside = functionOutside,
  queueOf: () => Pick<EventQueue, "bury"> = functionEvents.start,
): Handler<StartAnswer | BatchAnswer> {
  logUnhandledRejections(() => outsideOf().log);
  return async (event, context) => {
    const outside = outsideOf();
    if (readSqsBatch(event) === undefined)
      return startNow(outside, app, parseStartPayload(event), {
        owner: context.awsRequestId,
        limits: limitsOf(context, outside.clock),
      });
    return eachEvent(event, { outside, queue: queueOf(), name: "start" }, async (busEvent, { messageId }) => {
      const inline = () => ({ owner: messageId, limits: limitsOf(context, outside.clock) });
      const started = await startFromEvent(outside, app, busEvent, inline);
      outside.log.write("debug", "An event started executions.", { executions: started });
    });
  };
}
