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

/** Columns of a dashboard. */
const WIDE = 24;

/** The widgets of a row share it. */
type Shown = (width: number) => IWidget;

export class OperationsDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: OperationsDashboardProps) {
    super(scope, id);
    this.dashboard = new Dashboard(this, "Dashboard", { defaultInterval: Duration.hours(12) });
    this.#add("Health", health(props));
    this.#add("Flow", flow(props));
    this.#add("Latency", latency(props));
    this.#add("Cost", cost(props));
  }

  #add(title: string, rows: readonly (readonly Shown[])[]): void {
    this.dashboard.addWidgets(new TextWidget({ markdown: `# ${title}`, width: WIDE, height: 1 }));
    for (const row of rows.filter(({ length }) => length > 0))
      this.dashboard.addWidgets(...row.map((shown) => shown(WIDE / row.length)));
  }
}

function health({ watched, alarms }: OperationsDashboardProps): Shown[][] {
  const own = ownOf(watched);
  const dead = Object.entries(watched.deadLetterQueues).map(([holds, queue]) =>
    queue.metricApproximateNumberOfMessagesVisible({
      statistic: Stats.MAXIMUM,
      label: `set aside: ${holds}`,
    }),
  );
  const status: Shown = (width) =>
    new AlarmStatusWidget({ title: "Alarms", alarms: [...alarms], width, height: 5 });
  return [
    alarms.length === 0 ? [] : [status],
    [
      number("Now", [...own("StalledNow"), ...dead], "the last value"),
      ...ifAny("In all that is shown", own("ExecutionsFailed", "LeaseTakeovers", "EventsBuried"), number),
    ],
    [
      graph("Errors of functions", perFunction(watched, "Errors")),
      graph("What was set aside", dead),
      ...ifAny("Stalled, and what the audit found", own("ExecutionsStalled", "WakesLost", "DutiesOverdue")),
    ],
    [
      ...ifAny("Given up", own("OutgoingDead", "OutgoingInvalid", "OutgoingExpired", "EventsBuried")),
      ...ifAny("Died, or failed, in the midst of a turn", own("LeaseTakeovers", "TurnsFailed")),
      ...ifAny("Brought back from dead-letter queues", own("WakesRescued", "EventsRedriven")),
    ],
  ];
}

function flow({ watched, workflows }: OperationsDashboardProps): Shown[][] {
  const own = ownOf(watched);
  const queues = { wakes: watched.wakeQueue, ...watched.eventQueues };
  const waiting = Object.entries(queues).map(([holds, queue]) =>
    queue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM, label: holds }),
  );
  const ends = own("ExecutionsCompleted", "ExecutionsFailed", "ExecutionsCancelled");
  const split = (name: MetricName): IMetric[] => (workflows ? [byWorkflow(watched, name)] : []);
  return [
    ifAny("Executions", [...own("ExecutionsStarted"), ...ends]),
    [
      ...ifAny("Completed, by workflow", split("ExecutionsCompleted")),
      ...ifAny("Failed, by workflow", split("ExecutionsFailed")),
      ...ifAny("Stalled, by workflow", split("ExecutionsStalled")),
    ],
    [
      graph("Invocations", perFunction(watched, "Invocations")),
      graph("Messages that wait to be received", waiting),
    ],
  ];
}

function latency({ watched }: OperationsDashboardProps): Shown[][] {
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
      graph("Oldest message, seconds", oldest),
      graph("The relay behind the stream", [behind]),
      ...ifAny("Late, seconds", ownOf(watched)("OutgoingAge", "OldestDue")),
    ],
    [graph("Duration, median", durations(Stats.p(50))), graph("Duration, longest", durations(Stats.MAXIMUM))],
  ];
}

function cost({ watched }: OperationsDashboardProps): Shown[][] {
  const { executions, directory } = watched.tables;
  const own = ownOf(watched);
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
      graph("Write units of the tables, without indexes", units("ConsumedWriteCapacityUnits")),
      graph("Read units of the tables, without indexes", units("ConsumedReadCapacityUnits")),
    ],
    [
      graph("Bytes of logs", logged),
      graph("Throttled", [throttledCalls(watched), sumOf(throttles, "throttled invocations", "function")]),
    ],
    [
      ...ifAny("The audit: rounds that take more than a run", own("OpenLooked", "ShardsUnfinished")),
      ...ifAny("Deleted by retention", own("ExecutionsDeleted")),
    ],
  ];
}

/** None where nothing is measured. */
function ownOf(watched: Watched): (...names: readonly MetricName[]) => Metric[] {
  return (...names) =>
    watched.measured ? names.map((name) => ownMetric(watched, name).with({ label: inWords(name) })) : [];
}

/** `ExecutionsStarted` is shown as "executions started". */
function inWords(name: MetricName): string {
  return name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}

function perFunction({ functions }: Watched, name: "Errors" | "Invocations"): Metric[] {
  return Object.entries(functions).map(([label, lambda]) => functionMetric(lambda, name).with({ label }));
}

function ifAny(
  title: string,
  metrics: IMetric[],
  show: (title: string, metrics: IMetric[]) => Shown = graph,
): Shown[] {
  return metrics.length === 0 ? [] : [show(title, metrics)];
}

function graph(title: string, left: IMetric[]): Shown {
  return (width) => new GraphWidget({ title, left, width, height: 6, leftYAxis: { min: 0 } });
}

function number(
  title: string,
  metrics: IMetric[],
  of: "all that is shown" | "the last value" = "all that is shown",
): Shown {
  return (width) =>
    new SingleValueWidget({
      title,
      metrics,
      width,
      height: 4,
      setPeriodToTimeRange: of === "all that is shown",
    });
}
