/**
 * `evaluateVariables`: `variables: [{ key, value }]` become outputs, in their order. Each `${ … }` in a value is judged, and sees the
 * variables before it; a value without any stays as it is.
 */
import type { PipelineIssue } from "../../errors.js";
import type { Json, JsonObject } from "../../json-value.js";
import type { TaskBody } from "../../task.js";
import { variablesOf } from "../../variables.js";
import { Fields } from "../fields.js";
import { stageType } from "../stage-type.js";
import { interpolatedValue, templateIssues } from "../template.js";
import { failingOnExpressions, unusable } from "./failing.js";

interface Variable {
  readonly key: string;
  readonly value: Json;
}

/** What the first would pollute, and nobody could see behind the second. */
const RESERVED = ["__proto__", "trigger"];

const run: TaskBody = ({ context, pipeline }) => {
  const { variables, issues } = readVariables(context);
  if (issues.length > 0) return unusable(issues);
  const known = new Map(Object.entries(variablesOf(context, pipeline.trigger)));
  const outputs = variables.map(({ key, value }) => {
    const given = interpolatedValue(value, Object.fromEntries(known));
    known.set(key, given);
    return [key, given] as const;
  });
  return { outputs: Object.fromEntries(outputs) };
};

function readVariables(context: JsonObject): {
  readonly variables: readonly Variable[];
  readonly issues: PipelineIssue[];
} {
  const issues: PipelineIssue[] = [];
  const fields = new Fields(context, "", issues);
  const variables = fields.list("variables", (found, path) => {
    const each = Fields.of(found, path, issues);
    return each === undefined ? undefined : readVariable(each);
  });
  if (variables === undefined && issues.length === 0)
    fields.note("variables", "expected a list of variables, found nothing");
  return { variables: variables ?? [], issues };
}

function readVariable(fields: Fields): Variable {
  const key = fields.requiredName("key");
  if (RESERVED.includes(key)) fields.note("key", `expected another name than ${key}, which is taken`);
  const value = Object.hasOwn(fields.written, "value") ? (fields.written.value ?? null) : null;
  fields.issues.push(...templateIssues(value, fields.at("value")));
  return { key, value };
}

export const evaluateVariables = stageType({
  type: "evaluateVariables",
  tasks: [{ name: "evaluateVariables", run: failingOnExpressions(run) }],
  check: (context) => readVariables(context).issues,
  raw: ["variables"],
});
