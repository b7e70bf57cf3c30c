import { Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { DurableFunctions, type DurableFunctionsProps } from "holdfast/cdk";

export interface RuntimeStackProps extends StackProps {
  readonly durable: DurableFunctionsProps;
}

/** What can be thrown away and made again: functions, queues, bus, schedules. */
export class RuntimeStack extends Stack {
  readonly durable: DurableFunctions;

  constructor(scope: Construct, id: string, { durable, ...props }: RuntimeStackProps) {
    super(scope, id, {
      description: "Holdfast: the functions that keep durable executions moving",
      ...props,
    });
    // With this id the outputs carry no prefix: HoldfastService, HoldfastWakeQueueUrl and so on.
    this.durable = new DurableFunctions(this, "Holdfast", durable);
  }
}
