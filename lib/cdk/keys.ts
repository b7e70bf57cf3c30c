/**
 * What somebody needs of a customer's key. It is read off what they may do with the things that the key locks, so that it is never more, and
 * never less. The key is of use to them through that service alone.
 */
import { Aws } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey, Key } from "aws-cdk-lib/aws-kms";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { HoldfastConfigError } from "./config-error.js";
import { deployedStack } from "./unique-name.js";

/** A key, made here or imported; see `Bus` for why the class is named beside its interface. */
export type EncryptionKey = Key | IKey;

/** What is asked of the key of a table or bucket that is there already. */
export interface KeyHandle {
  readonly keyArn: string;
}

/** Something that is encrypted, or not, with a customer's key. */
export interface Locked {
  readonly arn: string;
  readonly service: "dynamodb" | "s3" | "sqs";
  readonly key: KeyHandle | undefined;
}

const DECRYPT = "kms:Decrypt";
const GENERATE = "kms:GenerateDataKey";

/**
 * What each service does with the key in a caller's name. DynamoDB decrypts the table's own key, for reads and writes alike. S3 makes a key for each
 * object, or for a while where bucket keys are on. SQS makes one for some minutes, and looks at it again when it sends.
 */
function usesOf(service: Locked["service"], action: string): readonly string[] {
  if (service === "dynamodb") return [DECRYPT];
  switch (action) {
    case "s3:GetObject":
    case "sqs:ReceiveMessage":
      return [DECRYPT];
    case "s3:PutObject":
      return [GENERATE];
    case "sqs:SendMessage":
      return [DECRYPT, GENERATE];
    default:
      return [];
  }
}

/** Queues, with the keys that they were made with. */
export function lockedQueues(...queues: readonly Queue[]): Locked[] {
  return queues.map(({ queueArn, encryptionMasterKey }) => ({
    arn: queueArn,
    service: "sqs",
    key: encryptionMasterKey,
  }));
}

/** The statements, and behind them what they need of keys: one statement for each key and service. */
export function withKeys(
  statements: readonly PolicyStatement[],
  locked: readonly Locked[],
): PolicyStatement[] {
  const needed = new Map<string, { keyArn: string; service: string; actions: Set<string> }>();
  for (const { arn, service, key } of locked) {
    if (key === undefined) continue;
    const touching = statements.filter(({ resources }) => resources.some((each) => isWithin(each, arn)));
    const uses = touching.flatMap(({ actions }) => actions.flatMap((action) => usesOf(service, action)));
    if (uses.length === 0) continue;
    const id = `${key.keyArn} ${service}`;
    const entry = needed.get(id) ?? { keyArn: key.keyArn, service, actions: new Set() };
    for (const use of uses) entry.actions.add(use);
    needed.set(id, entry);
  }
  const ofKeys = [...needed.values()].map(
    ({ keyArn, service, actions }) =>
      new PolicyStatement({
        actions: [...actions].sort(),
        resources: [keyArn],
        conditions: { StringEquals: { "kms:ViaService": `${service}.${Aws.REGION}.${Aws.URL_SUFFIX}` } },
      }),
  );
  return [...statements, ...ofKeys];
}

/**
 * Says in the key's own policy which services use it in nobody's name: CloudWatch Logs for the log groups, which CloudFormation names after the
 * stack, and EventBridge for the queues that its rules lead to. Nothing can be said in the policy of an imported key; its owner must.
 */
export function admitServices(scope: Construct, key: EncryptionKey): void {
  const logGroups = `arn:${Aws.PARTITION}:logs:${Aws.REGION}:${Aws.ACCOUNT_ID}:log-group:${deployedStack(scope).stackName}-*`;
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal(`logs.${Aws.REGION}.${Aws.URL_SUFFIX}`)],
      actions: ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
      resources: ["*"],
      conditions: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": logGroups } },
    }),
  );
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal("events.amazonaws.com")],
      actions: [DECRYPT, GENERATE],
      resources: ["*"],
      conditions: { StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID } },
    }),
  );
}

/**
 * KMS judges by the key that an alias stands for: a permission on the alias's own ARN permits nothing, and CloudWatch Logs takes none.
 * @throws HoldfastConfigError for an alias
 */
export function checkNoAlias(prop: string, key: KeyHandle | undefined): void {
  if (key === undefined || !("aliasName" in key || key.keyArn.includes(":alias/"))) return;
  throw new HoldfastConfigError({
    what: `The prop \`${prop}\` is the alias of a key.`,
    expected: "the key itself: roles are permitted to use a key, and not an alias",
    found: "an alias",
    next: 'Pass its key: Key.fromLookup(this, "Key", { aliasName }), or `aliasTargetKey` of an alias that is made in the app.',
  });
}

/** The thing itself, or what lies in it: objects of a bucket, indexes of a table. */
function isWithin(resource: string, arn: string): boolean {
  return resource === arn || resource.startsWith(`${arn}/`);
}
