import { CfnOutput, Stack, type StackProps, Validations } from "aws-cdk-lib";
import { Rule } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { DurableFunctions } from "holdfast/cdk";

export interface AudienceStackProps extends StackProps {
  readonly durable: DurableFunctions;
}

/** Somebody else on the bus, as any consumer would be: a rule of its own for all that the deployment publishes, and a queue. */
export class AudienceStack extends Stack {
  constructor(scope: Construct, id: string, { durable, ...props }: AudienceStackProps) {
    super(scope, id, props);
    const queue = new Queue(this, "Heard", { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true });
    new Rule(this, "Everything", {
      eventBus: durable.bus,
      eventPattern: { source: [durable.serviceName] },
      targets: [new SqsQueue(queue)],
    });
    for (const id of ["AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy", "Serverless-EventBusDLQ"])
      Validations.of(this).acknowledge({
        id,
        reason: "It listens in a demonstration; nothing is done with what it hears",
      });
    new CfnOutput(this, "HeardQueueUrl", { value: queue.queueUrl });
  }
}
