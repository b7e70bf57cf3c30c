import { Duration, type RemovalPolicy } from "aws-cdk-lib";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { EncryptionKey, KeyHandle } from "./keys.js";

/** What is asked of a bucket; see `TableHandle` for why it is not `IBucket`. */
export interface BucketHandle {
  readonly bucketName: string;
  readonly bucketArn: string;
  /** The customer's key that its objects are encrypted with, if there is one. */
  readonly encryptionKey?: KeyHandle | undefined;
}

export interface PayloadBucketProps {
  readonly removalPolicy: RemovalPolicy;
  readonly encryptionKey?: EncryptionKey;
}

/** As long as a table can be put back to an earlier time: what was deleted by mistake is recovered from both, or from neither. */
const RECOVERABLE_DAYS = 35;

/**
 * The bucket of large values. Versioned, although no object is ever changed: a deletion, or a write by somebody else, leaves the version
 * before it for as long as the tables' own backups reach back. A repeated write makes a second version of the same bytes, which goes then, too.
 */
export class PayloadBucket extends Bucket {
  constructor(scope: Construct, id: string, { removalPolicy, encryptionKey }: PayloadBucketProps) {
    super(scope, id, {
      removalPolicy,
      ...(encryptionKey === undefined
        ? { encryption: BucketEncryption.S3_MANAGED }
        : // With a bucket key, KMS is asked, and paid, once in a while and not for each object.
          { encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }),
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      versioned: true,
      lifecycleRules: [
        {
          id: "forget-what-was-replaced",
          noncurrentVersionExpiration: Duration.days(RECOVERABLE_DAYS),
          expiredObjectDeleteMarker: true,
        },
      ],
    });
  }
}
