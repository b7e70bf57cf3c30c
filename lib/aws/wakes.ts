/** Near wakes: messages of the wake queue, with its delay. */
import { SendMessageCommand, type SendMessageCommandInput, SQSClient } from "@aws-sdk/client-sqs";
import type { Wake } from "../model/wake.js";
import type { Wakes } from "../runtime/outside.js";
import { type Connection, clientSettings } from "./connection.js";

export function sendWakeParams(queueUrl: string, wake: Wake, delaySeconds: number): SendMessageCommandInput {
  return { QueueUrl: queueUrl, MessageBody: JSON.stringify(wake), DelaySeconds: delaySeconds };
}

export function wakeQueue(
  queueUrl: string,
  connection: Connection,
  client: SQSClient = new SQSClient(clientSettings("sqs", connection)),
): Wakes["send"] {
  return async (wake, delaySeconds) => {
    await client.send(new SendMessageCommand(sendWakeParams(queueUrl, wake, delaySeconds)));
  };
}
