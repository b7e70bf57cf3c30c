/** Start: begins executions, for those who invoke it, for bus events (`startOn`) and for schedules that come round. */
import { eachEvent } from "../lib/aws/event-batch.js";
import type { EventQueue } from "../lib/aws/event-queue.js";
import { type Handler, type LambdaContext, limitsOf } from "../lib/aws/lambda-context.js";
import { metered } from "../lib/aws/metered.js";
import { type AwsOutside, functionEvents, functionOutside } from "../lib/aws/outside.js";
import { sealedBy } from "../lib/aws/sealed-outside.js";
import { type BatchAnswer, readSqsBatch, type SqsMessage } from "../lib/aws/sqs-batch.js";
import { parseStartMessage } from "../lib/aws/start-message.js";
import { parseStartPayload } from "../lib/aws/start-payload.js";
import { type StartAnswer, startNow } from "../lib/aws/starting.js";
import { logUnhandledRejections } from "../lib/aws/unhandled.js";
import type { App } from "../lib/define/app.js";
import { startFromEvent } from "../lib/runtime/bus/start-from-event.js";
import { fire } from "../lib/runtime/fire.js";

/**
 * Direct invocation: `{ workflow, input, id?, delay?, wait?, onConflict? }` → `{ executionId, status, created, output?, error? }`.
 * An SQS batch: bus events, each of which starts the workflows that declare it, and firings of schedules.
 */
export function createStart(
  app: App,
  outsideOf: () => AwsOutside = functionOutside,
  queueOf: () => Pick<EventQueue, "bury"> = functionEvents.start,
): Handler<StartAnswer | BatchAnswer> {
  const sealed = sealedBy(app, outsideOf);
  logUnhandledRejections(() => sealed().log);
  return metered(sealed, async (outside, event, context): Promise<StartAnswer | BatchAnswer> => {
    if (readSqsBatch(event) === undefined)
      return startNow(outside, app, parseStartPayload(event), {
        owner: context.awsRequestId,
        limits: limitsOf(context, outside.clock),
      });
    return eachEvent(event, { outside, queue: queueOf(), name: "start" }, (message) =>
      startEach(outside, app, message, context),
    );
  });
}

async function startEach(
  outside: AwsOutside,
  app: App,
  { messageId, body }: SqsMessage,
  context: LambdaContext,
): Promise<void> {
  const inline = () => ({ owner: messageId, limits: limitsOf(context, outside.clock) });
  const message = parseStartMessage(body, outside.service);
  if (message.kind === "firing") {
    const fired = await fire(outside, app, message.firing, inline);
    outside.log.write("debug", "A schedule came round.", { ...fired });
    return;
  }
  const started = await startFromEvent(outside, app, message.event, inline);
  outside.log.write("debug", "An event started executions.", { executions: started });
}
