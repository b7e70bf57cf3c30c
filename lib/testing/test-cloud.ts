/**
 * A whole deployment in one process and on virtual time: the real runtime (worker, deliver, relay, start, audit) between a store, queues
 * and a bus of its own. It decides when which function runs on which message; everything else is the code that runs on Lambda.
 */
import type { App } from "../define/app.js";
import { digest } from "../model/ids.js";
import type { EpochMs } from "../model/time.js";
import type { Wake } from "../model/wake.js";
import { audit, rescue } from "../runtime/audit.js";
import { type BusEvent, readBusEvent } from "../runtime/bus-event.js";
import { deliver } from "../runtime/deliver.js";
import { handleWake } from "../runtime/handle-wake.js";
import type { BusEntry, Log, Outside } from "../runtime/outside.js";
import { relay } from "../runtime/relay.js";
import { executionIdFor, startExecution } from "../runtime/start.js";
import { type Limits, limitsUntil } from "../runtime/work.js";
import type { Commit, Store } from "../store/ports.js";
import { Faults, ProcessDiedError, TestProcess } from "./faults.js";
import { type QueueMessage, TestQueue } from "./queues.js";
import { seededRandom } from "./random.js";
import { VirtualClock } from "./virtual-clock.js";

export interface TestCloudOptions {
  readonly app: App;
  readonly store: Store;
  /** Chooses between messages that could be received at the same time. Without it the oldest is received first. */
  readonly seed?: number;
  readonly now?: EpochMs;
  /** The worker's timeout. Default 60 s. */
  readonly workerTimeoutMs?: number;
  readonly log?: Log;
}

/** Something on the test's bus. */
export interface PublishedEvent {
  readonly name: string;
  readonly detail: unknown;
  readonly resources: readonly string[];
}

interface Task {
  readonly queue: TestQueue<unknown>;
  readonly message: QueueMessage<unknown>;
  readonly run: (process: TestProcess, outside: Outside, app: App) => Promise<unknown>;
}

/** Real milliseconds without any progress after which a step's body is counted as waiting for virtual time (or for nothing at all). */
const PATIENCE_MS = 100;

/** A cloud that does more than this at one instant is going round in circles. */
const MOST_TASKS_AT_ONCE = 100_000;

export class TestCloud {
  readonly clock: VirtualClock;
  readonly faults = new Faults();
  /** Everything that was published, by the relay or by a test. */
  readonly published: PublishedEvent[] = [];
  /** What invocations threw, newest last. */
  readonly errors: unknown[] = [];
  readonly wakeQueue: TestQueue<Wake>;
  readonly deliverQueue: TestQueue<BusEvent>;
  readonly startQueue: TestQueue<BusEvent>;
  readonly #stream: TestQueue<{ executionId: string; slot: number }>;
  readonly #real: Outside;
  readonly #random: () => number;
  readonly #choose: (() => number) | undefined;
  readonly #running = new Set<{ readonly process: TestProcess; readonly deadline: EpochMs }>();
  #tokens = 0;
  /** The relay and its stream stand still while it is off. */
  relayIsOn = true;
  /** The scheduler refuses every schedule while it is off. */
  schedulerIsOn = true;
  #invocations = 0;

  constructor(private readonly options: TestCloudOptions) {
    // Noon of the first of January 2026: an instant like any other, and the same in every run.
    this.clock = new VirtualClock(options.now ?? Date.UTC(2026, 0, 1, 12));
    const timeoutMs = options.workerTimeoutMs ?? 60_000;
    this.wakeQueue = new TestQueue<Wake>("wake", { visibilityMs: timeoutMs + 30_000, maxReceives: 10 });
    this.deliverQueue = new TestQueue<BusEvent>("deliver", { visibilityMs: 60_000, maxReceives: 5 });
    this.startQueue = new TestQueue<BusEvent>("start", { visibilityMs: timeoutMs + 30_000, maxReceives: 5 });
    this.#stream = new TestQueue("stream", { visibilityMs: 10_000, maxReceives: 5 });
    this.#random = seededRandom(options.seed ?? 1);
    this.#choose = options.seed === undefined ? undefined : seededRandom(options.seed);
    this.#real = {
      service: "test",
      store: this.#withStream(options.store),
      wakes: {
        send: async (wake, delaySeconds) =>
          this.wakeQueue.send(wake, this.clock.now() + delaySeconds * 1_000),
        schedule: async (wake, at) => {
          if (!this.schedulerIsOn) throw new Error("The scheduler is down.");
          this.wakeQueue.send(wake, at);
        },
      },
      bus: {
        publish: async (entries) => {
          for (const entry of entries) this.#route(entry);
          return entries.map(() => ({ ok: true }));
        },
      },
      clock: this.clock,
      log: options.log ?? { write: () => {} },
      random: this.#random,
      token: () => digest(`${options.seed ?? 0}/${++this.#tokens}`, 22),
    };
  }

  /**
   * Everything outside as a client sees it: its calls are counted, and a crash in one of them is thrown to the test. The call after it is
   * made by a new process.
   */
  client(): Outside {
    let process = new TestProcess(this.faults);
    const live = (): TestProcess => {
      if (process.dead) process = new TestProcess(this.faults);
      return process;
    };
    const racing = <Port extends "store" | "wakes" | "bus">(port: Port): Outside[Port] =>
      new Proxy(this.#real[port], {
        get: (_, key) => {
          const caller = live();
          const target = caller.outside(this.#real)[port];
          const member: unknown = Reflect.get(target, key);
          if (typeof member !== "function") return member;
          return (...args: unknown[]) => Promise.race([Reflect.apply(member, target, args), caller.died]);
        },
      });
    return { ...this.#real, store: racing("store"), wakes: racing("wakes"), bus: racing("bus") };
  }

  /** Puts an event on the bus as its publisher would. */
  publish(entry: BusEntry): void {
    this.#route(entry);
  }

  /** Runs everything that can run now, until nothing can move before time does. */
  async settle(): Promise<void> {
    for (let tasks = 0; tasks < MOST_TASKS_AT_ONCE; tasks++) {
      const task = this.#pick();
      if (task !== undefined) {
        this.#invoke(task);
        await this.#quiet();
        continue;
      }
      const before = this.#progress();
      await this.#quiet();
      if (this.#progress() === before && this.#pick() === undefined) return;
    }
    throw new Error(
      `More than ${MOST_TASKS_AT_ONCE} invocations at one instant: something sends wakes in a circle.`,
    );
  }

  /** Lets virtual time pass; what falls due fires, in the order of its time. */
  async advance(ms: number): Promise<void> {
    const target = this.clock.now() + ms;
    await this.settle();
    for (let next = this.#nextInstant(); next !== undefined && next <= target; next = this.#nextInstant()) {
      this.clock.moveTo(Math.max(next, this.clock.now()));
      this.#killOverdue();
      await this.settle();
    }
    this.clock.moveTo(target);
    this.#killOverdue();
    await this.settle();
  }

  /** One run of the audit, with the dead-letter queue of wakes. */
  async audit(): Promise<void> {
    const process = new TestProcess(this.faults);
    const outside = process.outside(this.#real);
    await audit(outside);
    for (const message of this.wakeQueue.dead.splice(0)) await rescue(outside, message.body, message.id);
    await this.settle();
  }

  /** Ends all processes at once, as a SIGKILL of every function would. */
  killAll(): void {
    for (const { process } of this.#running) process.kill("when the test killed it");
    this.#running.clear();
  }

  // -------------------------------------------------------------- functions

  #pick(): Task | undefined {
    const now = this.clock.now();
    const tasks: Task[] = [
      ...this.wakeQueue
        .visible(now)
        .map((message) => this.#task(this.wakeQueue, message, this.#worker(message))),
      ...this.startQueue
        .visible(now)
        .map((message) => this.#task(this.startQueue, message, this.#starter(message))),
      ...this.deliverQueue
        .visible(now)
        .map((message) =>
          this.#task(this.deliverQueue, message, (_, outside, app) => deliver(outside, app, message.body)),
        ),
      ...(this.relayIsOn ? this.#stream.visible(now) : []).map((message) =>
        this.#task(this.#stream, message, async (_, outside) => {
          const outbox = await outside.store.readOutbox(message.body.executionId, message.body.slot);
          if (outbox !== undefined) await relay(outside, [outbox]);
        }),
      ),
    ];
    const index = this.#choose === undefined ? 0 : Math.floor(this.#choose() * tasks.length);
    return tasks[index];
  }

  #task<Body>(queue: TestQueue<Body>, message: QueueMessage<Body>, run: Task["run"]): Task {
    return { queue: queue as TestQueue<unknown>, message, run };
  }

  #worker(message: QueueMessage<Wake>): Task["run"] {
    return (_, outside, app) => handleWake(outside, app, message.body, message.id, this.#limits());
  }

  #starter(message: QueueMessage<BusEvent>): Task["run"] {
    return async (_, outside, app) => {
      const event = message.body;
      for (const workflow of app.startedBy(event.name)) {
        await startExecution(
          outside,
          app,
          {
            workflow: workflow.name,
            input: event.detail,
            id: executionIdFor(workflow.name, event.dedupeId),
            startedBy: event.dedupeId,
          },
          { owner: message.id, limits: this.#limits() },
        );
      }
    };
  }

  #limits(): Limits {
    const timeoutMs = this.options.workerTimeoutMs ?? 60_000;
    const deadline = this.clock.now() + timeoutMs;
    return limitsUntil(deadline, timeoutMs, Math.min(10_000, timeoutMs / 5));
  }

  #invoke(task: Task): void {
    const process = new TestProcess(this.faults);
    task.queue.receive(task.message, this.clock.now());
    const running = { process, deadline: this.#limits().deadline };
    this.#running.add(running);
    this.#invocations += 1;
    const invocation = task.run(process, process.outside(this.#real), process.app(this.options.app));
    Promise.race([invocation, process.died])
      .then(
        () => task.queue.delete(task.message),
        (error: unknown) => {
          if (!(error instanceof ProcessDiedError)) this.errors.push(error);
        },
      )
      .finally(() => this.#running.delete(running));
  }

  /** A process that is still there at its deadline is killed, as Lambda does. */
  #killOverdue(): void {
    for (const running of this.#running) {
      if (running.deadline > this.clock.now()) continue;
      running.process.kill("at its timeout");
      this.#running.delete(running);
    }
  }

  /** Until no process can go on before virtual time does: no call is under way, and some rounds of the event loop change nothing. */
  async #quiet(): Promise<void> {
    let patience = Date.now() + PATIENCE_MS;
    let seen = this.#progress();
    for (let calm = 0; calm < 5; ) {
      await new Promise((resolve) => setImmediate(resolve));
      const now = this.#progress();
      if (now !== seen) patience = Date.now() + PATIENCE_MS;
      const busy = this.faults.callsUnderWay > 0 || (this.faults.bodiesUnderWay > 0 && Date.now() < patience);
      calm = now === seen && !busy ? calm + 1 : 0;
      seen = now;
    }
  }

  /** Changes whenever an invocation begins or ends, or a call is made or answered. */
  #progress(): string {
    return `${this.#invocations}/${this.#running.size}/${this.faults.calls.length}/${this.faults.ticks}/${this.faults.callsUnderWay}/${this.faults.bodiesUnderWay}`;
  }

  #nextInstant(): EpochMs | undefined {
    const deadlines = [...this.#running].map((running) => running.deadline);
    const instants = [
      this.clock.next(),
      this.wakeQueue.next(),
      this.startQueue.next(),
      this.deliverQueue.next(),
      this.relayIsOn ? this.#stream.next() : undefined,
      ...deadlines,
    ];
    return instants.reduce(
      (earliest, at) => (at !== undefined && (earliest === undefined || at < earliest) ? at : earliest),
      undefined,
    );
  }

  // -------------------------------------------------------------- bus and stream

  #route(entry: BusEntry): void {
    const detail: unknown = JSON.parse(entry.detail);
    this.published.push({ name: entry.name, detail, resources: entry.resources });
    const event = readBusEvent({
      id: `bus-${this.published.length}`,
      source: "test",
      "detail-type": entry.name,
      detail,
      resources: entry.resources,
    });
    if (this.options.app.events.has(event.name)) this.deliverQueue.send(event, this.clock.now());
    if (this.options.app.startedBy(event.name).length > 0) this.startQueue.send(event, this.clock.now());
  }

  /** A commit with outgoing events that was stored appears on the stream, whoever heard of its success. */
  #withStream(store: Store): Store {
    const seen = (appended: boolean, { executionId, slot, outgoing }: Commit): void => {
      if (appended && outgoing.length > 0) this.#stream.send({ executionId, slot }, this.clock.now());
    };
    return {
      ...store,
      appendCommit: async (commit: Commit, pendingAt?: EpochMs) => {
        const result = await store.appendCommit(commit, pendingAt);
        seen(result.appended, commit);
        return result;
      },
      commitTransaction: async (commit, actions, pendingAt) => {
        const result = await store.commitTransaction(commit, actions, pendingAt);
        seen(result.outcome === "appended", commit);
        return result;
      },
    };
  }
}
