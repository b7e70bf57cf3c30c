import { RemovalPolicy, Stack, Token } from "aws-cdk-lib";
import {
  type Attribute,
  AttributeType,
  Billing,
  ProjectionType,
  StreamViewType,
  TableEncryptionV2,
  TableV2,
} from "aws-cdk-lib/aws-dynamodb";
import { Construct } from "constructs";
import { HoldfastConfigError } from "./config-error.js";
import { checkNoAlias, type EncryptionKey, type KeyHandle } from "./keys.js";
import { type BucketHandle, PayloadBucket } from "./payload-bucket.js";

/**
 * What is asked of a table. Every table construct of CDK has it; `ITableV2` itself cannot be named here, as CDK's own classes
 * are not assignable to it in a project with `exactOptionalPropertyTypes`.
 */
export interface TableHandle {
  readonly tableName: string;
  readonly tableArn: string;
  readonly tableStreamArn?: string | undefined;
  /** The customer's key that it is encrypted with, if there is one. An imported table must name it. */
  readonly encryptionKey?: KeyHandle | undefined;
}

/** What holds everything: histories, what must be found without knowing an execution's id, and values too large for a table. */
export interface HoldfastTables {
  /** Must have a stream that shows new images. */
  readonly executions: TableHandle;
  readonly directory: TableHandle;
  readonly payloads: BucketHandle;
}

/** Where what executions record is kept, and what becomes of it. Everything has a default. */
export interface DurableTablesProps {
  /**
   * What becomes of the tables and the bucket when they leave the stack. A bucket with objects in it can't be deleted: empty it first.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * Refuses every deletion of the tables, by whomever.
   * @default true
   */
  readonly deletionProtection?: boolean;
  /**
   * A bucket for large values that is there already. It should be private, encrypted, versioned and in the functions' region.
   * @default a bucket of its own
   */
  readonly payloadBucket?: BucketHandle;
  /**
   * A KMS key of yours that the tables and the bucket are encrypted with. Its ARN is what grants name, so imported ones do as well.
   * @default keys that DynamoDB and S3 own, without a charge per access
   */
  readonly encryptionKey?: EncryptionKey;
}

/** The names of the Executions table's indexes. */
export const indexNames = {
  byWorkflow: "byWorkflow",
  byApplication: "byApplication",
  byPipelineConfig: "byPipelineConfig",
  byStatus: "byStatus",
  outboxPending: "outboxPending",
} as const;

const text = (name: string): Attribute => ({ name, type: AttributeType.STRING });
const count = (name: string): Attribute => ({ name, type: AttributeType.NUMBER });

/**
 * The tables of a deployment, and the bucket beside them. They stand in a construct of their own so that they can live in a stack that is deployed
 * rarely and deleted never, apart from the functions, which are deployed daily.
 */
export class DurableTables extends Construct implements HoldfastTables {
  readonly executions: TableV2;
  readonly directory: TableV2;
  readonly payloads: BucketHandle;

  constructor(scope: Construct, id: string, props: DurableTablesProps = {}) {
    super(scope, id);
    const { encryptionKey } = props;
    checkNoAlias("encryptionKey", encryptionKey);
    if (encryptionKey !== undefined) checkRegion(this);
    if (props.removalPolicy === RemovalPolicy.SNAPSHOT) throw noSnapshots();
    const shared = {
      partitionKey: text("pk"),
      sortKey: text("sk"),
      // Nothing is paid for what nobody uses, and no capacity is there to be run out of.
      billing: Billing.onDemand(),
      encryption:
        encryptionKey === undefined
          ? // A key that DynamoDB owns: encrypted at rest like any other, without a KMS charge per access.
            TableEncryptionV2.dynamoOwnedKey()
          : TableEncryptionV2.customerManagedKey(encryptionKey),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: props.deletionProtection ?? true,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    };
    this.executions = new TableV2(this, "Executions", {
      ...shared,
      // The relay reads what a commit says, and never what stood there before it.
      dynamoStream: StreamViewType.NEW_IMAGE,
      // Keys only: an index entry is a pointer that is written rarely; the head, which changes often, is read by key.
      globalSecondaryIndexes: [
        // Every execution, newest first.
        index(indexNames.byWorkflow, text("wf"), count("createdAt")),
        // Sparse: those that were started for an application, and by a configuration of a pipeline.
        index(indexNames.byApplication, text("ap"), count("createdAt")),
        index(indexNames.byPipelineConfig, text("pc"), count("createdAt")),
        // Sparse: open executions, and those that failed or stalled.
        index(indexNames.byStatus, text("st"), count("createdAt")),
        // Sparse: commits whose outgoing messages are not all published, and heads whose first wake was not sent, by the time of their next try.
        index(indexNames.outboxPending, text("ob"), count("obAt")),
      ],
    });
    this.directory = new TableV2(this, "Directory", {
      ...shared,
      // Recent events expire. Readers compare the time themselves, as DynamoDB may be days late with the removal.
      timeToLiveAttribute: "ttl",
    });
    this.payloads =
      props.payloadBucket ??
      new PayloadBucket(this, "Payloads", {
        removalPolicy: shared.removalPolicy,
        ...(encryptionKey === undefined ? {} : { encryptionKey }),
      });
  }
}

function noSnapshots(): HoldfastConfigError {
  return new HoldfastConfigError({
    what: "CloudFormation makes no snapshots of tables and buckets when they leave a stack.",
    expected: "`removalPolicy` RETAIN or DESTROY",
    found: "RemovalPolicy.SNAPSHOT",
    next: "Leave it out: the tables stay, and are recoverable to any second of 35 days.",
  });
}

/** CDK writes the key of a table into the template by region, and can't where that is known at deployment only. */
function checkRegion(scope: Construct): void {
  if (!Token.isUnresolved(Stack.of(scope).region)) return;
  throw new HoldfastConfigError({
    what: "Tables with a key of yours need a stack whose region is known.",
    expected: "`env: { region: ... }` on the stack that holds the tables",
    found: `${Stack.of(scope).node.path}, which can be deployed to any region`,
    next: "Name the region, or leave `encryptionKey` out: DynamoDB then encrypts with a key of its own.",
  });
}

function index(indexName: string, partitionKey: Attribute, sortKey: Attribute) {
  return { indexName, partitionKey, sortKey, projectionType: ProjectionType.KEYS_ONLY };
}
