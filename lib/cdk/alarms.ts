import { Duration } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  Stats,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

/** A visible wake waits for a free worker only. A quarter of an hour of that is an outage, or a limit that is set too low. */
const oldestWake = Duration.minutes(15);

/** A stream forgets after 24 hours; what it forgot is left to the audit, which is slower. An hour leaves time to look. */
const oldestRecord = Duration.hours(1);

export interface AlarmsProps {
  /** Called when an alarm goes off. */
  readonly actions: readonly IAlarmAction[];
  readonly wakeQueue: Queue;
  readonly relay: LambdaFunction;
  /** By what they hold, for the alarm's text. */
  readonly deadLetterQueues: Readonly<Record<string, Queue>>;
}

/** What somebody should be told of: work that was set aside, and work that waits for too long. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    for (const [holds, queue] of Object.entries(props.deadLetterQueues)) {
      const metric = queue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM });
      this.add(`SetAside-${holds}`, `Messages were set aside: ${holds}`, metric, 0, props.actions);
    }
    this.add(
      "OldestWake",
      "Wakes wait for a worker: executions are late",
      props.wakeQueue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MAXIMUM }),
      oldestWake.toSeconds(),
      props.actions,
    );
    this.add(
      "RelayBehind",
      "The relay is behind the table's stream: outgoing events are late",
      props.relay.metric("IteratorAge", { statistic: Stats.MAXIMUM }),
      oldestRecord.toMilliseconds(),
      props.actions,
    );
  }

  private add(
    id: string,
    alarmDescription: string,
    metric: IMetric,
    threshold: number,
    actions: readonly IAlarmAction[],
  ): void {
    const alarm = new Alarm(this, id, {
      alarmDescription,
      metric,
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      // A deployment that rests has no metrics, and is well.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(...actions);
  }
}
