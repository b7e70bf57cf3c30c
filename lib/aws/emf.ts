/**
 * Metrics as lines of the log: CloudWatch's embedded metric format (EMF). CloudWatch Logs makes metrics of such a line as it takes it in, so
 * that nothing is called, nothing is waited for, and no permission is needed beyond that to log.
 *
 * A process notes what happened in one invocation and writes a line for each workflow that it happened to, and none where nothing did. The
 * names of workflows come from code, so there are as many values of that dimension as workflows; ids of executions are never one.
 */
import { type MetricName, metricOf, NAMESPACE } from "../model/metrics.js";
import type { EpochMs } from "../model/time.js";
import type { Meter } from "../runtime/outside.js";

/** By workflow as well as by service, by service alone, or not at all. */
export type Metering = "workflows" | "service" | "off";

export interface MeterOptions {
  readonly service: string;
  readonly metering: Exclude<Metering, "off">;
  readonly now: () => EpochMs;
  readonly write?: (line: string) => void;
}

/** `HOLDFAST_METRICS`, which the construct sets where the default is not wanted. What it can't be is taken for the default. */
export function meteringIn(variables: Readonly<Record<string, string | undefined>>): Metering {
  const { HOLDFAST_METRICS: asked } = variables;
  return asked === "off" || asked === "service" ? asked : "workflows";
}

export function emfMeter({ service, metering, now, write = toStdout }: MeterOptions): Meter {
  /** By workflow; under the empty name what is of none. */
  const noted = new Map<string, Map<MetricName, number>>();
  return {
    note(name, value, workflow = "") {
      if (value <= 0) return;
      const values = noted.get(workflow) ?? new Map<MetricName, number>();
      noted.set(workflow, values);
      const before = values.get(name) ?? 0;
      values.set(name, metricOf(name).of === "sum" ? before + value : Math.max(before, value));
    },
    tell() {
      for (const [workflow, values] of noted)
        write(`${JSON.stringify(documentOf({ service, metering, workflow, values, at: now() }))}\n`);
      noted.clear();
    },
  };
}

/** Whether what a function printed is for CloudWatch, and not for people. */
export function isMetricLine(text: string): boolean {
  return text.startsWith('{"_aws":{"Timestamp":');
}

interface Noted extends Pick<MeterOptions, "service" | "metering"> {
  readonly workflow: string;
  readonly values: ReadonlyMap<MetricName, number>;
  readonly at: EpochMs;
}

function documentOf({ service, metering, workflow, values, at }: Noted) {
  const names = [...values.keys()];
  const isSplit = (name: MetricName): boolean =>
    workflow !== "" && metering === "workflows" && metricOf(name).byWorkflow === true;
  const directives = [
    { metrics: names.filter(isSplit), dimensions: [["Service"], ["Service", "Workflow"]] },
    { metrics: names.filter((name) => !isSplit(name)), dimensions: [["Service"]] },
  ];
  return {
    _aws: {
      Timestamp: Math.round(at),
      CloudWatchMetrics: directives
        .filter(({ metrics }) => metrics.length > 0)
        .map(({ metrics, dimensions }) => ({
          Namespace: NAMESPACE,
          Dimensions: dimensions,
          Metrics: metrics.map((Name) => ({ Name, Unit: metricOf(Name).unit })),
        })),
    },
    Service: service,
    // Where it is no dimension it can still be searched for in the log.
    ...(workflow === "" ? {} : { Workflow: workflow }),
    ...Object.fromEntries(values),
  };
}

/** Not by `console`, whose lines Lambda puts something before: a document has to be all of its line. */
function toStdout(line: string): void {
  process.stdout.write(line);
}
