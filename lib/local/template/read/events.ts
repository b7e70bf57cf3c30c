/** `AWS::Events::EventBus` and `AWS::Events::Rule`. */

import { compilePattern } from "../../../model/pattern/pattern.js";
import type { Rule, RuleTarget } from "../../events/buses.js";
import type { Fields } from "../../json.js";
import { parseExpression } from "../../schedule-expression.js";
import { TemplateError } from "../intrinsics.js";
import type { ReportIgnored } from "../plan.js";
import type { Resource } from "../resources.js";
import { account } from "./properties.js";

export interface BusSpec {
  readonly name: string;
}

export const readBus = (resource: Resource, report: ReportIgnored): BusSpec => {
  const harmless = ["DeadLetterConfig", "Description", "KmsKeyIdentifier", "LogConfig", "Policy", "Tags"];
  account(resource, { used: ["Name"], harmless }, report);
  return { name: resource.identity.name };
};

const RULE_USED = ["Name", "EventBusName", "EventPattern", "ScheduleExpression", "State", "Targets"];
const RULE_HARMLESS = ["Description", "RoleArn", "Tags"];
const TARGET_USED = ["Id", "Arn", "Input", "InputPath", "DeadLetterConfig"];
/** Local delivery succeeds at once or never, so there is nothing to retry. */
const TARGET_HARMLESS = ["RetryPolicy", "RoleArn"];

export const readRule = (resource: Resource, report: ReportIgnored): Rule | undefined => {
  const { properties, identity } = resource;
  account(resource, { used: RULE_USED, harmless: RULE_HARMLESS }, report);
  if (properties.string("State") === "DISABLED") return undefined;
  const pattern = properties.get("EventPattern");
  const text = properties.string("ScheduleExpression");
  const schedule = text === undefined ? undefined : parseExpression(text);
  if (schedule?.kind === "invalid")
    throw new TemplateError(
      `${identity.stack}/${identity.logicalId}: the schedule ${text} is not understood: ${schedule.reason}.`,
    );
  return {
    name: identity.name,
    bus: (properties.string("EventBusName") ?? "default").split("/").at(-1) ?? "default",
    targets: properties.objects("Targets").map((target, index) => {
      account(
        resource,
        { used: TARGET_USED, harmless: TARGET_HARMLESS },
        report,
        target,
        `Targets[${index}].`,
      );
      return readTarget(target, resource);
    }),
    ...(pattern === undefined ? {} : { event: { pattern, matches: compilePattern(pattern) } }),
    ...(schedule === undefined ? {} : { schedule }),
  };
};

const readTarget = (target: Fields, { identity }: Resource): RuleTarget => {
  // Silently handing over the whole event instead would make the target misread it.
  if (target.has("InputTransformer"))
    throw new TemplateError(
      `${identity.stack}/${identity.logicalId}: the local EventBridge has no InputTransformer; use Input or InputPath.`,
    );
  const deadLetterArn = target.object("DeadLetterConfig")?.string("Arn");
  return {
    arn: target.require("Arn", target.string("Arn")),
    input: inputOf(target, identity.logicalId),
    ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
  };
};

const inputOf = (target: Fields, logicalId: string): RuleTarget["input"] => {
  const text = target.string("Input");
  if (text !== undefined) return { kind: "constant", text };
  const path = target.string("InputPath");
  if (path === undefined || path === "$") return { kind: "event" };
  if (!/^\$(\.[\w-]+)+$/.test(path))
    throw new TemplateError(
      `${logicalId}: the InputPath "${path}" is not understood; only paths such as $.detail.order are.`,
    );
  return { kind: "path", path: path.slice(2).split(".") };
};
