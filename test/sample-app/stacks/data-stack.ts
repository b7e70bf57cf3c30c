import { RemovalPolicy, Stack, type StackProps, Validations } from "aws-cdk-lib";
import { AttributeType, TableEncryptionV2, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Key } from "aws-cdk-lib/aws-kms";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { DurableTables } from "holdfast/cdk";

export interface DataStackProps extends StackProps {
  /** Whether the data may go with the stack. */
  readonly disposable: boolean;
}

/** What outlives the functions: the key, the engine's tables and the shop's own. */
export class DataStack extends Stack {
  readonly key: Key;
  readonly tables: DurableTables;
  readonly stock: TableV2;
  readonly paymentToken: Secret;

  constructor(scope: Construct, id: string, { disposable, ...props }: DataStackProps) {
    super(scope, id, props);
    const removalPolicy = disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
    this.key = new Key(this, "Key", { enableKeyRotation: true, removalPolicy });
    this.tables = new DurableTables(this, "Tables", {
      encryptionKey: this.key,
      removalPolicy,
      deletionProtection: !disposable,
    });
    Validations.of(this.tables).acknowledge({
      id: "AwsSolutions-S1",
      reason: "The account's trail records access to objects.",
    });
    this.stock = new TableV2(this, "Stock", {
      partitionKey: { name: "sku", type: AttributeType.STRING },
      encryption: TableEncryptionV2.customerManagedKey(this.key),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy,
    });
    this.paymentToken = new Secret(this, "PaymentToken", { removalPolicy });
    Validations.of(this.paymentToken).acknowledge({
      id: "AwsSolutions-SMG4",
      reason: "The payment provider issues its tokens by hand.",
    });
  }
}
