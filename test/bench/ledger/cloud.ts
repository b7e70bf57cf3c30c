/**
 * A deployment whose traffic is counted: the functions' own handlers in this process, fed one message or record at a time as their event
 * source mappings would feed them, around tables with a meter. Time is virtual, so that a month passes at once.
 *
 * Counted are the calls of AWS that handlers and client make. What AWS does by itself follows from them: a message is received and deleted
 * once by its mapping, a schedule that is created sends its message, and a rule puts an event of a declared type into its queue.
 */
import { createAudit } from "holdfast/functions/audit";
import { createDeliver } from "holdfast/functions/deliver";
import { createRelay } from "holdfast/functions/relay";
import { createStart } from "holdfast/functions/start";
import { createWorker } from "holdfast/functions/worker";
import type { Letter } from "../../../lib/aws/event-queue.js";
import type { Handler, LambdaContext } from "../../../lib/aws/lambda-context.js";
import type { AwsOutside } from "../../../lib/aws/outside.js";
import { DurableClient } from "../../../lib/client/client.js";
import type { App } from "../../../lib/define/app.js";
import { digest } from "../../../lib/model/ids.js";
import type { EpochMs } from "../../../lib/model/time.js";
import type { BusEntry } from "../../../lib/runtime/outside.js";
import type { Units } from "../../../lib/store/dynamodb/in-memory/units.js";
import { type QueueMessage, TestQueue } from "../../../lib/testing/queues.js";
import { seededRandom } from "../../../lib/testing/random.js";
import { VirtualClock } from "../../../lib/testing/virtual-clock.js";
import type { Ground } from "./ground.js";

/** What a run asks of AWS beside its tables. */
export interface Traffic {
  /** Put into queues: by functions, by the client, by schedules and by rules. */
  readonly messages: number;
  readonly invocations: number;
  /** Schedules that fired. One that is no longer needed fires, too. */
  readonly timers: number;
  /** Entries on the bus. */
  readonly events: number;
  /** Calls of DynamoDB by functions: what an invocation waits for. */
  readonly callsOfFunctions: number;
}

const QUEUES = ["wake", "deliver", "start"] as const;

type QueueName = (typeof QUEUES)[number];

const SERVICE = "ledger";

/** Of every function. */
const TIMEOUT_MS = 60_000;

/** Longer than no timer's rest; all longer sleeps of a turn are looks that end with it. */
const REST_MS = 1_000;

export class CountedCloud {
  readonly client: DurableClient;
  readonly #clock = new VirtualClock(Date.UTC(2026, 0, 1, 12));
  readonly #queues: Readonly<Record<QueueName, TestQueue<Letter>>>;
  readonly #handlers: Readonly<Record<QueueName | "relay", Handler>>;
  readonly #functions: AwsOutside;
  readonly #schedules = new Set<string>();
  #traffic: Traffic = { messages: 0, invocations: 0, timers: 0, events: 0, callsOfFunctions: 0 };
  #tokens = 0;

  constructor(
    private readonly app: App,
    private readonly ground: Ground,
  ) {
    const queue = (name: string, maxReceives: number): TestQueue<Letter> =>
      new TestQueue(name, { visibilityMs: TIMEOUT_MS + 30_000, maxReceives });
    this.#queues = { wake: queue("wake", 10), deliver: queue("deliver", 5), start: queue("start", 5) };
    const outside = this.#outside();
    this.#functions = outside;
    const eventQueue = {
      send: async (letter: Letter) => this.#send("deliver", letter, this.#clock.now()),
      bury: async ({ body }: Letter) => {
        throw new Error(`Nothing here is to be buried, and this was: ${body}`);
      },
    };
    this.#handlers = {
      wake: createWorker(app, () => outside),
      deliver: createDeliver(
        app,
        () => outside,
        () => eventQueue,
      ),
      start: createStart(
        app,
        () => outside,
        () => eventQueue,
      ),
      relay: createRelay(() => outside),
    };
    this.client = new DurableClient({ outside, workflows: [...app.workflows.values()] });
  }

  /** What the work asks for, and all that follows from it in the time that it lets pass. */
  async count(work: () => Promise<unknown>): Promise<Units & Traffic> {
    const before = this.#traffic;
    const spent = await this.ground.measure(work);
    const after = this.#traffic;
    return {
      ...spent,
      messages: after.messages - before.messages,
      invocations: after.invocations - before.invocations,
      timers: after.timers - before.timers,
      events: after.events - before.events,
      callsOfFunctions: after.callsOfFunctions - before.callsOfFunctions,
    };
  }

  /**
   * One run of the audit, over dead-letter queues that are empty.
   * @param eventQueues how many of the deployment's functions are fed with events
   */
  async audit(eventQueues: number): Promise<Units & { readonly receives: number }> {
    let receives = 0;
    const empty = async (): Promise<never[]> => {
      receives += 1;
      return [];
    };
    const untouched = async (): Promise<never> => {
      throw new Error("Nothing lies in the dead-letter queues, and the audit took something out.");
    };
    const dead = { receive: empty, delete: untouched, send: untouched, bury: untouched, show: untouched };
    const handler = createAudit(
      () => this.#functions,
      () => dead,
      () => undefined,
      () => Array.from({ length: eventQueues }, () => dead),
    );
    const units = await this.ground.measure(() => handler({}, this.#context()));
    return { ...units, receives };
  }

  /** Lets time pass; what falls due goes to its function, in order. */
  async advance(ms: number): Promise<void> {
    const until = this.#clock.now() + ms;
    for (;;) {
      await this.#settle();
      const next = Math.min(
        ...Object.values(this.#queues).map((queue) => queue.next() ?? Number.POSITIVE_INFINITY),
      );
      if (next > until) break;
      this.#clock.moveTo(next);
    }
    this.#clock.moveTo(until);
  }

  /** Until nothing can move before time does. */
  async #settle(): Promise<void> {
    for (;;) {
      for (const record of await this.ground.forRelay()) await this.#invoke("relay", { Records: [record] });
      const name = QUEUES.find((each) => this.#queues[each].visible(this.#clock.now()).length > 0);
      if (name === undefined) return;
      const queue = this.#queues[name];
      const [message] = queue.visible(this.#clock.now());
      if (message === undefined) return;
      queue.receive(message, this.#clock.now());
      const answer = await this.#invoke(name, { Records: [recordOf(message)] });
      if (JSON.stringify(answer) !== '{"batchItemFailures":[]}')
        throw new Error(`A message of the queue ${name} failed: ${message.body.body}`);
      queue.delete(message);
    }
  }

  async #invoke(name: QueueName | "relay", event: unknown): Promise<unknown> {
    let answer: unknown;
    const { roundTrips } = await this.ground.measure(async () => {
      answer = await this.#handlers[name](event, this.#context());
    });
    this.#note({ invocations: 1, callsOfFunctions: roundTrips });
    return answer;
  }

  #context(): LambdaContext {
    const ends = this.#clock.now() + TIMEOUT_MS;
    return { awsRequestId: this.#token(), getRemainingTimeInMillis: () => ends - this.#clock.now() };
  }

  #outside(): AwsOutside {
    const clock = this.#clock;
    return {
      service: SERVICE,
      store: this.ground.store,
      wakes: {
        send: async (wake, delaySeconds) =>
          this.#send("wake", letterOf(wake), clock.now() + delaySeconds * 1_000),
        schedule: async (wake, at) => {
          const name = JSON.stringify([wake.executionId, wake.dueAt, wake.reason]);
          if (this.#schedules.has(name)) return "existed";
          this.#schedules.add(name);
          this.#send("wake", letterOf(wake), at);
          this.#note({ timers: 1 });
          return "created";
        },
      },
      bus: {
        publish: async (entries) => {
          for (const entry of entries) this.#route(entry);
          return entries.map(() => ({ ok: true }) as const);
        },
      },
      clock: {
        now: () => clock.now(),
        fromReal: (ms) => ms,
        sleep: async (ms, signal) => {
          if (ms < REST_MS) clock.moveTo(clock.now() + ms);
          else await clock.sleep(ms, signal);
        },
      },
      log: { write: () => {} },
      // Functions measure by default, and the audit asks the tables for it.
      meter: { note: () => {}, tell: () => {} },
      random: seededRandom(1),
      token: () => this.#token(),
    };
  }

  /** As long as real ones, so that items have their size. */
  #token(): string {
    return digest(`${++this.#tokens}`, 36);
  }

  #route({ name, detail, resources }: BusEntry): void {
    this.#note({ events: 1 });
    const event = {
      id: this.#token(),
      source: SERVICE,
      "detail-type": name,
      detail: JSON.parse(detail),
      resources,
    };
    const letter = letterOf({ version: "0", ...event });
    if (this.app.events.has(name)) this.#send("deliver", letter, this.#clock.now());
    if (this.app.startedBy(name).length > 0) this.#send("start", letter, this.#clock.now());
  }

  #send(name: QueueName, letter: Letter, visibleAt: EpochMs): void {
    this.#queues[name].send(letter, visibleAt);
    this.#note({ messages: 1 });
  }

  #note(more: Partial<Traffic>): void {
    const sum = (what: keyof Traffic): number => this.#traffic[what] + (more[what] ?? 0);
    this.#traffic = {
      messages: sum("messages"),
      invocations: sum("invocations"),
      timers: sum("timers"),
      events: sum("events"),
      callsOfFunctions: sum("callsOfFunctions"),
    };
  }
}

const letterOf = (body: unknown): Letter => ({ body: JSON.stringify(body), attributes: {} });

function recordOf({ id, body: { body, attributes }, receives }: QueueMessage<Letter>): unknown {
  const messageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, stringValue]) => [name, { dataType: "String", stringValue }]),
  );
  return {
    messageId: id,
    body,
    attributes: { ApproximateReceiveCount: String(receives) },
    messageAttributes,
  };
}
