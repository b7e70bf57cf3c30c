/**
 * The physical name, `Ref` and attributes of each resource, from its logical id alone. Resources that the
 * local cloud ignores get plausible ones, too: a role's ARN stands in the properties of what is not ignored.
 */
import { createHash } from "node:crypto";
import { ownOf } from "../../model/own.js";
import { ACCOUNT, arn, REGION } from "../arn.js";
import type { Json } from "../json.js";

/** Where a resource of this type has its own name. */
const NAME_PROPERTY: Readonly<Record<string, string>> = {
  "AWS::DynamoDB::Table": "TableName",
  "AWS::DynamoDB::GlobalTable": "TableName",
  "AWS::S3::Bucket": "BucketName",
  "AWS::SQS::Queue": "QueueName",
  "AWS::Events::EventBus": "Name",
  "AWS::Events::Rule": "Name",
  "AWS::Scheduler::ScheduleGroup": "Name",
  "AWS::Scheduler::Schedule": "Name",
  "AWS::Lambda::Function": "FunctionName",
};

/** The longest name that AWS allows for any of the types above but a bucket. */
const NAME_CHARS_MAX = 64;

export const nameProperty = (type: string): string | undefined => ownOf(NAME_PROPERTY, type);

/** As CloudFormation makes names up, but the same on every run, so that state on disk stays theirs. */
export const generatedName = (stack: string, logicalId: string, type = ""): string => {
  const hash = createHash("sha256").update(`${stack}/${logicalId}`).digest("hex").slice(0, 8);
  const name = `${`${stack}-${logicalId}`.slice(0, NAME_CHARS_MAX - hash.length - 1)}-${hash}`;
  // No capitals, and one character less; the hash stays, at the end.
  return type === "AWS::S3::Bucket" ? name.toLowerCase().slice(-63) : name;
};

export interface Identity {
  readonly type: string;
  readonly logicalId: string;
  readonly stack: string;
  readonly name: string;
  /** The group of a schedule, the bus of a rule, the function of a version or alias. */
  readonly parent?: string;
  /** Of a version. */
  readonly number?: string;
}

/** What `Ref` gives. A queue's is its address, which needs the endpoint of the local SQS. */
export const refOf = (identity: Identity, endpoint: string): Json => {
  const { type, name, parent, number } = identity;
  switch (type) {
    case "AWS::SQS::Queue":
      return `${endpoint}/${ACCOUNT}/${name}`;
    case "AWS::Events::Rule":
      return parent === undefined ? name : `${parent}|${name}`;
    case "AWS::Lambda::Version":
      return `${arn.lambda(parent ?? name)}:${number ?? "1"}`;
    case "AWS::Lambda::Alias":
      return `${arn.lambda(parent ?? name)}:${name}`;
    default:
      return name;
  }
};

/** What `Fn::GetAtt` gives; made up for what has no counterpart here. */
export const attributeOf = (identity: Identity, attribute: string, endpoint: string): Json => {
  const { type, name, parent, number } = identity;
  switch (`${type}.${attribute}`) {
    case "AWS::SQS::Queue.Arn":
      return arn.queue(name);
    case "AWS::SQS::Queue.QueueName":
      return name;
    case "AWS::SQS::Queue.QueueUrl":
      return refOf(identity, endpoint);
    case "AWS::S3::Bucket.Arn":
      return `arn:aws:s3:::${name}`;
    case "AWS::DynamoDB::Table.Arn":
    case "AWS::DynamoDB::GlobalTable.Arn":
      return arn.table(name);
    case "AWS::DynamoDB::Table.StreamArn":
    case "AWS::DynamoDB::GlobalTable.StreamArn":
      return arn.stream(name);
    case "AWS::Events::EventBus.Arn":
      return arn.bus(name);
    case "AWS::Events::EventBus.Name":
      return name;
    case "AWS::Events::Rule.Arn":
      return arn.rule(parent ?? "default", name);
    case "AWS::Scheduler::ScheduleGroup.Arn":
      return arn.scheduleGroup(name);
    case "AWS::Scheduler::Schedule.Arn":
      return arn.schedule(parent ?? "default", name);
    case "AWS::Lambda::Function.Arn":
      return arn.lambda(name);
    case "AWS::IAM::Role.Arn":
      return `arn:aws:iam::${ACCOUNT}:role/${name}`;
    case "AWS::Lambda::Version.FunctionArn":
      return refOf(identity, endpoint);
    case "AWS::Lambda::Version.Version":
      return number ?? "1";
    default:
      return attribute.endsWith("Arn")
        ? `arn:aws:${(type.split("::")[1] ?? "local").toLowerCase()}:${REGION}:${ACCOUNT}:${name}`
        : `${name}.${attribute}`;
  }
};
