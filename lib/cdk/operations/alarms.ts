import { Alarm, ComparisonOperator, type IAlarmAction, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import type { AlarmThresholds } from "./props.js";
import type { Watched } from "./watched.js";
import { type Watch, watchesOf } from "./watches.js";

export interface AlarmsProps {
  /** Called when an alarm goes off. */
  readonly actions: readonly IAlarmAction[];
  readonly watched: Watched;
  readonly thresholds: AlarmThresholds;
}

/** What somebody should be told of: what stands still, what was set aside, what waits for too long. */
export class Alarms extends Construct {
  /** In the order of the runbook. */
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, { actions, watched, thresholds }: AlarmsProps) {
    super(scope, id);
    this.all = watchesOf(watched, thresholds).map((watch) => this.#alarm(watch, actions, watched.target));
  }

  #alarm(watch: Watch, actions: readonly IAlarmAction[], target: string): Alarm {
    const { id, says, look, metric, when, periods = 1 } = watch;
    const silent = when === "silent";
    const alarm = new Alarm(this, id, {
      alarmDescription: `${says}. Look: npx holdfast ${look} ${target}, then at "${entryOf(id)}" in docs/runbook.md.`,
      metric,
      threshold: silent ? 1 : when.above,
      comparisonOperator: silent
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: silent ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(...actions);
    return alarm;
  }
}

/** Errors of five functions are one chapter; each queue of what was set aside has its own. */
function entryOf(id: string): string {
  return id.startsWith("SetAside-") ? id : id.replace(/-.*/, "");
}
