/**
 * The relay: carries what commits hold for others. Fed by the Executions table's stream. Every record is acknowledged after one try, or when
 * the time is over: what was not carried keeps its `pending` mark, and is tried again at another time, so no record can block its shard.
 */

import { type Handler, limitsOf } from "../lib/aws/lambda-context.js";
import { metered } from "../lib/aws/metered.js";
import { type AwsOutside, functionOutside } from "../lib/aws/outside.js";
import { sealedBy } from "../lib/aws/sealed-outside.js";
import type { BatchAnswer } from "../lib/aws/sqs-batch.js";
import { readOutboxes } from "../lib/aws/stream-batch.js";
import type { App } from "../lib/define/app.js";
import { told } from "../lib/model/told.js";
import { relayNew } from "../lib/runtime/bus/relay.js";
import type { Outbox } from "../lib/store/ports.js";
import { openedOutbox } from "../lib/store/sealed/index.js";

/** @param app whose code is needed to read what is stored, where it has a codec */
export function createRelay(
  outsideOf: () => AwsOutside = functionOutside,
  app: Pick<App, "codec"> = {},
): Handler<BatchAnswer> {
  return metered(sealedBy(app, outsideOf), async (outside, event, context) => {
    const outboxes = await opened(outside, readOutboxes(event, outside.log), app);
    try {
      const relayed = await relayNew(outside, outboxes, limitsOf(context, outside.clock).stopAt);
      outside.log.write("debug", "The relay ran.", { ...relayed });
    } catch (error) {
      outside.log.write(
        "error",
        "Some outgoing messages could not be marked; the audit will look at them again.",
        {
          executions: outboxes.map(({ executionId, slot }) => `${executionId}/${slot}`),
          error: told(error),
        },
      );
    }
    return { batchItemFailures: [] };
  });
}

/** One that does not open keeps nobody from the others: it keeps its mark, and the audit looks at it again. */
async function opened(
  outside: AwsOutside,
  outboxes: readonly Outbox[],
  { codec }: Pick<App, "codec">,
): Promise<readonly Outbox[]> {
  if (codec === undefined) return outboxes;
  const ends = await Promise.allSettled(outboxes.map((outbox) => openedOutbox(outbox, codec)));
  return ends.flatMap((end) => {
    if (end.status === "fulfilled") return [end.value];
    outside.log.write("error", "An outbox could not be opened; the audit will look at it again.", {
      error: told(end.reason),
    });
    return [];
  });
}

/** Of an app with a codec. */
export function createSealedRelay(app: App): Handler<BatchAnswer> {
  return createRelay(functionOutside, app);
}
