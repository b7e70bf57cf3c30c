/**
 * `manualJudgment`: waits until somebody judges, by a signal named `judgment` for the stage, with
 * `{ decision: "continue" | "stop", by?, input? }`. A signal that is no judgment is ignored.
 */
import type { PipelineIssue } from "../../errors.js";
import type { JsonObject } from "../../json-value.js";
import type { Signal } from "../../state.js";
import { suspended, type TaskBody, terminal } from "../../task.js";
import { Fields } from "../fields.js";
import { stageType } from "../stage-type.js";
import { unusable } from "./failing.js";

/** The name of the signal. */
export const JUDGMENT = "judgment";

const DECISIONS = ["continue", "stop"] as const;

interface Judgment {
  readonly decision: (typeof DECISIONS)[number];
  readonly by?: string;
  readonly input?: string;
}

const run: TaskBody = ({ context, stage, signaled }) => {
  const { inputs, issues } = readInputs(context);
  if (issues.length > 0) return unusable(issues);
  if (signaled?.name !== JUDGMENT) return suspended();
  const judgment = judgmentIn(signaled, inputs);
  // For whoever looks why the stage still waits.
  if (typeof judgment === "string") return suspended({ context: { judgmentIgnored: judgment } });
  const { decision, by, input } = judgment;
  const outputs = {
    judgmentStatus: decision,
    ...(by === undefined ? {} : { judgedBy: by }),
    ...(input === undefined ? {} : { judgmentInput: input }),
  };
  if (decision === "continue") return { outputs };
  return terminal(`stage "${stage.name}" was stopped by ${by ?? "somebody who gave no name"}`, { outputs });
};

/** In a sentence's part why it is none. */
function judgmentIn({ data = {} }: Signal, inputs: readonly string[]): Judgment | string {
  const issues: PipelineIssue[] = [];
  const fields = new Fields(data, "", issues);
  const decision = fields.required("decision", `one of ${DECISIONS.join(", ")}`, decisionIn, "stop");
  const by = fields.take("by", "text", textIn);
  const input = fields.take("input", "text", textIn);
  const isListed =
    inputs.length === 0 || (input === undefined ? decision === "stop" : inputs.includes(input));
  if (!isListed && issues.length === 0)
    fields.note("input", `expected one of ${inputs.join(", ")}, found ${input ?? "nothing"}`);
  if (issues.length > 0) return issues.map(({ path, message }) => `${path}: ${message}`).join("; ");
  return { decision, ...(by === undefined ? {} : { by }), ...(input === undefined ? {} : { input }) };
}

function decisionIn(found: unknown): Judgment["decision"] | undefined {
  return DECISIONS.find((one) => one === found);
}

function textIn(found: unknown): string | undefined {
  return typeof found === "string" ? found : undefined;
}

/** Of `judgmentInputs: [{ value }]`. None: any input will do, and so will its absence. */
function readInputs(context: JsonObject): {
  readonly inputs: readonly string[];
  readonly issues: PipelineIssue[];
} {
  const issues: PipelineIssue[] = [];
  const inputs = new Fields(context, "", issues).list("judgmentInputs", (found, path) =>
    Fields.of(found, path, issues)?.required("value", "text", textIn, ""),
  );
  return { inputs: inputs ?? [], issues };
}

export const manualJudgment = stageType({
  type: "manualJudgment",
  tasks: [{ name: "judge", run }],
  check: (context) => readInputs(context).issues,
});
