/**
 * `checkPreconditions`: goes on where all of `preconditions: [{ type: "expression", context: { expression, failureMessage? }, failPipeline? }]`
 * are true. One that is not fails the stage; one with `failPipeline: false` stops what comes after the stage, and not the pipeline.
 */
import { shown } from "../../../model/shown.js";
import type { PipelineIssue } from "../../errors.js";
import type { JsonObject } from "../../json-value.js";
import { type TaskBody, terminal } from "../../task.js";
import { variablesOf } from "../../variables.js";
import { Fields } from "../fields.js";
import { stageType } from "../stage-type.js";
import { expressionIn, expressionIssues, interpolatedValue, judged, templateIssues } from "../template.js";
import { failingOnExpressions, unusable } from "./failing.js";

interface Precondition {
  readonly expression: string;
  readonly failureMessage?: string;
  readonly failPipeline: boolean;
}

const run: TaskBody = ({ context, pipeline }) => {
  const { preconditions, issues } = readPreconditions(context);
  if (issues.length > 0) return unusable(issues);
  const variables = variablesOf(context, pipeline.trigger);
  const failed = preconditions.flatMap((precondition) => {
    const found = judged(precondition.expression, variables);
    return found === true ? [] : [{ ...precondition, found }];
  });
  if (failed.length === 0) return {};
  const message = failed
    .map(({ expression, failureMessage, found }) =>
      failureMessage === undefined
        ? `expected ${expression} to be true, found ${shown(found)}`
        : String(interpolatedValue(failureMessage, variables)),
    )
    .join("; ");
  return failed.some(({ failPipeline }) => failPipeline) ? terminal(message) : { status: "STOPPED", message };
};

function readPreconditions(context: JsonObject): {
  readonly preconditions: readonly Precondition[];
  readonly issues: PipelineIssue[];
} {
  const issues: PipelineIssue[] = [];
  const fields = new Fields(context, "", issues);
  const preconditions = fields.list("preconditions", (found, path) => {
    const each = Fields.of(found, path, issues);
    return each === undefined ? undefined : readPrecondition(each);
  });
  if (preconditions === undefined && issues.length === 0)
    fields.note("preconditions", "expected a list of preconditions, found nothing");
  return { preconditions: preconditions ?? [], issues };
}

function readPrecondition(fields: Fields): Precondition {
  fields.required(
    "type",
    "expression",
    (found) => (found === "expression" ? found : undefined),
    "expression",
  );
  const failPipeline = fields.flag("failPipeline", true);
  const inner = new Fields(
    fields.inside("context", ({ written }) => written) ?? {},
    fields.at("context"),
    fields.issues,
  );
  const expression = inner.required("expression", "text with a CEL expression", asText, "true");
  const failureMessage = inner.take("failureMessage", "text", asText);
  inner.issues.push(
    ...expressionIssues(expression, inner.at("expression")),
    ...templateIssues(failureMessage ?? "", inner.at("failureMessage")),
  );
  return {
    expression: expressionIn(expression),
    failPipeline,
    ...(failureMessage === undefined ? {} : { failureMessage }),
  };
}

function asText(found: unknown): string | undefined {
  return typeof found === "string" ? found : undefined;
}

export const checkPreconditions = stageType({
  type: "checkPreconditions",
  tasks: [{ name: "checkPreconditions", run: failingOnExpressions(run) }],
  check: (context) => readPreconditions(context).issues,
  raw: ["preconditions"],
});
