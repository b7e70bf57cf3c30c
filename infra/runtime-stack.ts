import { Stack, type StackProps, Validations } from "aws-cdk-lib";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import { DurableFunctions, type DurableFunctionsProps } from "holdfast/cdk";

export interface RuntimeStackProps extends StackProps {
  readonly durable: DurableFunctionsProps;
  /** What the example's transfers move money in. */
  readonly accounts: TableV2;
}

/** What can be thrown away and made again: functions, queues, bus, schedules. */
export class RuntimeStack extends Stack {
  readonly durable: DurableFunctions;

  constructor(scope: Construct, id: string, { durable, accounts, ...props }: RuntimeStackProps) {
    super(scope, id, {
      description: "Holdfast: the functions that keep durable executions moving",
      ...props,
    });
    // With this id the outputs carry no prefix: HoldfastService, HoldfastWakeQueueUrl and so on.
    this.durable = new DurableFunctions(this, "Holdfast", durable);
    Validations.of(this.durable).acknowledge({
      id: "Serverless-LambdaTracing",
      reason: "An example: traces are billed, and `tracing` turns them on",
    });
    // Whoever runs turns makes their transactions: the worker, and start for first turns that somebody waits for.
    for (const runsTurns of this.durable.turnFunctions) {
      runsTurns.addEnvironment("ACCOUNTS_TABLE", accounts.tableName);
      accounts.grant(runsTurns, "dynamodb:UpdateItem");
    }
  }
}
