/** Near wakes: messages of the wake queue, with its delay. */
import type { SendMessageCommandInput } from "@aws-sdk/client-sqs";
import type { Wake } from "../model/wake.js";
import type { Wakes } from "../runtime/outside.js";
import { type Connection, clientSettings } from "./connection.js";
import { once } from "./once.js";

export function sendWakeParams(queueUrl: string, wake: Wake, delaySeconds: number): SendMessageCommandInput {
  return { QueueUrl: queueUrl, MessageBody: JSON.stringify(wake), DelaySeconds: delaySeconds };
}

export function wakeQueue(queueUrl: string, connection: Connection): Wakes["send"] {
  const open = once(async () => {
    const { SendMessageCommand, SQSClient } = await import("./holdfast-part-sqs.js");
    return { SendMessageCommand, client: new SQSClient(clientSettings("sqs", connection)) };
  });
  return async (wake, delaySeconds) => {
    const { client, SendMessageCommand } = await open();
    await client.send(new SendMessageCommand(sendWakeParams(queueUrl, wake, delaySeconds)));
  };
}
