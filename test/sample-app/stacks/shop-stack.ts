import { Duration, Stack, type StackProps, Validations } from "aws-cdk-lib";
import { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { EventBus } from "aws-cdk-lib/aws-events";
import { AccountRootPrincipal, Role } from "aws-cdk-lib/aws-iam";
import { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { DurableFunctions } from "holdfast/cdk";
import type { DataStack } from "./data-stack.js";

export interface ShopStackProps extends StackProps {
  readonly data: DataStack;
}

/** Two deployments side by side: orders with everything that there is to set, returns on tables that somebody else made. */
export class ShopStack extends Stack {
  constructor(scope: Construct, id: string, { data, ...props }: ShopStackProps) {
    super(scope, id, props);
    const vpc = closedVpc(this);
    const eventBus = EventBus.fromEventBusName(this, "Company", "company-events");

    const orders = new DurableFunctions(this, "Orders", {
      app: "workflows/orders.ts",
      tables: data.tables,
      eventBus,
      encryptionKey: data.key,
      vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      tracing: true,
      workerTimeout: Duration.minutes(2),
      maxConcurrency: 50,
      retention: Duration.days(90),
      archive: true,
      clientSchedules: true,
      environment: { STOCK_TABLE: data.stock.tableName, PAYMENT_TOKEN: data.paymentToken.secretName },
    });
    for (const runsSteps of orders.turnFunctions) {
      data.stock.grantReadWriteData(runsSteps);
      data.paymentToken.grantRead(runsSteps);
      // What CDK grants of a table's key; what Holdfast grants has its reasons with it.
      for (const action of ["kms:GenerateDataKey*", "kms:ReEncrypt*"])
        Validations.of(runsSteps.role ?? runsSteps).acknowledge({
          id: `AwsSolutions-IAM5[Action::${action}]`,
          reason: "Each stands for the variants of one action, on one key.",
        });
    }

    const callers = { assumedBy: new AccountRootPrincipal() };
    const website = new Role(this, "Website", callers);
    orders.grantStart(website);
    orders.grantSignal(website);
    const support = new Role(this, "Support", callers);
    orders.grantRead(support);
    const operations = new Role(this, "Operations", callers);
    orders.grantClient(operations);
    orders.grantSchedules(operations);
    orders.grantDelete(operations);
    const theirs = `${id.toLowerCase()}-returns`;
    const returns = new DurableFunctions(this, "Returns", {
      app: "workflows/returns.mjs",
      serviceName: theirs,
      eventBus,
      tables: {
        executions: TableV2.fromTableAttributes(this, "ReturnsExecutions", {
          tableName: `${theirs}-executions`,
          tableStreamArn: this.formatArn({
            service: "dynamodb",
            resource: "table",
            resourceName: `${theirs}-executions/stream/2026-01-31T08:00:00.000`,
          }),
        }),
        directory: TableV2.fromTableName(this, "ReturnsDirectory", `${theirs}-directory`),
        payloads: Bucket.fromBucketName(this, "ReturnsPayloads", `${theirs}-payloads`),
      },
    });
    returns.grantStart(website);
    Validations.of(returns).acknowledge({
      id: "Serverless-LambdaTracing",
      reason: "Returns are few, and their logs tell enough.",
    });
  }
}

/** A VPC that nothing leads out of, with a door to every service that the functions call. */
function closedVpc(scope: Construct): Vpc {
  const vpc = new Vpc(scope, "Vpc", {
    availabilityZones: ["a", "b"].map((zone) => `${Stack.of(scope).region}${zone}`),
    natGateways: 0,
    subnetConfiguration: [{ name: "Functions", subnetType: SubnetType.PRIVATE_ISOLATED }],
    gatewayEndpoints: {
      DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      S3: { service: GatewayVpcEndpointAwsService.S3 },
    },
    flowLogs: { All: { destination: FlowLogDestination.toCloudWatchLogs() } },
  });
  const doors = {
    Sqs: InterfaceVpcEndpointAwsService.SQS,
    Events: InterfaceVpcEndpointAwsService.EVENTBRIDGE,
    Scheduler: new InterfaceVpcEndpointAwsService("scheduler"),
    Secrets: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    XRay: InterfaceVpcEndpointAwsService.XRAY,
  };
  for (const [name, service] of Object.entries(doors)) {
    const door = vpc.addInterfaceEndpoint(name, { service });
    Validations.of(door).acknowledge({
      id: "AwsSolutions-EC23",
      reason: "It lets in what is inside of the VPC alone; the rule can't read the VPC's range.",
    });
  }
  return vpc;
}
