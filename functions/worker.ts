/** The worker: one wake, one turn. Fed by the wake queue. */
import { handedUntil, within } from "../lib/aws/handed-wake.js";
import { type Handler, limitsOf } from "../lib/aws/lambda-context.js";
import { metered } from "../lib/aws/metered.js";
import type { AwsOutside } from "../lib/aws/outside.js";
import { sealedBy } from "../lib/aws/sealed-outside.js";
import { type BatchAnswer, eachMessage } from "../lib/aws/sqs-batch.js";
import { logUnhandledRejections } from "../lib/aws/unhandled.js";
import { parseWake } from "../lib/aws/wake-body.js";
import { workerOutside } from "../lib/aws/worker-outside.js";
import type { App } from "../lib/define/app.js";
import { handleWake } from "../lib/runtime/turn/handle-wake.js";

export function createWorker(app: App, outsideOf: () => AwsOutside = workerOutside): Handler<BatchAnswer> {
  const sealed = sealedBy(app, outsideOf);
  logUnhandledRejections(() => sealed().log);
  return metered(sealed, async (outside, event, context) =>
    eachMessage(event, outside.log, async ({ messageId, body, attributes }) => {
      const wake = parseWake(body);
      const until = handedUntil(attributes);
      const limits = within(limitsOf(context, outside.clock), until, outside.clock.now());
      const handled = await handleWake(outside, app, wake, messageId, limits, until !== undefined);
      outside.log.write("debug", "A wake was handled.", { ...wake, ...handled });
    }),
  );
}
