import { Duration, type RemovalPolicy } from "aws-cdk-lib";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";

/** What is asked of a bucket; see `TableHandle` for why it is not `IBucket`. */
export interface BucketHandle {
  readonly bucketName: string;
  readonly bucketArn: string;
}

/** As long as a table can be put back to an earlier time: what was deleted by mistake is recovered from both, or from neither. */
const RECOVERABLE_DAYS = 35;

/**
 * The bucket of large values. Versioned, although no object is ever changed: a deletion, or a write by somebody else, leaves the version
 * before it for as long as the tables' own backups reach back. A repeated write makes a second version of the same bytes, which goes then, too.
 */
export class PayloadBucket extends Bucket {
  constructor(scope: Construct, id: string, { removalPolicy }: { readonly removalPolicy: RemovalPolicy }) {
    super(scope, id, {
      removalPolicy,
      encryption: BucketEncryption.S3_MANAGED,
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
