/** The chaos's app in a stack of its own, the table that its transactions write to, and somebody else on its bus. */
import { App, CfnOutput, Duration, Stack } from "aws-cdk-lib";
import { AttributeType, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Rule } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { DurableFunctions } from "holdfast/cdk";
import { MONEY, Said } from "./app.js";
import { LEDGER } from "./ledger.js";

export const STACK = "Chaos";

/** @param ledger the directory in which bodies write down what they do */
export function synthesize(app: string, outdir: string, ledger: string): void {
  const cdk = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(cdk, STACK);
  const money = new TableV2(stack, "Money", { partitionKey: { name: "id", type: AttributeType.STRING } });
  const durable = new DurableFunctions(stack, "Holdfast", {
    app,
    serviceName: "chaos",
    environment: { [LEDGER]: ledger, [MONEY]: money.tableName },
    // A killed turn is taken over after both; the defaults would be most of the storm.
    workerTimeout: Duration.seconds(10),
    wakeVisibilityMargin: Duration.seconds(5),
    auditEvery: Duration.minutes(1),
    logLevel: "error",
  });
  money.grantReadWriteData(durable.worker);
  const heard = new Queue(stack, "Heard");
  new Rule(stack, "All", {
    eventBus: durable.bus,
    eventPattern: { source: [durable.serviceName], detailType: [Said.name] },
    targets: [new SqsQueue(heard)],
  });
  new CfnOutput(stack, "HeardQueueUrl", { value: heard.queueUrl });
  new CfnOutput(stack, "MoneyTable", { value: money.tableName });
  cdk.synth();
}
