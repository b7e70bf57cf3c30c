/**
 * What a function under fuzz meets: the real engine over a store, and queues, a scheduler and a bus that refuse what AWS would refuse. It
 * writes down what was logged, sent and buried.
 */
import { type SystemClock, systemClock } from "../../lib/aws/clock.js";
import { type EventQueue, type Letter, letterParams } from "../../lib/aws/event-queue.js";
import type { LambdaContext } from "../../lib/aws/lambda-context.js";
import type { AwsOutside } from "../../lib/aws/outside.js";
import { createScheduleParams } from "../../lib/aws/schedules.js";
import type { Wake } from "../../lib/model/wake.js";
import type { BusEntry } from "../../lib/runtime/outside.js";
import type { Store } from "../../lib/store/ports.js";
import { wrongWithTold } from "./verdict.js";

export interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface World {
  readonly outside: AwsOutside;
  readonly lines: Line[];
  /** What lies in the wake queue and in schedules. */
  readonly wakes: Wake[];
  readonly buried: Letter[];
  /** What was handed on, or sent back, to a queue of events. */
  readonly sent: Letter[];
  readonly published: BusEntry[];
  readonly queue: Pick<EventQueue, "send" | "bury">;
  /** Time passes. */
  advance(ms: number): void;
  /** What is wrong with the errors that were logged, which is how a function says why it did not do something. */
  wrongInLog(): string[];
}

export const ACCOUNT = "000000000000";

const TARGET = {
  group: "timers",
  queueArn: `arn:aws:sqs:us-east-1:${ACCOUNT}:wake`,
  roleArn: `arn:aws:iam::${ACCOUNT}:role/scheduler`,
  dlqArn: `arn:aws:sqs:us-east-1:${ACCOUNT}:dead`,
};

export function openWorld(store: Store, name = "world"): World {
  const lines: Line[] = [];
  const wakes: Wake[] = [];
  const buried: Letter[] = [];
  const sent: Letter[] = [];
  const published: BusEntry[] = [];
  let tokens = 0;
  let ahead = 0;
  const real = systemClock();
  const clock: SystemClock = { ...real, now: () => real.now() + ahead };
  const outside: AwsOutside = {
    service: "fuzz",
    store,
    wakes: {
      async send(wake, delaySeconds) {
        if (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > 900)
          throw new Error(`SQS takes whole seconds from 0 to 900, and not ${delaySeconds}.`);
        checkBody(JSON.stringify(wake));
        wakes.push(wake);
      },
      async schedule(wake, at) {
        createScheduleParams(TARGET, wake, at);
        wakes.push(wake);
        return "created";
      },
    },
    bus: {
      async publish(entries) {
        published.push(...entries);
        return entries.map(() => ({ ok: true }));
      },
    },
    clock,
    log: { write: (level, message, fields = {}) => void lines.push({ level, message, fields }) },
    random: () => 0.5,
    token: () => `${name}-token-${++tokens}`,
  };
  return {
    outside,
    lines,
    wakes,
    buried,
    sent,
    published,
    queue: {
      async send(letter) {
        checkLetter(letter);
        sent.push(letter);
      },
      async bury(letter) {
        checkLetter(letter);
        buried.push(letter);
      },
    },
    advance: (ms) => {
      ahead += ms;
    },
    wrongInLog: () =>
      lines.flatMap(({ message, fields }) =>
        "error" in fields && typeof fields.error !== "string"
          ? wrongWithTold(fields.error).map((wrong) => `${wrong} (logged as: ${message})`)
          : [],
      ),
  };
}

/** Of a message: 1 MiB, and not empty. */
function checkBody(body: string): void {
  const bytes = Buffer.byteLength(body);
  if (bytes === 0 || bytes > 1_048_576) throw new Error(`SQS takes no message of ${bytes} bytes.`);
}

function checkLetter(letter: Letter): void {
  const { MessageBody = "", MessageAttributes = {} } = letterParams("queue", letter);
  const attributes = Object.entries(MessageAttributes);
  const texts = attributes.map(([name, { StringValue = "" }]) => {
    if (!/^[A-Za-z0-9._-]{1,256}$/.test(name) || StringValue === "")
      throw new Error(`SQS takes no attribute "${name}" with "${StringValue}".`);
    return name + StringValue;
  });
  if (attributes.length > 10) throw new Error("SQS takes ten attributes.");
  checkBody(MessageBody + texts.join(""));
}

/** An invocation that has this much time. */
export function invocation(id: string, remainingMs = 60_000): LambdaContext {
  const ends = Date.now() + remainingMs;
  return { awsRequestId: id, getRemainingTimeInMillis: () => ends - Date.now() };
}
