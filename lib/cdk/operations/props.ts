import type { Duration } from "aws-cdk-lib";
import type { IAlarmAction } from "aws-cdk-lib/aws-cloudwatch";

/** What watches a deployment, and tells of it. */
export interface OperationsProps {
  /**
   * Whether the functions measure what they do: executions that started and ended, owners that died, messages that were given up, what the audit
   * found (docs/observability.md). A metric is billed for the hours in which something was told of it: 0.30 dollars for a whole month, so that what
   * rests costs nothing. `true` tells ends by workflow too, up to three metrics for each workflow; `"service"` tells sums only.
   * @default true
   */
  readonly metrics?: boolean | "service";
  /**
   * Makes alarms for what a person should look at, each with an entry in docs/runbook.md, and has them do this. An empty list makes alarms that
   * only show. Each is billed by the month, so they are for you to ask for.
   * @default no alarms
   */
  readonly alarmActions?: readonly IAlarmAction[];
  /**
   * When alarms go off.
   * @default as each of them says
   */
  readonly alarmThresholds?: AlarmThresholds;
  /**
   * Makes a dashboard: health, flow, latency, cost. CloudWatch bills 3 dollars a month for each dashboard of the account beyond three.
   * @default false
   */
  readonly dashboard?: boolean;
}

/**
 * An alarm goes off above its threshold. Counts are whole numbers, of five minutes where nothing else is said; *in a row* means three periods
 * one after the other, which leaves out what mends itself.
 */
export interface AlarmThresholds {
  /**
   * Messages in any of the dead-letter queues.
   * @default 0: whatever lies there, nobody handles
   */
  readonly setAside?: number;
  /**
   * The age of the oldest wake, and of the oldest event, that waits for a worker. A wake may be sent a quarter of an hour before its time, and its
   * alarm allows for that.
   * @default 15 minutes: only those wait that no worker is free for, so it is an outage, or a limit that is set too low
   */
  readonly oldestMessage?: Duration;
  /**
   * How far the relay is behind the table's stream.
   * @default 1 hour: a stream forgets after 24 hours, and what it forgot is left to the audit, which is slower
   */
  readonly relayBehind?: Duration;
  /**
   * Executions that are stalled, whenever they did.
   * @default 0: each of them waits for a person
   */
  readonly stalled?: number;
  /**
   * Executions that failed.
   * @default 10: one that fails has ended, and undone what it did, as its code says; ten in five minutes are somebody's outage
   */
  readonly failed?: number;
  /**
   * Owners that died, in a quarter of an hour.
   * @default 5: a process that dies now and then is nobody's fault; code that kills its process stalls its execution after five
   */
  readonly takeovers?: number;
  /**
   * Outgoing messages that were given up, as dead or invalid. What expired is as its sender wanted it.
   * @default 0: nobody will ever get them
   */
  readonly outgoingLost?: number;
  /**
   * The age of the oldest outgoing message that was carried late, or could not be carried.
   * @default 15 minutes: a bus that refuses calls for a while is met by tries that come two and a half minutes apart
   */
  readonly outgoingLate?: Duration;
  /**
   * Executions that the audit had to wake, and closing duties that it had to bring back, in each of three runs in a row.
   * @default 0: nothing loses a wake in a deployment that is well
   */
  readonly lost?: number;
  /**
   * Invocations of one function that ended with an error, a timeout or a dead process.
   * @default 5: each is repeated, so a few in a deployment of code are no news
   */
  readonly errors?: number;
  /**
   * Throttled calls of tables and indexes, or throttled invocations, in a row.
   * @default 0: a burst is over before the third period
   */
  readonly throttled?: number;
}
