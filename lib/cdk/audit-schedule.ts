import { Duration } from "aws-cdk-lib";
import { Rule, RuleTargetInput, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as LambdaTarget } from "aws-cdk-lib/aws-events-targets";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { acknowledge } from "./acknowledged.js";

/** What a run leaves free before the next is due, so that two cannot overlap however long one takes. */
const gap = Duration.seconds(10);

/** A run reads a fixed amount, in seconds; five minutes are for the worst of throttling. */
const longestRun = Duration.minutes(5);

/** How long a run of the audit may take, given its interval. */
export function auditTimeout(every: Duration): Duration {
  return Duration.seconds(Math.min(every.toSeconds(), longestRun.toSeconds()) - gap.toSeconds());
}

/** Invokes the audit at a fixed rate. A run that fails is not repeated: the next one is minutes away and begins where it stood. */
export function runEvery(every: Duration, audit: LambdaFunction): void {
  audit.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
  const rule = new Rule(audit.node.scope ?? audit, "Schedule", {
    description: "Runs Holdfast's audit",
    schedule: Schedule.rate(every),
    targets: [new LambdaTarget(audit, { event: RuleTargetInput.fromObject({}), retryAttempts: 0 })],
  });
  const reason = "A run that is lost is not repeated: the next one is minutes away and begins where it stood";
  acknowledge(rule, "Serverless-EventBusDLQ", reason);
  acknowledge(audit, "Serverless-LambdaAsyncFailureDestination", reason);
}
