/** `wait`: `waitTime` seconds go by, in which nothing runs. */

import { shown } from "../../../model/shown.js";
import { LONGEST_DURATION_MS } from "../../../model/time.js";
import type { PipelineIssue } from "../../errors.js";
import type { Json, JsonObject } from "../../json-value.js";
import { running, type TaskBody, terminal } from "../../task.js";
import { variablesOf } from "../../variables.js";
import { Fields } from "../fields.js";
import { stageType } from "../stage-type.js";
import { expressionIn, expressionIssues, judged } from "../template.js";
import { failingOnExpressions } from "./failing.js";

const LONGEST_SECONDS = LONGEST_DURATION_MS / 1_000;
const EXPECTED = `a number of seconds from 0 to ${LONGEST_SECONDS}, or a CEL expression that gives one`;

/** In the context: whose wait has begun. What belongs to a stage sees the stage's context too, and must not take its wait for its own. */
const WAITING = "_waiting";

const run: TaskBody = ({ context, stage, pipeline }) => {
  if (context[WAITING] === stage.refId) return {};
  const { waitTime = null } = context;
  const found =
    typeof waitTime === "string"
      ? judged(expressionIn(waitTime), variablesOf(context, pipeline.trigger))
      : waitTime;
  const seconds = secondsIn(found);
  if (seconds === undefined)
    return terminal(
      `waitTime: expected a number of seconds from 0 to ${LONGEST_SECONDS}, found ${shown(found)}`,
    );
  return seconds === 0 ? {} : running({ seconds }, { context: { [WAITING]: stage.refId } });
};

function secondsIn(found: Json): number | undefined {
  // What a trigger was given in a form, or in a query, is text.
  const seconds = typeof found === "string" && /^\d+(\.\d+)?$/.test(found) ? Number(found) : found;
  return typeof seconds === "number" && seconds >= 0 && seconds <= LONGEST_SECONDS ? seconds : undefined;
}

function check(context: JsonObject): PipelineIssue[] {
  const issues: PipelineIssue[] = [];
  const waitTime = new Fields(context, "", issues).required<Json>(
    "waitTime",
    EXPECTED,
    (found) => (typeof found === "string" || secondsIn(found) !== undefined ? found : undefined),
    0,
  );
  return typeof waitTime === "string" ? expressionIssues(waitTime, "waitTime") : issues;
}

export const wait = stageType({
  type: "wait",
  tasks: [{ name: "wait", run: failingOnExpressions(run) }],
  check,
  raw: ["waitTime"],
});
