/** A queue of bus events and its dead-letter queue: those of deliver, or those of start. */
import type { Message, MessageAttributeValue, SendMessageCommandInput, SQSClient } from "@aws-sdk/client-sqs";
import type { EpochMs } from "../model/time.js";
import { type Connection, clientSettings } from "./connection.js";
import type { Attributes } from "./event-attributes.js";
import { once } from "./once.js";

/** An event on its way. */
export interface Letter {
  /** The event as EventBridge sent it. */
  readonly body: string;
  readonly attributes: Attributes;
}

/** One that lies in the dead-letter queue. */
export interface DeadLetter extends Letter {
  /** SQS's own id of the message. */
  readonly id: string;
  readonly receipt: string;
  /** When it was sent to the queue that it died in, or to the dead-letter queue. */
  readonly sentAt?: EpochMs;
}

export interface EventQueue {
  /** To whoever consumes the queue. */
  send(letter: Letter): Promise<void>;
  /** Into the dead-letter queue. */
  bury(letter: Letter): Promise<void>;
  /** At most ten dead letters, hidden from everybody else for so many seconds; none when there is none to be had now. */
  receive(hiddenSeconds: number): Promise<readonly DeadLetter[]>;
  /** Out of the dead-letter queue. */
  delete(receipt: string): Promise<void>;
  /** Lets others see it at once. */
  show(receipt: string): Promise<void>;
}

export interface EventQueueUrls {
  readonly queue: string;
  readonly dead: string;
}

export function letterParams(queueUrl: string, { body, attributes }: Letter): SendMessageCommandInput {
  const values = Object.entries(attributes).map(([name, value]): [string, MessageAttributeValue] => [
    name,
    { DataType: "String", StringValue: value },
  ]);
  return {
    QueueUrl: queueUrl,
    MessageBody: body,
    ...(values.length === 0 ? {} : { MessageAttributes: Object.fromEntries(values) }),
  };
}

export function eventQueue(urls: EventQueueUrls, connection: Connection, given?: SQSClient): EventQueue {
  const open = once(async () => {
    const sqs = await import("./holdfast-part-sqs.js");
    return { sqs, client: given ?? new sqs.SQSClient(clientSettings("sqs", connection)) };
  });
  return {
    async send(letter) {
      const { client, sqs } = await open();
      await client.send(new sqs.SendMessageCommand(letterParams(urls.queue, letter)));
    },
    async bury(letter) {
      const { client, sqs } = await open();
      await client.send(new sqs.SendMessageCommand(letterParams(urls.dead, letter)));
    },
    async receive(hiddenSeconds) {
      const { client, sqs } = await open();
      const { Messages = [] } = await client.send(
        new sqs.ReceiveMessageCommand({
          QueueUrl: urls.dead,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: hiddenSeconds,
          MessageAttributeNames: ["All"],
          MessageSystemAttributeNames: ["SentTimestamp"],
        }),
      );
      return Messages.flatMap(deadLetter);
    },
    async delete(receipt) {
      const { client, sqs } = await open();
      await client.send(new sqs.DeleteMessageCommand({ QueueUrl: urls.dead, ReceiptHandle: receipt }));
    },
    async show(receipt) {
      const { client, sqs } = await open();
      await client.send(
        new sqs.ChangeMessageVisibilityCommand({
          QueueUrl: urls.dead,
          ReceiptHandle: receipt,
          VisibilityTimeout: 0,
        }),
      );
    },
  };
}

function deadLetter({
  MessageId,
  Body,
  ReceiptHandle,
  MessageAttributes,
  Attributes,
}: Message): DeadLetter[] {
  if (MessageId === undefined || Body === undefined || ReceiptHandle === undefined) return [];
  const sentAt = Number(Attributes?.SentTimestamp);
  const texts = Object.entries(MessageAttributes ?? {}).flatMap(([name, { StringValue: value }]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return [
    {
      id: MessageId,
      body: Body,
      receipt: ReceiptHandle,
      attributes: Object.fromEntries(texts),
      ...(Number.isFinite(sentAt) ? { sentAt } : {}),
    },
  ];
}
