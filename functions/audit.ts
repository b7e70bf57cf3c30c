/**
 * The audit: finds what lost its wake, tries again what the relay left, empties the wake queue's dead letters, sends back events that an outage
 * killed, and deletes what has ended long ago. Run by a clock.
 */
import type { DeadWakes } from "../lib/aws/dead-wakes.js";
import { readNames } from "../lib/aws/environment.js";
import type { EventQueue } from "../lib/aws/event-queue.js";
import { type Handler, limitsOf } from "../lib/aws/lambda-context.js";
import { metered } from "../lib/aws/metered.js";
import {
  type AwsOutside,
  eventQueuesIn,
  functionDeadWakes,
  functionEvents,
  functionOutside,
} from "../lib/aws/outside.js";
import { type EventsRedriven, redriveEvents } from "../lib/aws/redrive-events.js";
import { rescueWakes } from "../lib/aws/rescue-wakes.js";
import { readRetention } from "../lib/aws/retention.js";
import { sealedBy } from "../lib/aws/sealed-outside.js";
import type { App } from "../lib/define/app.js";
import { AuditIncompleteError } from "../lib/model/errors.js";
import { type Audited, audit } from "../lib/runtime/audit.js";
import { type Retention, type Retired, retire } from "../lib/runtime/retention/retire.js";

/** No new receive begins this close to the invocation's end. */
const ENOUGH_MS = 5_000;

export interface AuditReport extends Audited {
  readonly rescued: number;
  /** Events that went back from the dead-letter queues of deliver and start. */
  readonly redriven: number;
  /** Executions that were deleted for their age. */
  readonly deleted: number;
}

const ownEvents = (): readonly EventQueue[] =>
  eventQueuesIn(readNames(process.env)).map((which) => functionEvents[which]());

/** @param app whose code is needed to read what is stored, where it has a codec */
export function createAudit(
  outsideOf: () => AwsOutside = functionOutside,
  deadWakesOf: () => DeadWakes = functionDeadWakes,
  retentionOf: () => Retention | undefined = () => readRetention(process.env),
  eventsOf: () => readonly EventQueue[] = ownEvents,
  app: Pick<App, "codec"> = {},
): Handler<AuditReport> {
  return metered(sealedBy(app, outsideOf), async (outside, _event, context) => {
    // All of it is done, whatever fails; a failure is then the run's own, so that it can be seen and alarmed.
    const [audited, rescued, events] = await Promise.allSettled([
      audit(outside, limitsOf(context, outside.clock).stopAt),
      rescueWakes(outside, deadWakesOf(), context.awsRequestId, enoughIn(context)),
      redriveAll(outside, eventsOf(), context),
    ]);
    // Last: what can wait must not take the time, or the memory, of what can't.
    const [retired] = await Promise.allSettled([retireOld(outside, retentionOf, context)]);
    if (audited.status === "rejected") throw audited.reason;
    if (rescued.status === "rejected") throw rescued.reason;
    if (events.status === "rejected") throw events.reason;
    if (retired.status === "rejected") throw retired.reason;
    const { deleted, failed } = retired.value;
    const report = {
      ...audited.value,
      failed: audited.value.failed + failed + events.value.failed,
      rescued: rescued.value,
      redriven: events.value.redriven,
      deleted,
    };
    // Run every few minutes for ever, it speaks up only when it found something.
    const found = report.woken + report.relayed + report.rescued + report.redriven + report.deleted > 0;
    outside.log.write(found ? "info" : "debug", "The audit ran.", { ...report });
    if (report.failed > 0) throw new AuditIncompleteError(report.failed);
    return report;
  });
}

async function retireOld(
  outside: AwsOutside,
  retentionOf: () => Retention | undefined,
  context: Parameters<Handler>[1],
): Promise<Pick<Retired, "deleted" | "failed">> {
  const retention = retentionOf();
  if (retention === undefined) return { deleted: 0, failed: 0 };
  return retire(outside, retention, limitsOf(context, outside.clock).stopAt);
}

/** Of each queue, whatever becomes of the other. */
async function redriveAll(
  outside: AwsOutside,
  queues: readonly EventQueue[],
  context: Parameters<Handler>[1],
): Promise<EventsRedriven> {
  const runs = await Promise.allSettled(
    queues.map((queue) => redriveEvents(outside, queue, enoughIn(context))),
  );
  let total = { redriven: 0, failed: 0 };
  for (const run of runs) {
    if (run.status === "rejected") throw run.reason;
    total = { redriven: total.redriven + run.value.redriven, failed: total.failed + run.value.failed };
  }
  return total;
}

/** Whether there is no time for another receive. */
function enoughIn(context: Parameters<Handler>[1]): () => boolean {
  return () => context.getRemainingTimeInMillis() < ENOUGH_MS;
}

/** Of an app with a codec. What it archives is sealed, too, as a whole. */
export function createSealedAudit(app: App): Handler<AuditReport> {
  const retention = () => readRetention(process.env, {}, app.codec);
  return createAudit(functionOutside, functionDeadWakes, retention, ownEvents, app);
}
