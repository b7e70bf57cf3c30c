/** `AWS::SQS::Queue`. */
import { parseArn } from "../../arn.js";
import { DEFAULT_SETTINGS, type QueueSettings } from "../../sqs/queue.js";
import { TemplateError } from "../intrinsics.js";
import type { ReportIgnored } from "../plan.js";
import type { Resource } from "../resources.js";
import { account } from "./properties.js";

export interface QueueSpec {
  readonly name: string;
  readonly settings: QueueSettings;
}

const USED = [
  "QueueName",
  "VisibilityTimeout",
  "DelaySeconds",
  "MessageRetentionPeriod",
  "ReceiveMessageWaitTimeSeconds",
  "MaximumMessageSize",
  "RedrivePolicy",
  "FifoQueue",
];
const HARMLESS = [
  "KmsMasterKeyId",
  "KmsDataKeyReusePeriodSeconds",
  "SqsManagedSseEnabled",
  "RedriveAllowPolicy",
  "Tags",
];

export const readQueue = (resource: Resource, report: ReportIgnored): QueueSpec => {
  const { properties, identity } = resource;
  account(resource, { used: USED, harmless: HARMLESS }, report);
  if (properties.boolean("FifoQueue") === true)
    throw new TemplateError(`${identity.stack}/${identity.logicalId}: the local SQS has no FIFO queues.`);
  const redrive = properties.object("RedrivePolicy");
  const dead = parseArn(redrive?.string("deadLetterTargetArn") ?? "");
  const maxReceiveCount = redrive?.number("maxReceiveCount");
  return {
    name: identity.name,
    settings: {
      visibilityTimeoutSeconds:
        properties.number("VisibilityTimeout") ?? DEFAULT_SETTINGS.visibilityTimeoutSeconds,
      delaySeconds: properties.number("DelaySeconds") ?? DEFAULT_SETTINGS.delaySeconds,
      retentionSeconds: properties.number("MessageRetentionPeriod") ?? DEFAULT_SETTINGS.retentionSeconds,
      receiveWaitSeconds:
        properties.number("ReceiveMessageWaitTimeSeconds") ?? DEFAULT_SETTINGS.receiveWaitSeconds,
      messageBytesMax: properties.number("MaximumMessageSize") ?? DEFAULT_SETTINGS.messageBytesMax,
      ...(dead.kind === "queue" && maxReceiveCount !== undefined
        ? { redrive: { queue: dead.name, maxReceiveCount } }
        : {}),
    },
  };
};
