/** The wake queue's dead-letter queue: wakes that were received again and again without one turn that ended. */
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Connection, clientSettings } from "./connection.js";

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

export function deadWakes(
  queueUrl: string,
  connection: Connection,
  client: SQSClient = new SQSClient(clientSettings("sqs", connection)),
): DeadWakes {
  return {
    async receive() {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
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
      await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receipt }));
    },
  };
}
