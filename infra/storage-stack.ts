import { RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { DurableTables } from "holdfast/cdk";

export interface StorageStackProps extends StackProps {
  /** Whether the tables may be deleted, by anybody and with the stack. */
  readonly disposable: boolean;
}

/** What must outlive every deployment: the tables, in a stack that is hardly ever touched. */
export class StorageStack extends Stack {
  readonly tables: DurableTables;

  constructor(scope: Construct, id: string, { disposable, ...props }: StorageStackProps) {
    super(scope, id, { description: "Holdfast: the tables of durable executions", ...props });
    this.tables = new DurableTables(this, "Tables", {
      deletionProtection: !disposable,
      removalPolicy: disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
  }
}
