/** Looking into dead-letter queues: SQS has no look that takes nothing, so what is looked at is hidden for a moment, and then shown again. */
import type { SQSClient } from "@aws-sdk/client-sqs";
import { NotSentBackError } from "../model/delivery-errors.js";
import type {
  DeadLetterQueueName,
  DeadLetterQueues,
  DeadLetterReason,
  SetAside,
  SetAsideGone,
  SetAsideRequest,
} from "../runtime/dead-letters.js";
import { type Connection, clientSettings } from "./connection.js";
import type { Names } from "./environment.js";
import { type Attributes, sentBack, verdictOf } from "./event-attributes.js";
import { type DeadLetter, type EventQueue, eventQueue } from "./event-queue.js";
import { once } from "./once.js";

const sqs = () => import("./holdfast-part-sqs.js");

/** By name, in the order in which they are gone through. */
export type Queues = ReadonlyMap<DeadLetterQueueName, EventQueue>;

/** Longer than the rest of a command takes; whoever looks meanwhile sees the others. */
const HIDDEN_SECONDS = 60;

/** SQS gives what the servers that it asked have: one empty answer is not yet the end. */
const EMPTY_ANSWERS = 2;

/** Sent back, nobody would know it: the body says where a stream's records lie, not what they are. */
const NEVER_SENT_BACK: readonly DeadLetterQueueName[] = ["relay"];

/** Those of a deployment, as far as their names are known. */
export function deadLetterQueues(names: Names, connection: Connection): DeadLetterQueues {
  const open = once(async () => new (await sqs()).SQSClient(clientSettings("sqs", connection)));
  const pairs = pairsOf(names);
  const queues = async (wanted?: readonly DeadLetterQueueName[]): Promise<Queues> => {
    const client = await open();
    const found = new Map<DeadLetterQueueName, EventQueue>();
    for (const { name, queue, dead } of pairs) {
      if (wanted !== undefined && !wanted.includes(name)) continue;
      found.set(name, eventQueue({ queue, dead: await urlOf(client, dead) }, connection, client));
    }
    return found;
  };
  return {
    async count() {
      const client = await open();
      return Promise.all(
        pairs.map(async ({ name, dead }) => ({
          queue: name,
          count: await countIn(client, await urlOf(client, dead)),
        })),
      );
    },
    list: async (request) => listSetAside(await queues(request.queues), request),
    sendBack: async (request) => sendSetAsideBack(await queues(request.queues), request),
    delete: async (request) => deleteSetAside(await queues(request.queues), request),
  };
}

interface Pair {
  readonly name: DeadLetterQueueName;
  /** Where it is sent back to; empty for what never is. */
  readonly queue: string;
  /** Its address, or its ARN. */
  readonly dead: string;
}

function pairsOf(names: Names): Pair[] {
  const { deliverQueueUrl, deliverDlqUrl, startQueueUrl, startDlqUrl } = names;
  const { wakeQueueUrl, wakeDlqUrl, scheduleDlqArn, relayDlqUrl } = names;
  const pairs = [
    { name: "deliver", queue: deliverQueueUrl, dead: deliverDlqUrl },
    { name: "start", queue: startQueueUrl, dead: startDlqUrl },
    { name: "wakes", queue: wakeQueueUrl, dead: wakeDlqUrl },
    { name: "timers", queue: wakeQueueUrl, dead: scheduleDlqArn },
    { name: "relay", queue: "", dead: relayDlqUrl },
  ] as const;
  return pairs.flatMap(({ name, queue, dead }) =>
    queue === undefined || dead === undefined ? [] : [{ name, queue, dead }],
  );
}

/** An ARN names a queue, and only SQS knows its address. */
async function urlOf(client: SQSClient, place: string): Promise<string> {
  const [, account, name] = /^arn:[^:]+:sqs:[^:]*:([^:]+):(.+)$/.exec(place) ?? [];
  if (account === undefined || name === undefined) return place;
  const { GetQueueUrlCommand } = await sqs();
  const { QueueUrl = "" } = await client.send(
    new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account }),
  );
  return QueueUrl;
}

async function countIn(client: SQSClient, url: string): Promise<number> {
  const { GetQueueAttributesCommand } = await sqs();
  const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
  const { Attributes: found = {} } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] }),
  );
  return names.reduce((sum, name) => sum + Number(found[name] ?? 0), 0);
}

/** Of all queues, the oldest first. */
async function listSetAside(queues: Queues, { ids, limit }: SetAsideRequest): Promise<SetAside[]> {
  const found: SetAside[] = [];
  await look(queues, limit, async (letter, which) => {
    if (ids === undefined || ids.has(letter.id)) found.push(setAside(letter, which));
    return "keep";
  });
  return found.sort((one, other) => (one.sentAt ?? 0) - (other.sentAt ?? 0));
}

/** One that dies again at once has another id then, and is not sent back once more. */
export function sendSetAsideBack(queues: Queues, { ids, limit }: SetAsideRequest): Promise<SetAsideGone> {
  // By what was sent: SQS's clock and ours need not agree.
  const sent = new Set<string>();
  return takeOut(queues, limit, async (letter, which, queue) => {
    const { id } = letter;
    if (NEVER_SENT_BACK.includes(which)) {
      if (ids?.has(id)) throw new NotSentBackError(id);
      return false;
    }
    const body = which === "timers" ? wakeIn(letter.body) : letter.body;
    const attributes = which === "deliver" || which === "start" ? sentBack(letter) : {};
    const content = JSON.stringify([which, body, attributes]);
    if (ids === undefined ? sent.has(content) : !ids.has(id)) return false;
    await queue.send({ body, attributes });
    sent.add(content);
    return true;
  });
}

function deleteSetAside(queues: Queues, { ids, limit }: SetAsideRequest): Promise<SetAsideGone> {
  return takeOut(queues, limit, async ({ id }) => ids === undefined || ids.has(id));
}

async function takeOut(
  queues: Queues,
  limit: number,
  isToGo: (letter: DeadLetter, which: DeadLetterQueueName, queue: EventQueue) => Promise<boolean>,
): Promise<SetAsideGone> {
  const gone: SetAside[] = [];
  try {
    await look(queues, limit, async (letter, which, queue) => {
      if (!(await isToGo(letter, which, queue))) return "keep";
      await queue.delete(letter.receipt);
      gone.push(setAside(letter, which));
      return "gone";
    });
    return { gone };
  } catch (error) {
    return { gone, failure: { error } };
  }
}

async function look(
  queues: Queues,
  limit: number,
  each: (letter: DeadLetter, which: DeadLetterQueueName, queue: EventQueue) => Promise<"keep" | "gone">,
): Promise<void> {
  for (const [which, queue] of queues) {
    const seen = new Set<string>();
    const hidden = new Map<string, DeadLetter>();
    try {
      for (let empty = 0; empty < EMPTY_ANSWERS && seen.size < limit; ) {
        const letters = await queue.receive(HIDDEN_SECONDS);
        const fresh = letters.filter(({ id }) => !seen.has(id));
        if (fresh.length === 0) empty += 1;
        for (const letter of fresh) hidden.set(letter.id, letter);
        for (const letter of fresh) {
          seen.add(letter.id);
          if (seen.size <= limit && (await each(letter, which, queue)) === "gone") hidden.delete(letter.id);
        }
      }
    } finally {
      // One that can't be shown again now shows itself within a minute.
      await Promise.allSettled([...hidden.values()].map(({ receipt }) => queue.show(receipt)));
    }
  }
}

function setAside({ id, body, attributes, sentAt }: DeadLetter, queue: DeadLetterQueueName): SetAside {
  const reason = verdictOf(attributes) ?? schedulersReason(attributes);
  return {
    id,
    queue,
    ...(reason === undefined ? {} : { reason }),
    ...(sentAt === undefined ? {} : { sentAt }),
    body,
  };
}

/** EventBridge and its Scheduler say in attributes of their own why a target did not take something. */
function schedulersReason({
  ERROR_CODE: code,
  ERROR_MESSAGE: message = "",
}: Attributes): DeadLetterReason | undefined {
  return code === undefined ? undefined : { code, message };
}

/** Scheduler sets aside either what was to be sent, or the whole call of SQS. */
function wakeIn(body: string): string {
  try {
    const found: unknown = JSON.parse(body);
    const message: unknown =
      typeof found === "object" && found !== null ? Reflect.get(found, "MessageBody") : undefined;
    return typeof message === "string" ? message : body;
  } catch {
    return body;
  }
}
