import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { Queue, QueueEncryption, type QueueProps } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledged.js";
import type { EncryptionKey } from "./keys.js";

/** The longest that SQS keeps a message: time enough for people to come back from a holiday and repair what failed. */
const longestRetention = Duration.days(14);

/**
 * How often a message is tried before it is set aside. Every try of a wake may be a crashed turn, and five of those leave
 * an execution `stalled` by its own rule; twice that keeps throttled tries from using the number up first.
 */
const maxReceiveCount = 10;

export interface GuardedQueueProps {
  /** How long a consumer may hold a message; longer than the consumer's timeout. */
  readonly visibilityTimeout: Duration;
  readonly encryptionKey?: EncryptionKey;
}

/** A queue that loses nothing: encrypted, reached over TLS only, and with a dead-letter queue for what is not consumed. */
export class GuardedQueue extends Construct {
  readonly queue: Queue;
  readonly dlq: Queue;

  constructor(scope: Construct, id: string, props: GuardedQueueProps) {
    super(scope, id);
    this.dlq = deadLetterQueue(this, "Dlq", props);
    this.queue = new Queue(this, "Queue", {
      visibilityTimeout: props.visibilityTimeout,
      retentionPeriod: longestRetention,
      ...encrypted(props.encryptionKey),
      enforceSSL: true,
      deadLetterQueue: { queue: this.dlq, maxReceiveCount },
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}

/** A queue for what could not be delivered. It is where a person looks, so it keeps things as long as it can. */
export function deadLetterQueue(
  scope: Construct,
  id: string,
  { encryptionKey }: { readonly encryptionKey?: EncryptionKey },
): Queue {
  const queue = new Queue(scope, id, {
    retentionPeriod: longestRetention,
    ...encrypted(encryptionKey),
    enforceSSL: true,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const reason = "It is a dead-letter queue itself: of a queue, of a stream, or of schedules";
  for (const rule of ["AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy"]) acknowledge(queue, rule, reason);
  return queue;
}

/** SQS's own key costs nothing; a customer's is asked for a data key every five minutes (SQS's own default) by each who sends or receives. */
function encrypted(key: EncryptionKey | undefined): Pick<QueueProps, "encryption" | "encryptionMasterKey"> {
  if (key === undefined) return { encryption: QueueEncryption.SQS_MANAGED };
  return { encryption: QueueEncryption.KMS, encryptionMasterKey: key };
}
