/** The soak's app in a stack of its own, and somebody else on its bus. */
import { App, CfnOutput, Duration, Stack } from "aws-cdk-lib";
import { Rule } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { DurableFunctions } from "holdfast/cdk";
import { Said } from "./app.js";

export const STACK = "Soak";

export function synthesize(app: string, outdir: string): void {
  const cdk = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(cdk, STACK);
  const durable = new DurableFunctions(stack, "Holdfast", {
    app,
    serviceName: "soak",
    // A killed turn is taken over after both; the defaults would be most of the soak.
    workerTimeout: Duration.seconds(10),
    wakeVisibilityMargin: Duration.seconds(5),
    auditEvery: Duration.minutes(1),
    logLevel: "error",
  });
  const heard = new Queue(stack, "Heard");
  new Rule(stack, "All", {
    eventBus: durable.bus,
    eventPattern: { source: [durable.serviceName], detailType: [Said.name] },
    targets: [new SqsQueue(heard)],
  });
  new CfnOutput(stack, "HeardQueueUrl", { value: heard.queueUrl });
  cdk.synth();
}
