/** The wake queue's dead-letter queue: wakes that were received again and again without one turn that ended. */
import { type Connection, clientSettings } from "./connection.js";
import { once } from "./once.js";

export interface DeadWake {
  /** By which a person finds it in the queue. */
  readonly id: string;
  readonly body: string;
  readonly receipt: string;
}

export interface DeadWakes {
  /** At most ten; none when the queue is empty now. */
  receive(): Promise<readonly DeadWake[]>;
  delete(receipt: string): Promise<void>;
}

/** Longer than a rescue takes, so that this run does not get a message twice; shorter than the pause between two runs. */
const HIDDEN_SECONDS = 60;

export function deadWakes(queueUrl: string, connection: Connection): DeadWakes {
  const open = once(async () => {
    const sqs = await import("./holdfast-part-sqs.js");
    return { sqs, client: new sqs.SQSClient(clientSettings("sqs", connection)) };
  });
  return {
    async receive() {
      const { client, sqs } = await open();
      const { Messages = [] } = await client.send(
        new sqs.ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: HIDDEN_SECONDS,
        }),
      );
      return Messages.flatMap(({ MessageId: id, Body: body, ReceiptHandle: receipt }) =>
        id === undefined || body === undefined || receipt === undefined ? [] : [{ id, body, receipt }],
      );
    },
    async delete(receipt) {
      const { client, sqs } = await open();
      await client.send(new sqs.DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receipt }));
    },
  };
}
