/** What alarms and the dashboard look at, and the metrics of it. */
import { Duration } from "aws-cdk-lib";
import { type IMetric, MathExpression, Metric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { type MetricName, metricOf, NAMESPACE } from "../../model/metrics.js";
import { type HoldfastTables, indexNames } from "../durable-tables.js";
import type { FunctionName } from "../permissions.js";

/** A deployment, as far as it is watched. */
export interface Watched {
  readonly serviceName: string;
  /** What a command is told to find the deployment: `--stack Shop`. */
  readonly target: string;
  readonly functions: Readonly<Record<FunctionName, LambdaFunction>>;
  readonly tables: HoldfastTables;
  readonly wakeQueue: Queue;
  /** By what they hold, as far as the app has any. */
  readonly eventQueues: Readonly<Record<string, Queue>>;
  /** By what they hold. */
  readonly deadLetterQueues: Readonly<Record<string, Queue>>;
  readonly auditEvery: Duration;
  /** Whether the functions measure. */
  readonly measured: boolean;
}

export const FIVE_MINUTES = Duration.minutes(5);

/** A metric that the functions tell. */
export function ownMetric({ serviceName }: Watched, name: MetricName, period = FIVE_MINUTES): Metric {
  return new Metric({
    namespace: NAMESPACE,
    metricName: name,
    dimensionsMap: { Service: serviceName },
    statistic: metricOf(name).of === "sum" ? Stats.SUM : Stats.MAXIMUM,
    period,
  });
}

/** The same by workflow, of all workflows: as many lines as there are names. */
export function byWorkflow({ serviceName }: Watched, name: MetricName): MathExpression {
  const where = `{${NAMESPACE},Service,Workflow} MetricName="${name}" Service="${serviceName}"`;
  return new MathExpression({
    expression: `SEARCH('${where}', 'Sum', ${FIVE_MINUTES.toSeconds()})`,
    usingMetrics: {},
    label: "",
    period: FIVE_MINUTES,
  });
}

/**
 * One number of several metrics: what has no value at a time is left out of the sum.
 * @param id what the parts are called, with a number: two sums of one graph need two
 */
export function sumOf(metrics: readonly IMetric[], label: string, id: string): MathExpression {
  const named = metrics.map((metric, index): [string, IMetric] => [`${id}${index}`, metric]);
  return new MathExpression({
    expression: `SUM([${named.map(([id]) => id).join(", ")}])`,
    usingMetrics: Object.fromEntries(named),
    label,
    period: FIVE_MINUTES,
  });
}

type TableMetric =
  | "ReadThrottleEvents"
  | "WriteThrottleEvents"
  | "ConsumedReadCapacityUnits"
  | "ConsumedWriteCapacityUnits";

/** Of a table without its indexes, which CloudWatch counts apart. */
export function tableMetric(tableName: string, metricName: TableMetric, index?: string): Metric {
  return new Metric({
    namespace: "AWS/DynamoDB",
    metricName,
    dimensionsMap: {
      TableName: tableName,
      ...(index === undefined ? {} : { GlobalSecondaryIndexName: index }),
    },
    statistic: Stats.SUM,
    period: FIVE_MINUTES,
  });
}

/** Of both tables, and writes of the indexes, which hold up those of their table. An alarm takes ten metrics at most. */
export function throttledCalls({ tables }: Watched): MathExpression {
  const { executions, directory } = tables;
  const ofTables = [executions, directory].flatMap(({ tableName }) =>
    (["ReadThrottleEvents", "WriteThrottleEvents"] as const).map((name) => tableMetric(tableName, name)),
  );
  const ofIndexes = Object.values(indexNames).map((index) =>
    tableMetric(executions.tableName, "WriteThrottleEvents", index),
  );
  return sumOf([...ofTables, ...ofIndexes], "throttled calls of tables", "table");
}

export function functionMetric(
  lambda: LambdaFunction,
  metricName: "Errors" | "Throttles" | "Invocations" | "RecursiveInvocationsDropped",
  period = FIVE_MINUTES,
): Metric {
  return lambda.metric(metricName, { statistic: Stats.SUM, period });
}
