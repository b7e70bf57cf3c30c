/**
 * The relay: carries what commits hold for others. Fed by the Executions table's stream. Every record is acknowledged after one try, or when
 * the time is over: what was not carried keeps its `pending` mark, and is tried again at another time, so no record can block its shard.
 */
import { type Handler, limitsOf } from "../lib/aws/lambda-context.js";
import { type AwsOutside, functionOutside } from "../lib/aws/outside.js";
import type { BatchAnswer } from "../lib/aws/sqs-batch.js";
import { readOutboxes } from "../lib/aws/stream-batch.js";
import { relayNew } from "../lib/runtime/bus/relay.js";

export function createRelay(outsideOf: () => AwsOutside = functionOutside): Handler<BatchAnswer> {
  return async (event, context) => {
    const outside = outsideOf();
    const outboxes = readOutboxes(event, outside.log);
    try {
      const relayed = await relayNew(outside, outboxes, limitsOf(context, outside.clock).stopAt);
      outside.log.write("debug", "The relay ran.", { ...relayed });
    } catch (error) {
      outside.log.write(
        "error",
        "Some outgoing messages could not be marked; the audit will look at them again.",
        {
          executions: outboxes.map(({ executionId, slot }) => `${executionId}/${slot}`),
          error,
        },
      );
    }
    return { batchItemFailures: [] };
  };
}
