import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

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
}

/** A queue that loses nothing: encrypted, reached over TLS only, and with a dead-letter queue for what is not consumed. */
export class GuardedQueue extends Construct {
  readonly queue: Queue;
  readonly dlq: Queue;

  constructor(scope: Construct, id: string, props: GuardedQueueProps) {
    super(scope, id);
    this.dlq = deadLetterQueue(this, "Dlq");
    this.queue = new Queue(this, "Queue", {
      visibilityTimeout: props.visibilityTimeout,
      retentionPeriod: longestRetention,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      deadLetterQueue: { queue: this.dlq, maxReceiveCount },
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}

/** A queue for what could not be delivered. It is where a person looks, so it keeps things as long as it can. */
export function deadLetterQueue(scope: Construct, id: string): Queue {
  return new Queue(scope, id, {
    retentionPeriod: longestRetention,
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.DESTROY,
  });
}
