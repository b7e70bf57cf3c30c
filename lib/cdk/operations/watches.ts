/**
 * The alarms, as a list. Each has an entry of the same name in docs/runbook.md; what follows a dash in a name says which of several queues or
 * functions it is about. A number of watched metrics is what they cost: see docs/runbook.md.
 */
import { Duration } from "aws-cdk-lib";
import { type MathExpression, type Metric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { LONGEST_DELAY_MS } from "../../decide/timer.js";
import type { MetricName } from "../../model/metrics.js";
import type { AlarmThresholds } from "./props.js";
import { FIVE_MINUTES, functionMetric, ownMetric, sumOf, throttledCalls, type Watched } from "./watched.js";

export interface Watch {
  readonly id: string;
  /** What is the matter. */
  readonly says: string;
  /** What to look at, as a command; `--stack` is added. */
  readonly look: string;
  readonly metric: Metric | MathExpression;
  /** It goes off above a number; or where there is nothing. A deployment that rests has no metrics, and is well: only the audit never rests. */
  readonly when: { readonly above: number } | "silent";
  /** Periods in a row. Default: 1 */
  readonly periods?: number;
}

const IN_A_ROW = 3;
const LATE = 'list --due-before "$(date -u +%FT%TZ)"';

/** What an operator should be told of. What the functions themselves measure is watched only if they do. */
export function watchesOf(watched: Watched, thresholds: AlarmThresholds): readonly Watch[] {
  return [
    ...ofQueues(watched, thresholds),
    ...(watched.measured ? ofExecutions(watched, thresholds) : []),
    ...ofFunctions(watched, thresholds),
    ...ofTheAudit(watched),
    {
      id: "TablesThrottled",
      says: "DynamoDB throttles calls of the tables",
      look: LATE,
      metric: throttledCalls(watched),
      when: { above: thresholds.throttled ?? 0 },
      periods: IN_A_ROW,
    },
  ];
}

/** Where messages that were set aside are seen by a command. */
const LOOK_INTO: Readonly<Record<string, string>> = {
  wakes: "list --status stalled",
  schedules: LATE,
  relay: "outbox list",
};

function ofQueues(watched: Watched, { setAside = 0, oldestMessage, relayBehind }: AlarmThresholds): Watch[] {
  const oldest = (oldestMessage ?? Duration.minutes(15)).toSeconds();
  return [
    ...Object.entries(watched.deadLetterQueues).map(([holds, queue]) => ({
      id: `SetAside-${holds}`,
      says: `Messages were set aside: ${holds}`,
      look: LOOK_INTO[holds] ?? "dead-letters list",
      metric: queue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM }),
      when: { above: setAside },
    })),
    {
      id: "OldestWake",
      says: "Wakes wait for a worker: executions are late",
      look: LATE,
      metric: watched.wakeQueue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MAXIMUM }),
      // A message's age counts from its sending, and a wake that is not due yet is sent with a delay.
      when: { above: oldest + LONGEST_DELAY_MS / 1_000 },
    },
    ...Object.entries(watched.eventQueues).map(([holds, queue]) => ({
      id: `OldestEvent-${holds}`,
      says: `Events wait to be handled: ${holds}`,
      look: "dead-letters list",
      metric: queue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MAXIMUM }),
      when: { above: oldest },
    })),
    {
      id: "RelayBehind",
      says: "The relay is behind the table's stream: outgoing messages are late",
      look: "outbox list",
      metric: watched.functions.relay.metric("IteratorAge", { statistic: Stats.MAXIMUM }),
      when: { above: (relayBehind ?? Duration.hours(1)).toMilliseconds() },
    },
  ];
}

function ofExecutions(watched: Watched, thresholds: AlarmThresholds): Watch[] {
  const own = (name: MetricName, period?: Duration) => ownMetric(watched, name, period);
  const { stalled = 0, failed = 10, takeovers = 5, outgoingLost = 0, outgoingLate, lost = 0 } = thresholds;
  const lostInARow = { when: { above: lost }, periods: IN_A_ROW };
  const run = perRun(watched);
  return [
    {
      id: "Stalled",
      says: "Executions are stalled: each stands still until a person acts",
      look: "list --status stalled",
      // Two runs, of which one always falls into the period: it goes back to OK when none is stalled, and not before.
      metric: own("StalledNow", run.plus(run)),
      when: { above: stalled },
    },
    {
      id: "Failed",
      says: "Many executions failed",
      look: "list --status failed",
      metric: own("ExecutionsFailed"),
      when: { above: failed },
    },
    {
      id: "Takeovers",
      says: "Processes died in the midst of turns, and others took over",
      look: 'list --lease-expired-before "$(date -u +%FT%TZ)"',
      metric: own("LeaseTakeovers", Duration.minutes(15)),
      when: { above: takeovers },
    },
    {
      id: "OutgoingLost",
      says: "Outgoing messages were given up: nobody will get them",
      look: "outbox list --given-up",
      metric: sumOf([own("OutgoingDead"), own("OutgoingInvalid")], "given up", "lost"),
      when: { above: outgoingLost },
    },
    {
      id: "OutgoingLate",
      says: "Outgoing messages can't be carried",
      look: "outbox list",
      metric: own("OutgoingAge"),
      when: { above: (outgoingLate ?? Duration.minutes(15)).toSeconds() },
    },
    {
      id: "WakesLost",
      says: "The audit finds executions that nothing would have woken",
      look: LATE,
      metric: own("WakesLost", run),
      ...lostInARow,
    },
    {
      id: "DutiesOverdue",
      says: "Executions have ended, and what follows from it is not done: parents wait, children run on",
      look: "list",
      metric: own("DutiesOverdue", run),
      ...lostInARow,
    },
  ];
}

/** What a caller of `start` did wrong, and what the audit could not do, are errors of these functions too: see docs/runbook.md. */
function ofFunctions({ functions }: Watched, { errors = 5, throttled = 0 }: AlarmThresholds): Watch[] {
  const { audit: _, ...besideAudit } = functions;
  const all = Object.values(functions);
  return [
    ...Object.entries(besideAudit).map(([name, lambda]) => ({
      id: `Errors-${name}`,
      says: `Invocations of ${name} end with errors`,
      look: "list --status failed stalled",
      metric: functionMetric(lambda, "Errors"),
      when: { above: errors },
    })),
    ...Object.entries(functions).map(([name, lambda]) => ({
      id: `NearTimeout-${name}`,
      says: `Invocations of ${name} come close to its timeout`,
      look: LATE,
      metric: lambda.metricDuration({ statistic: Stats.MAXIMUM, period: FIVE_MINUTES }),
      when: { above: closeToTimeoutMs(lambda) },
      periods: IN_A_ROW,
    })),
    {
      id: "FunctionsThrottled",
      says: "Lambda throttles the functions: the account, or a function, has no concurrency left",
      look: LATE,
      metric: sumOf(
        all.map((lambda) => functionMetric(lambda, "Throttles")),
        "throttled invocations",
        "function",
      ),
      when: { above: throttled },
      periods: IN_A_ROW,
    },
    {
      id: "RecursionDropped",
      says: "Lambda took an execution for an endless loop, and dropped invocations",
      look: LATE,
      metric: sumOf(
        all.map((lambda) => functionMetric(lambda, "RecursiveInvocationsDropped")),
        "dropped invocations",
        "function",
      ),
      when: { above: 0 },
    },
  ];
}

/** It is what finds what is lost, so it must not be lost itself. */
function ofTheAudit(watched: Watched): Watch[] {
  const { audit } = watched.functions;
  const run = perRun(watched);
  return [
    {
      id: "AuditSilent",
      says: "The audit does not run: what is lost stays lost",
      look: LATE,
      metric: functionMetric(audit, "Invocations", run),
      when: "silent",
      periods: IN_A_ROW,
    },
    {
      id: "Errors-audit",
      says: "Runs of the audit fail, one after the other",
      look: LATE,
      metric: functionMetric(audit, "Errors", run),
      when: { above: 0 },
      periods: IN_A_ROW,
    },
  ];
}

/** No shorter than five minutes, so that a run each minute does not make it three times as nervous. */
function perRun({ auditEvery }: Watched): Duration {
  return auditEvery.toSeconds() < FIVE_MINUTES.toSeconds() ? FIVE_MINUTES : auditEvery;
}

/** Functions end in good time by themselves: 10 seconds before their timeout, or a fifth of a short one. Half of that is left here. */
function closeToTimeoutMs({ timeout }: LambdaFunction): number {
  const wholeMs = (timeout ?? Duration.seconds(3)).toMilliseconds();
  return wholeMs - Math.min(5_000, wholeMs / 10);
}
