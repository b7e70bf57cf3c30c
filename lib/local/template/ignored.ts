/** Which resource types the local cloud leaves out, and why. */

const READ = new Set([
  "AWS::DynamoDB::Table",
  "AWS::DynamoDB::GlobalTable",
  "AWS::S3::Bucket",
  "AWS::SQS::Queue",
  "AWS::Lambda::Function",
  "AWS::Lambda::EventInvokeConfig",
  "AWS::Lambda::EventSourceMapping",
  "AWS::Lambda::Version",
  "AWS::Lambda::Alias",
  "AWS::Events::EventBus",
  "AWS::Events::Rule",
  "AWS::Scheduler::ScheduleGroup",
  "AWS::Scheduler::Schedule",
  // What CDK counts its constructs with; it is nothing on AWS, either.
  "AWS::CDK::Metadata",
]);

const REASONS: readonly (readonly [prefix: string, reason: string])[] = [
  ["AWS::IAM::", "permissions are not checked locally"],
  ["AWS::Lambda::Permission", "permissions are not checked locally"],
  ["AWS::SQS::QueuePolicy", "permissions are not checked locally"],
  ["AWS::Events::EventBusPolicy", "permissions are not checked locally"],
  ["AWS::CloudWatch::", "there are no metrics, alarms or dashboards locally"],
  ["AWS::Logs::", "logs go to the terminal"],
  ["AWS::KMS::", "nothing is encrypted locally"],
  ["AWS::S3::BucketPolicy", "permissions are not checked locally"],
  ["AWS::S3::", "the local S3 has buckets and their objects, and nothing else"],
  ["AWS::SNS::", "there is no local SNS"],
  ["AWS::SSM::", "there is no local Parameter Store"],
  ["AWS::CloudFormation::CustomResource", "custom resources are not run locally"],
  ["Custom::", "custom resources are not run locally"],
];

/** The reason why a type has no effect here; `undefined` for the types that have one. */
export const whyIgnored = (type: string): string | undefined => {
  if (READ.has(type)) return undefined;
  return (
    REASONS.find(([prefix]) => type.startsWith(prefix))?.[1] ?? "the local cloud does not know this type"
  );
};
