/** What one service does with what the engine leaves to it: Scheduler, SQS, S3. The local cloud answers as AWS is expected to. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { clientSettings } from "../../lib/aws/connection.js";
import { Paid } from "./app.js";
import { type Check, hold, NotHeld, within } from "./check.js";
import type { Ground } from "./ground.js";

/** A schedule for the year 2020, which would send a wake for nobody. */
async function schedulePast(ground: Ground): Promise<string> {
  const scheduler = new SchedulerClient(clientSettings("scheduler", ground.connection));
  try {
    await scheduler.send(
      new CreateScheduleCommand({
        Name: "past",
        GroupName: ground.output("ScheduleGroup"),
        FlexibleTimeWindow: { Mode: "OFF" },
        ScheduleExpression: "at(2020-01-01T00:00:00)",
        ActionAfterCompletion: "DELETE",
        Target: {
          Arn: ground.output("WakeQueueArn"),
          RoleArn: ground.output("ScheduleRoleArn"),
          Input: JSON.stringify({ executionId: "none", reason: "timer" }),
        },
      }),
    );
    return "taken";
  } catch (error) {
    if (error instanceof Error && error.name === "ValidationException") return "refused: ValidationException";
    throw error;
  } finally {
    scheduler.destroy();
  }
}

/** What lies in deliver's dead-letter queue with a reason, taken out of it. */
async function takeDead(sqs: SQSClient, url: string): Promise<string | undefined> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: url, MessageAttributeNames: ["All"], MaxNumberOfMessages: 1 }),
  );
  const [message] = Messages;
  if (message === undefined) return undefined;
  await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle }));
  return message.MessageAttributes?.["holdfast.reason"]?.StringValue ?? "no reason";
}

export const serviceChecks: readonly Check[] = [
  {
    id: "past-schedule",
    title: "A schedule for the past is refused, or fires at once; the code asks for none",
    needs: "anywhere",
    minutes: 1,
    run: schedulePast,
  },
  {
    id: "dead-events",
    title: "An event that its schema refuses is dead at once, with the reason",
    needs: "anywhere",
    minutes: 1,
    async run(ground) {
      const sqs = new SQSClient(clientSettings("sqs", ground.connection));
      const url = ground.output("DeliverDlqUrl");
      try {
        await ground.client.publish(Paid.name, { nothing: "of the kind" });
        const reason = await within(
          ground,
          120,
          () => takeDead(sqs, url),
          "nothing in the dead-letter queue",
        );
        hold(reason === "INVALID_INPUT", reason);
        const queue = new GetQueueAttributesCommand({
          QueueUrl: ground.output("DeliverQueueUrl"),
          AttributeNames: ["ApproximateNumberOfMessages"],
        });
        const { Attributes = {} } = await sqs.send(queue);
        hold(Attributes.ApproximateNumberOfMessages === "0", "its queue still has it");
        return reason;
      } finally {
        sqs.destroy();
      }
    },
  },
  {
    id: "lost-object",
    after: "large-value",
    title: "A value whose object is gone is told as such, and is back with its object",
    needs: "anywhere",
    minutes: 1,
    async run(ground) {
      const s3 = new S3Client({
        ...clientSettings("s3", ground.connection),
        forcePathStyle: ground.where === "local",
      });
      const Bucket = ground.output("PayloadBucket");
      const shown = async () => JSON.stringify((await ground.client.describe("large")).input ?? null).length;
      try {
        const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "large/" }));
        const Key = Contents[0]?.Key;
        hold(Contents.length === 1, `${Contents.length} objects`);
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
        const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
        await s3.send(new DeleteObjectCommand({ Bucket, Key }));
        const gone = await shown().then(
          (length) => (length < 1_000 ? "told" : "still there"),
          (error: unknown) => (error instanceof Error ? error.name : String(error)),
        );
        await s3.send(new PutObjectCommand({ Bucket, Key, Body: bytes }));
        hold(gone !== "still there", "it is read although its object is gone");
        hold((await shown()) > 300_000, "it is not back");
        return `gone: ${gone}; then back`;
      } finally {
        s3.destroy();
      }
    },
  },
  {
    id: "delete",
    after: "large-value",
    title: "An execution is deleted twenty minutes after its end, and leaves no object",
    needs: "anywhere",
    minutes: 22,
    async run(ground) {
      const early = await ground.client.delete("large").then(
        () => "deleted",
        (error: unknown) => (error instanceof Error ? Reflect.get(error, "code") : "?"),
      );
      await ground.pass(21 * 60);
      await ground.client.delete("large");
      if (await ground.client.exists("large")) throw new NotHeld("it is still there");
      const s3 = new S3Client({
        ...clientSettings("s3", ground.connection),
        forcePathStyle: ground.where === "local",
      });
      const listed = new ListObjectsV2Command({ Bucket: ground.output("PayloadBucket"), Prefix: "large/" });
      const { KeyCount = 0 } = await s3.send(listed).finally(() => s3.destroy());
      hold(KeyCount === 0, `${KeyCount} objects are left`);
      return `at once: ${early}; then deleted`;
    },
  },
];
