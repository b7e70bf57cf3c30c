/** The dashboard: health first, then flow, latency, and what costs. */
import { Duration } from "aws-cdk-lib";
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  Metric,
  SingleValueWidget,
  Stats,
  TextWidget,
} from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import type { MetricName } from "../../model/metrics.js";
import {
  byWorkflow,
  FIVE_MINUTES,
  functionMetric,
  ownMetric,
  sumOf,
  tableMetric,
  throttledCalls,
  type Watched,
} from "./watched.js";

export interface OperationsDashboardProps {
  readonly watched: Watched;
  /** Shown first, if there are any. */
  readonly alarms: readonly Alarm[];
  /** Whether ends are told by workflow. */
  readonly workflows: boolean;
}

const WIDE = 24;
const HALF = 12;
const THIRD = 8;

export class OperationsDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: OperationsDashboardProps) {
    super(scope, id);
    this.dashboard = new Dashboard(this, "Dashboard", { defaultInterval: Duration.hours(12) });
    for (const [title, rows] of [
      ["Health", health(props)],
      ["Flow", flow(props)],
      ["Latency", latency(props)],
      ["Cost", cost(props)],
    ] as const) {
      this.dashboard.addWidgets(new TextWidget({ markdown: `# ${title}`, width: WIDE, height: 1 }));
      for (const row of rows) this.dashboard.addWidgets(...row);
    }
  }
}

function health({ watched, alarms }: OperationsDashboardProps): IWidget[][] {
  const own = ownOf(watched);
  const dead = Object.entries(watched.deadLetterQueues).map(([holds, queue]) =>
    queue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM, label: holds }),
  );
  const status = new AlarmStatusWidget({ title: "Alarms", alarms: [...alarms], width: WIDE, height: 5 });
  const ends = own("ExecutionsStalled", "ExecutionsFailed", "LeaseTakeovers", "EventsBuried");
  return [
    ...(alarms.length === 0 ? [] : [[status]]),
    [
      ...(watched.measured ? [number("Since the beginning of what is shown", ends, HALF)] : []),
      number("Set aside now", dead, HALF, false),
    ],
    [
      graph("Errors of functions", perFunction(watched, "Errors"), HALF),
      graph("What was set aside", dead, HALF),
    ],
    ...(watched.measured
      ? [
          [
            graph(
              "Given up",
              own("OutgoingDead", "OutgoingInvalid", "OutgoingExpired", "EventsBuried"),
              THIRD,
            ),
            graph("Died, or failed, in the midst of a turn", own("LeaseTakeovers", "TurnsFailed"), THIRD),
            graph(
              "Found by the audit",
              own("WakesLost", "DutiesOverdue", "WakesRescued", "EventsRedriven"),
              THIRD,
            ),
          ],
        ]
      : []),
  ];
}

function flow({ watched, workflows }: OperationsDashboardProps): IWidget[][] {
  const own = ownOf(watched);
  const queues = { wakes: watched.wakeQueue, ...watched.eventQueues };
  const waiting = Object.entries(queues).map(([holds, queue]) =>
    queue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM, label: holds }),
  );
  const executions = own(
    "ExecutionsStarted",
    "ExecutionsCompleted",
    "ExecutionsFailed",
    "ExecutionsCancelled",
  );
  return [
    ...(watched.measured
      ? [
          [
            graph("Executions", executions, workflows ? HALF : WIDE),
            ...(workflows ? [ofWorkflows(watched, "ExecutionsCompleted", "Completed, by workflow")] : []),
          ],
        ]
      : []),
    ...(watched.measured && workflows
      ? [
          [
            ofWorkflows(watched, "ExecutionsFailed", "Failed, by workflow"),
            ofWorkflows(watched, "ExecutionsStalled", "Stalled, by workflow"),
          ],
        ]
      : []),
    [
      graph("Invocations", perFunction(watched, "Invocations"), HALF),
      graph("Messages that wait to be received", waiting, HALF),
    ],
  ];
}

function latency({ watched }: OperationsDashboardProps): IWidget[][] {
  const { functions, wakeQueue, eventQueues } = watched;
  const oldest = Object.entries({ wakes: wakeQueue, ...eventQueues }).map(([holds, queue]) =>
    queue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MAXIMUM, label: holds }),
  );
  const behind = functions.relay.metric("IteratorAge", { statistic: Stats.MAXIMUM, label: "milliseconds" });
  const durations = (statistic: string) =>
    Object.entries(functions).map(([label, lambda]) =>
      lambda.metricDuration({ statistic, label, period: FIVE_MINUTES }),
    );
  return [
    [
      graph("Oldest message, seconds", oldest, THIRD),
      graph("The relay behind the stream", [behind], THIRD),
      ...(watched.measured
        ? [graph("Late, seconds", ownOf(watched)("OutgoingAge", "OldestDue"), THIRD)]
        : []),
    ],
    [
      graph("Duration, median", durations(Stats.p(50)), HALF),
      graph("Duration, longest", durations(Stats.MAXIMUM), HALF),
    ],
  ];
}

function cost({ watched }: OperationsDashboardProps): IWidget[][] {
  const { executions, directory } = watched.tables;
  const units = (name: "ConsumedReadCapacityUnits" | "ConsumedWriteCapacityUnits") => [
    tableMetric(executions.tableName, name).with({ label: "executions" }),
    tableMetric(directory.tableName, name).with({ label: "directory" }),
  ];
  const throttles = Object.values(watched.functions).map((lambda) => functionMetric(lambda, "Throttles"));
  const logged = Object.entries(watched.functions).map(
    ([label, { logGroup }]) =>
      new Metric({
        namespace: "AWS/Logs",
        metricName: "IncomingBytes",
        dimensionsMap: { LogGroupName: logGroup.logGroupName },
        statistic: Stats.SUM,
        period: FIVE_MINUTES,
        label,
      }),
  );
  return [
    [
      graph("Write units of the tables, without indexes", units("ConsumedWriteCapacityUnits"), HALF),
      graph("Read units of the tables, without indexes", units("ConsumedReadCapacityUnits"), HALF),
    ],
    [
      graph("Bytes of logs", logged, HALF),
      graph(
        "Throttled",
        [throttledCalls(watched), sumOf(throttles, "throttled invocations", "function")],
        HALF,
      ),
    ],
    ...(watched.measured
      ? [
          [
            graph(
              "The audit: rounds that take more than a run",
              ownOf(watched)("OpenLooked", "ShardsUnfinished"),
              HALF,
            ),
            graph("Deleted by retention", ownOf(watched)("ExecutionsDeleted"), HALF),
          ],
        ]
      : []),
  ];
}

function ownOf(watched: Watched): (...names: readonly MetricName[]) => Metric[] {
  return (...names) => names.map((name) => ownMetric(watched, name).with({ label: inWords(name) }));
}

/** `ExecutionsStarted` is shown as "executions started". */
function inWords(name: MetricName): string {
  return name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}

function perFunction({ functions }: Watched, name: "Errors" | "Invocations"): Metric[] {
  return Object.entries(functions).map(([label, lambda]) => functionMetric(lambda, name).with({ label }));
}

function ofWorkflows(watched: Watched, name: MetricName, title: string): IWidget {
  return graph(title, [byWorkflow(watched, name)], HALF);
}

function graph(title: string, left: IMetric[], width: number): IWidget {
  return new GraphWidget({ title, left, width, height: 6, leftYAxis: { min: 0 } });
}

/** @param whole over all that is shown, or only the last value */
function number(title: string, metrics: IMetric[], width: number, whole = true): IWidget {
  return new SingleValueWidget({ title, metrics, width, height: 4, setPeriodToTimeRange: whole });
}
