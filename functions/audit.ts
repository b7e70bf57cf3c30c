/** The audit: finds what lost its wake, tries again what the relay left, and empties the wake queue's dead letters. Run by a clock. */
import type { DeadWakes } from "../lib/aws/dead-wakes.js";
import type { Handler } from "../lib/aws/lambda-context.js";
import { type AwsOutside, functionDeadWakes, functionOutside } from "../lib/aws/outside.js";
import { parseWake } from "../lib/aws/wake-body.js";
import { AuditIncompleteError } from "../lib/model/errors.js";
import { type Audited, audit, rescue } from "../lib/runtime/audit.js";

/** Receives of ten: a hundred poisoned wakes per run; more wait for the next. */
const MOST_RECEIVES = 10;

/** No new receive begins this close to the invocation's end. */
const ENOUGH_MS = 5_000;

export interface AuditReport extends Audited {
  readonly rescued: number;
}

export function createAudit(
  outsideOf: () => AwsOutside = functionOutside,
  deadWakesOf: () => DeadWakes = functionDeadWakes,
): Handler<AuditReport> {
  return async (_event, context) => {
    const outside = outsideOf();
    // All of it is done, whatever fails; a failure is then the run's own, so that it can be seen and alarmed.
    const [audited, rescued] = await Promise.allSettled([
      audit(outside),
      rescueAll(outside, deadWakesOf(), context),
    ]);
    if (audited.status === "rejected") throw audited.reason;
    if (rescued.status === "rejected") throw rescued.reason;
    const report = { ...audited.value, rescued: rescued.value };
    // Run every few minutes for ever, it speaks up only when it found something.
    const found = report.woken + report.relayed + report.rescued > 0;
    outside.log.write(found ? "info" : "debug", "The audit ran.", { ...report });
    if (report.failed > 0) throw new AuditIncompleteError(report.failed);
    return report;
  };
}

async function rescueAll(
  outside: AwsOutside,
  deadWakes: DeadWakes,
  context: Parameters<Handler>[1],
): Promise<number> {
  let rescued = 0;
  for (let receives = 0; receives < MOST_RECEIVES; receives++) {
    if (context.getRemainingTimeInMillis() < ENOUGH_MS) break;
    const messages = await deadWakes.receive();
    if (messages.length === 0) break;
    for (const { body, receipt } of messages) {
      try {
        await rescue(outside, parseWake(body), context.awsRequestId);
        await deadWakes.delete(receipt);
        rescued += 1;
      } catch (error) {
        // It stays in the queue, where it can be seen, and is tried again by the next run.
        outside.log.write("error", "A wake from the dead-letter queue could not be rescued.", {
          body,
          error,
        });
      }
    }
  }
  return rescued;
}
