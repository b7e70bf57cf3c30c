/** SQS on the wire: AWS JSON 1.0, `X-Amz-Target: AmazonSQS.<operation>`. Parses, calls, answers. */
import { ownOf } from "../../model/own.js";
import { ACCOUNT, arn } from "../arn.js";
import { ApiError } from "../http.js";
import { Fields, type Json, type JsonObject } from "../json.js";
import { attributeBytes, md5, md5OfAttributes } from "./md5.js";
import type { Queue, ReceiptVerdict, Received } from "./queue.js";
import type { Queues } from "./queues.js";

const DELAY_SECONDS_MAX = 900;
const VISIBILITY_SECONDS_MAX = 12 * 60 * 60;
const BATCH_MAX = 10;
/** A message in an SQS batch, and a batch as a whole, end at the same size. */
const BATCH_BYTES_MAX = 1024 * 1024;

export interface SqsContext {
  readonly queues: Queues;
  readonly endpoint: string;
  readonly gone: AbortSignal;
}

type Operation = (input: Fields, context: SqsContext) => Promise<Json> | Json;

/** Performs one operation, or throws an `ApiError` with the name that AWS gives it. */
export const callSqs = async (operation: string, input: JsonObject, context: SqsContext): Promise<Json> => {
  const run = ownOf(OPERATIONS, operation);
  if (run === undefined)
    throw new ApiError(
      "UnsupportedOperation",
      `The local SQS does not know ${operation}. It knows ${Object.keys(OPERATIONS).join(", ")}.`,
      400,
      "AWS.SimpleQueueService.UnsupportedOperation",
    );
  return run(new Fields(input, invalidParameter), context);
};

const OPERATIONS: Readonly<Record<string, Operation>> = {
  SendMessage: (input, context) => {
    const queue = queueOf(input, context);
    return send(input, queue, context);
  },

  SendMessageBatch: (input, context) => {
    const queue = queueOf(input, context);
    const entries = batchEntries(input);
    const total = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
    if (total > BATCH_BYTES_MAX)
      throw batchError(
        "BatchRequestTooLong",
        `Batch requests cannot be longer than ${BATCH_BYTES_MAX} bytes. You have sent ${total} bytes.`,
      );
    return perEntry(entries, (entry) => send(entry, queue, context));
  },

  ReceiveMessage: async (input, context) => {
    const queue = queueOf(input, context);
    const visibilitySeconds = within(input, "VisibilityTimeout", 0, VISIBILITY_SECONDS_MAX);
    const received = await context.queues.receive(queue, {
      max: within(input, "MaxNumberOfMessages", 1, BATCH_MAX) ?? 1,
      waitMs: (within(input, "WaitTimeSeconds", 0, 20) ?? queue.settings.receiveWaitSeconds) * 1000,
      signal: context.gone,
      ...(visibilitySeconds === undefined ? {} : { visibilitySeconds }),
    });
    const system = [...input.strings("AttributeNames"), ...input.strings("MessageSystemAttributeNames")];
    const user = input.strings("MessageAttributeNames");
    return { Messages: received.map((one) => describe(one, system, user)) };
  },

  DeleteMessage: (input, context) => remove(input, queueOf(input, context), context),

  DeleteMessageBatch: (input, context) => {
    const queue = queueOf(input, context);
    return perEntry(batchEntries(input), (entry) => remove(entry, queue, context));
  },

  ChangeMessageVisibility: (input, context) => hide(input, queueOf(input, context), context),

  ChangeMessageVisibilityBatch: (input, context) => {
    const queue = queueOf(input, context);
    return perEntry(batchEntries(input), (entry) => hide(entry, queue, context));
  },

  GetQueueUrl: (input, context) => {
    const name = required(input, "QueueName");
    return { QueueUrl: urlOf(existing(name, context), context) };
  },

  GetQueueAttributes: (input, context) => {
    const queue = queueOf(input, context);
    const wanted = input.strings("AttributeNames");
    const all = attributesOf(queue, context);
    return { Attributes: wanted.includes("All") ? all : pick(all, wanted) };
  },

  ListQueues: (input, context) => {
    const prefix = input.string("QueueNamePrefix") ?? "";
    const names = context.queues.names().filter((name) => name.startsWith(prefix));
    return { QueueUrls: names.map((name) => `${context.endpoint}/${ACCOUNT}/${name}`) };
  },

  PurgeQueue: (input, context) => {
    context.queues.purge(queueOf(input, context));
    return {};
  },
};

const send = (input: Fields, queue: Queue, context: SqsContext): JsonObject => {
  if (input.has("MessageDeduplicationId"))
    throw invalidParameter(
      "MessageDeduplicationId is for FIFO queues, and the local SQS has standard queues only.",
    );
  const body = required(input, "MessageBody");
  if (body === "")
    throw invalidParameter("The request must contain a MessageBody of at least one character.");
  const size = sizeOf(input);
  if (size > queue.settings.messageBytesMax)
    throw invalidParameter(
      `One or more parameters are invalid. Reason: Message must be shorter than ${queue.settings.messageBytesMax} bytes; it has ${size}.`,
    );
  const attributes = input.object("MessageAttributes")?.value ?? {};
  const digest = md5OfAttributes(attributes);
  const id = context.queues.send(
    queue,
    body,
    attributes,
    within(input, "DelaySeconds", 0, DELAY_SECONDS_MAX),
  );
  return {
    MessageId: id,
    MD5OfMessageBody: md5(body),
    ...(digest === undefined ? {} : { MD5OfMessageAttributes: digest }),
  };
};

const sizeOf = (input: Fields): number =>
  Buffer.byteLength(input.string("MessageBody") ?? "") +
  attributeBytes(input.object("MessageAttributes")?.value ?? {});

const remove = (input: Fields, queue: Queue, context: SqsContext): JsonObject =>
  judged(context.queues.delete(queue, required(input, "ReceiptHandle")));

const hide = (input: Fields, queue: Queue, context: SqsContext): JsonObject => {
  const seconds = input.require(
    "VisibilityTimeout",
    within(input, "VisibilityTimeout", 0, VISIBILITY_SECONDS_MAX),
  );
  return judged(context.queues.changeVisibility(queue, required(input, "ReceiptHandle"), seconds));
};

const judged = (verdict: ReceiptVerdict): JsonObject => {
  switch (verdict) {
    case "done":
      return {};
    case "malformed":
      throw new ApiError(
        "ReceiptHandleIsInvalid",
        "The input receipt handle is invalid.",
        404,
        "ReceiptHandleIsInvalid",
      );
    case "not-in-flight":
      throw new ApiError(
        "MessageNotInflight",
        "The message is not in flight: it was deleted, became visible again, or was received by somebody else.",
        400,
        "AWS.SimpleQueueService.MessageNotInflight",
      );
  }
};

const describe = (
  { message, receipt }: Received,
  system: readonly string[],
  user: readonly string[],
): JsonObject => {
  const attributes = pickNamed(message.attributes, user);
  const digest = md5OfAttributes(attributes);
  const systemAttributes: Record<string, string> = {
    SenderId: ACCOUNT,
    SentTimestamp: String(message.sentAtMs),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs ?? message.sentAtMs),
    ...(message.deadLetterOf === undefined
      ? {}
      : { DeadLetterQueueSourceArn: arn.queue(message.deadLetterOf) }),
  };
  return {
    MessageId: message.id,
    ReceiptHandle: receipt,
    Body: message.body,
    MD5OfBody: md5(message.body),
    Attributes: system.includes("All") ? systemAttributes : pick(systemAttributes, system),
    ...(digest === undefined ? {} : { MessageAttributes: attributes, MD5OfMessageAttributes: digest }),
  };
};

const attributesOf = (queue: Queue, context: SqsContext): Record<string, string> => {
  const { settings } = queue;
  const counts = context.queues.counts(queue);
  const redrive = settings.redrive;
  return {
    QueueArn: arn.queue(queue.name),
    ApproximateNumberOfMessages: String(counts.visible),
    ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
    ApproximateNumberOfMessagesDelayed: String(counts.delayed),
    VisibilityTimeout: String(settings.visibilityTimeoutSeconds),
    DelaySeconds: String(settings.delaySeconds),
    MessageRetentionPeriod: String(settings.retentionSeconds),
    ReceiveMessageWaitTimeSeconds: String(settings.receiveWaitSeconds),
    MaximumMessageSize: String(settings.messageBytesMax),
    ...(redrive === undefined
      ? {}
      : {
          RedrivePolicy: JSON.stringify({
            deadLetterTargetArn: arn.queue(redrive.queue),
            maxReceiveCount: redrive.maxReceiveCount,
          }),
        }),
  };
};

const batchEntries = (input: Fields): Fields[] => {
  const entries = input.objects("Entries");
  if (entries.length === 0)
    throw batchError("EmptyBatchRequest", "There should be at least one entry in the request.");
  if (entries.length > BATCH_MAX)
    throw batchError(
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are ${BATCH_MAX}. You have sent ${entries.length}.`,
    );
  if (new Set(entries.map((entry) => required(entry, "Id"))).size < entries.length)
    throw batchError("BatchEntryIdsNotDistinct", "Two or more batch entries have the same Id.");
  return entries;
};

const perEntry = (entries: readonly Fields[], run: (entry: Fields) => JsonObject): JsonObject => {
  const successful: JsonObject[] = [];
  const failed: JsonObject[] = [];
  for (const entry of entries) {
    const id = required(entry, "Id");
    try {
      successful.push({ Id: id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      failed.push({ Id: id, Code: error.code, Message: error.message, SenderFault: error.status < 500 });
    }
  }
  return { Successful: successful, Failed: failed };
};

/** A queue's address is `<endpoint>/<account>/<name>`; only the name tells queues apart here. */
const queueOf = (input: Fields, context: SqsContext): Queue =>
  existing(required(input, "QueueUrl").split("/").at(-1) ?? "", context);

const existing = (name: string, context: SqsContext): Queue => {
  const queue = context.queues.find(name);
  if (queue !== undefined) return queue;
  throw new ApiError(
    "QueueDoesNotExist",
    `The specified queue does not exist: "${name}". The local cloud has ${context.queues.names().join(", ") || "no queues"}.`,
    400,
    "AWS.SimpleQueueService.NonExistentQueue",
  );
};

const urlOf = (queue: Queue, context: SqsContext): string => `${context.endpoint}/${ACCOUNT}/${queue.name}`;

const required = (input: Fields, key: string): string => input.require(key, input.string(key));

const within = (input: Fields, key: string, min: number, max: number): number | undefined => {
  const value = input.number(key);
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return value;
  throw invalidParameter(
    `Value ${value} for parameter ${key} is invalid. Reason: Must be between ${min} and ${max}.`,
  );
};

const pick = (all: Readonly<Record<string, string>>, names: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));

/** Names of user attributes may end in `.*`, and `All` is everything. */
const pickNamed = (all: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(
    Object.entries(all).filter(([name]) =>
      names.some(
        (wanted) =>
          wanted === "All" ||
          (wanted.endsWith(".*") ? name.startsWith(wanted.slice(0, -2)) : wanted === name),
      ),
    ),
  );

const invalidParameter = (message: string): ApiError =>
  new ApiError("InvalidParameterValue", message, 400, "InvalidParameterValue");

const batchError = (code: string, message: string): ApiError =>
  new ApiError(code, message, 400, `AWS.SimpleQueueService.${code}`);
