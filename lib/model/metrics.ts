/** What a deployment measures of itself: the names that functions count by, and that alarms, the dashboard and the documentation use. */

/** The namespace of all of them in CloudWatch. */
export const NAMESPACE = "Holdfast";

interface Metric {
  readonly unit: "Count" | "Seconds";
  /** How several of one invocation become one value. */
  readonly of: "sum" | "largest";
  /** Whether it is told by workflow too: each workflow is then a metric of its own, and billed as one. */
  readonly byWorkflow?: true;
}

const count = { unit: "Count", of: "sum" } as const;
const age = { unit: "Seconds", of: "largest" } as const;

export const METRICS = {
  /** First turns that began. */
  ExecutionsStarted: count,
  ExecutionsCompleted: { ...count, byWorkflow: true },
  ExecutionsFailed: { ...count, byWorkflow: true },
  ExecutionsStalled: { ...count, byWorkflow: true },
  ExecutionsCancelled: count,
  /** Owners that died before they settled. */
  LeaseTakeovers: count,
  /** Turns that ended because something that they need did not answer, and that said so. */
  TurnsFailed: count,
  /** Outgoing messages that were given up, by what they became (`decide/relay.ts`). */
  OutgoingDead: count,
  OutgoingInvalid: count,
  OutgoingExpired: count,
  /** Of the oldest outgoing message that a run carried, or could not carry, later than the relay's first try would have been. */
  OutgoingAge: age,
  /** Events that no repeat can help, with the reason, in a dead-letter queue. */
  EventsBuried: count,
  /** Executions that stand still now, whenever they stalled. */
  StalledNow: { unit: "Count", of: "largest" },
  /** Open executions whose carrier was gone. */
  WakesLost: count,
  /** The same of executions that have ended and whose closing duties were not done. */
  DutiesOverdue: count,
  /** By how much the audit came after what it found was due. */
  OldestDue: age,
  /** Wakes that the audit took out of the dead-letter queue. */
  WakesRescued: count,
  /** Events without a reason that the audit sent back from a dead-letter queue. */
  EventsRedriven: count,
  /** Executions that retention deleted. */
  ExecutionsDeleted: count,
  /** Where a run of the audit did not come to the end of the open executions: how many it looked at ... */
  OpenLooked: count,
  /** ... and in how many of the index's eight shards it stands in the midst. */
  ShardsUnfinished: count,
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;

export const METRIC_NAMES: readonly MetricName[] = Object.keys(METRICS).filter(isMetricName);

export function metricOf(name: MetricName): Metric {
  return METRICS[name];
}

function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}
