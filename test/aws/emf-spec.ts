/**
 * What is wrong with a line, by the specification of CloudWatch's embedded metric format and by what CloudWatch takes as names of dimensions
 * and their values. CloudWatch itself says nothing: it takes what is wrong for a line of the log like any other.
 */

const UNITS = new Set(
  [
    ...["Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "None"],
    ...["Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes"],
    ...["Bits", "Kilobits", "Megabits", "Gigabits", "Terabits"],
  ].flatMap((unit) => (/bytes|bits|^Count$/i.test(unit) ? [unit, `${unit}/Second`] : [unit])),
);

/** In bytes: what CloudWatch Logs took as one event before it took a megabyte. */
const LARGEST_LINE = 256 * 1024;
const MOST_METRICS = 100;
const MOST_VALUES = 100;
const MOST_DIMENSIONS = 30;
const DAY_MS = 86_400_000;

export function problemsOf(line: string, now: number): string[] {
  const problems: string[] = [];
  const must = (holds: boolean, what: string): void => void (holds || problems.push(what));
  must(Buffer.byteLength(line) <= LARGEST_LINE, "the line is too long");
  let root: unknown;
  try {
    root = JSON.parse(line);
  } catch {
    return ["the line is not one JSON value"];
  }
  if (!isObject(root)) return ["the root is not an object"];
  const { _aws: metadata } = root;
  if (!isObject(metadata)) return ["_aws is not an object"];
  const { Timestamp: at, CloudWatchMetrics: directives } = metadata;
  must(Number.isInteger(at), "Timestamp is no whole number of milliseconds");
  const age = now - Number(at);
  must(age <= 14 * DAY_MS && age >= -2 * 3_600_000, "Timestamp is further away than CloudWatch takes it");
  must(
    Object.keys(metadata).every((key) => ["Timestamp", "CloudWatchMetrics", "LogGroupName"].includes(key)),
    "_aws has a member that the specification does not know",
  );
  if (!Array.isArray(directives) || directives.length === 0) return [...problems, "there is no directive"];
  for (const directive of directives) {
    if (!isObject(directive)) {
      problems.push("a directive is not an object");
      continue;
    }
    must(
      Object.keys(directive).sort().join() === "Dimensions,Metrics,Namespace",
      "a directive has other members than Namespace, Dimensions and Metrics",
    );
    must(isText(directive.Namespace, 1_024) && !String(directive.Namespace).startsWith("AWS/"), "Namespace");
    problems.push(
      ...dimensionProblems(directive.Dimensions, root),
      ...metricProblems(directive.Metrics, root),
    );
  }
  return problems;
}

function dimensionProblems(sets: unknown, root: Record<string, unknown>): string[] {
  if (!Array.isArray(sets) || sets.length === 0) return ["Dimensions is no list of sets"];
  return sets.flatMap((set: unknown) => {
    if (!Array.isArray(set) || set.length > MOST_DIMENSIONS)
      return ["a set of dimensions is no list, or too long"];
    return set.flatMap((name: unknown) => {
      if (!isText(name, 250) || !isPlain(name) || name.startsWith(":")) return [`dimension ${String(name)}`];
      const value = root[name];
      const isRight = isText(value, 1_024) && isPlain(value) && value.trim() !== "";
      return isRight ? [] : [`the root has no text for dimension ${name}`];
    });
  });
}

function metricProblems(metrics: unknown, root: Record<string, unknown>): string[] {
  if (!Array.isArray(metrics) || metrics.length === 0 || metrics.length > MOST_METRICS)
    return ["Metrics is no list, empty, or too long"];
  return metrics.flatMap((metric: unknown) => {
    if (!isObject(metric) || !isText(metric.Name, 255)) return ["a metric has no name"];
    const { Name: name, Unit: unit, StorageResolution: resolution = 60, ...others } = metric;
    const values = [root[name]].flat();
    return [
      ...(unit === undefined || UNITS.has(String(unit)) ? [] : [`unit ${String(unit)}`]),
      ...(resolution === 1 || resolution === 60 ? [] : [`resolution ${String(resolution)}`]),
      ...(Object.keys(others).length === 0
        ? []
        : [`metric ${name} has members that the specification does not know`]),
      ...(values.length > 0 && values.length <= MOST_VALUES && values.every(Number.isFinite)
        ? []
        : [`the root has no number for metric ${name}`]),
    ];
  });
}

function isObject(found: unknown): found is Record<string, unknown> {
  return typeof found === "object" && found !== null && !Array.isArray(found);
}

function isText(found: unknown, longest: number): found is string {
  return typeof found === "string" && found.length >= 1 && found.length <= longest;
}

/** Printable ASCII. */
function isPlain(text: string): boolean {
  return /^[ -~]+$/.test(text);
}
