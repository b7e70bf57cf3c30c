import { RemovalPolicy, Stack, type StackProps, Validations } from "aws-cdk-lib";
import { AttributeType, Billing, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import { DurableTables } from "holdfast/cdk";

export interface StorageStackProps extends StackProps {
  /** Whether the tables may be deleted, by anybody and with the stack. */
  readonly disposable: boolean;
}

/** What must outlive every deployment: the tables, in a stack that is hardly ever touched. */
export class StorageStack extends Stack {
  readonly tables: DurableTables;
  /** The example app's own: what its transfers move money in. */
  readonly accounts: TableV2;

  constructor(scope: Construct, id: string, { disposable, ...props }: StorageStackProps) {
    super(scope, id, { description: "Holdfast: the tables of durable executions", ...props });
    const kept = {
      deletionProtection: !disposable,
      removalPolicy: disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    };
    this.tables = new DurableTables(this, "Tables", kept);
    Validations.of(this.tables).acknowledge({
      id: "AwsSolutions-S1",
      reason: "An example: a log of each access to its large values would be another bucket to keep",
    });
    this.accounts = new TableV2(this, "Accounts", {
      ...kept,
      partitionKey: { name: "id", type: AttributeType.STRING },
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    });
  }
}
