/**
 * A whole deployment in one process and on virtual time: the real runtime (worker, deliver, relay, start, audit) between a store, queues
 * and a bus of its own. It decides when which function runs on which message; everything else is the code that runs on Lambda.
 */
import type { PublishOutcome } from "../decide/relay.js";
import type { App } from "../define/app.js";
import { digest } from "../model/ids.js";
import type { EpochMs } from "../model/time.js";
import type { Wake } from "../model/wake.js";
import { audit } from "../runtime/audit.js";
import { type BusEvent, type DeliveryPart, readBusEvent } from "../runtime/bus/bus-event.js";
import { deliver, PAGES_OF_A_PASS } from "../runtime/bus/deliver.js";
import { relayNew } from "../runtime/bus/relay.js";
import { startFromEvent } from "../runtime/bus/start-from-event.js";
import type { BusEntry, Log, Outside } from "../runtime/outside.js";
import { rescue } from "../runtime/rescue.js";
import { handleWake } from "../runtime/turn/handle-wake.js";
import { type Limits, limitsUntil } from "../runtime/turn/work.js";
import { firstPendingAt, initialStates } from "../store/outbox.js";
import type { Commit, Outbox, Store } from "../store/ports.js";
import { Activity } from "./activity.js";
import type { Director } from "./director.js";
import { Doubles } from "./doubles.js";
import { HiddenNonDeterminismError } from "./errors.js";
import { Faults, ProcessDiedError } from "./faults.js";
import { TestProcess } from "./process.js";
import { type QueueMessage, TestQueue } from "./queues.js";
import { seededRandom } from "./random.js";
import { Rehearsals, type ReplayWhen } from "./rehearsal.js";
import { type Task, tasksOf } from "./tasks.js";
import { VirtualClock } from "./virtual-clock.js";

export interface TestCloudOptions {
  readonly app: App;
  readonly store: Store;
  /** The same store for what is the kit's own to read: replays, and what a test looks at. Default: `store`. */
  readonly onlooking?: Store;
  /** Chooses between messages that could be received at the same time. Without it the oldest is received first. */
  readonly seed?: number;
  readonly now?: EpochMs;
  /** The worker's timeout. Default 60 s. */
  readonly workerTimeoutMs?: number;
  readonly log?: Log;
  /** By how many milliseconds the clock of a process is ahead of the others', asked for each new one. Default: they agree. */
  readonly skewMs?: () => number;
  /** Real milliseconds without any progress after which a step's body counts as waiting for nothing. Default 100. */
  readonly patienceMs?: number;
  /** Decides what happens next. Default: whatever is asked for happens as it is asked for. */
  readonly director?: Director;
  /** Whether each turn is followed by a replay, which must come to the same place. Default `"off"`. */
  readonly replay?: ReplayWhen;
}

/** Something on the test's bus. */
export interface PublishedEvent {
  readonly name: string;
  readonly detail: unknown;
  readonly resources: readonly string[];
}

/** Long for a body that does its work in this process, short for a test that has one which never ends. */
const PATIENCE_MS = 100;

/** A cloud that does more than this at one instant is going round in circles. */
const MOST_TASKS_AT_ONCE = 100_000;

export class TestCloud {
  readonly clock: VirtualClock;
  readonly faults = new Faults();
  /** What stands in for bodies and workflows, and the record of the bodies that ran. */
  readonly doubles = new Doubles();
  /** Everything that was published, by the relay or by a test. */
  readonly published: PublishedEvent[] = [];
  /** What invocations threw, newest last. */
  readonly errors: unknown[] = [];
  readonly wakeQueue: TestQueue<Wake>;
  readonly deliverQueue: TestQueue<BusEvent>;
  readonly startQueue: TestQueue<BusEvent>;
  /** The stream's records, as the relay gets them. */
  readonly stream: TestQueue<Outbox>;
  readonly #real: Outside;
  readonly #activity: Activity;
  readonly #rehearsals: Rehearsals | undefined;
  /** How many callers let time pass, or wait for quiet. */
  #drivers = 0;
  #app: App;
  /** What a replay found that the test has not been told. */
  #found: HiddenNonDeterminismError | undefined;
  readonly #random: () => number;
  readonly #choose: (() => number) | undefined;
  readonly #running = new Set<{ readonly process: TestProcess; readonly deadline: EpochMs }>();
  #tokens = 0;
  /** What the schedule of each name sends. A name is free again after that. */
  readonly #schedules = new Map<string, QueueMessage<Wake>>();
  /** The relay and its stream stand still while it is off. */
  relayIsOn = true;
  /** The scheduler refuses every schedule while it is off. */
  schedulerIsOn = true;
  /** What the bus says of an entry. Those that it takes are published. */
  busAnswers: (entry: BusEntry) => PublishOutcome = () => ({ ok: true });

  constructor(private readonly options: TestCloudOptions) {
    this.#app = options.app;
    // Noon of the first of January 2026: an instant like any other, and the same in every run.
    this.clock = new VirtualClock(options.now ?? Date.UTC(2026, 0, 1, 12));
    this.#activity = new Activity(options.patienceMs ?? PATIENCE_MS);
    const timeoutMs = options.workerTimeoutMs ?? 60_000;
    this.wakeQueue = new TestQueue<Wake>("wake", { visibilityMs: timeoutMs + 30_000, maxReceives: 10 });
    this.deliverQueue = new TestQueue<BusEvent>("deliver", { visibilityMs: 60_000, maxReceives: 5 });
    this.startQueue = new TestQueue<BusEvent>("start", { visibilityMs: timeoutMs + 30_000, maxReceives: 5 });
    this.stream = new TestQueue("stream", { visibilityMs: 10_000, maxReceives: 5 });
    this.#random = seededRandom(options.seed ?? 1);
    this.#choose = options.seed === undefined ? undefined : seededRandom(options.seed);
    this.#real = {
      service: "test",
      store: this.#withStream(options.store),
      wakes: {
        send: async (wake, delaySeconds) => {
          this.wakeQueue.send(wake, this.clock.now() + delaySeconds * 1_000);
        },
        schedule: async (wake, at) => {
          if (!this.schedulerIsOn) throw new Error("The scheduler is down.");
          const name = `${wake.executionId}\n${wake.dueAt}\n${wake.reason}`;
          const before = this.#schedules.get(name);
          if (before !== undefined && this.wakeQueue.holds(before) && before.visibleAt > this.clock.now())
            return "existed";
          this.#schedules.set(name, this.wakeQueue.send(wake, at));
          return "created";
        },
      },
      bus: {
        publish: async (entries) => {
          const answers = entries.map((entry) => this.busAnswers(entry));
          for (const [index, entry] of entries.entries()) if (answers[index]?.ok) this.#route(entry);
          return answers;
        },
      },
      clock: this.clock,
      log: options.log ?? { write: () => {} },
      random: this.#random,
      token: () => digest(`${options.seed ?? 0}/${++this.#tokens}`, 22),
    };
    this.#rehearsals =
      options.replay === "every-suspension"
        ? new Rehearsals(this.bare, () => this.doubles.app(this.#app))
        : undefined;
  }

  /**
   * Everything outside as a client sees it: its calls are counted, and a crash in one of them is thrown to the test. The call after it is
   * made by a new process.
   */
  client(): Outside {
    let process = this.#newProcess();
    const live = (): TestProcess => {
      if (process.dead) process = this.#newProcess();
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

  /** What runs. */
  get app(): App {
    return this.#app;
  }

  /** Replaces the code: what begins from here on runs `app`, what is under way goes on as it is. */
  deploy(app: App): void {
    this.#app = app;
    this.#rehearsals?.forgetAll();
  }

  /** Puts an event on the bus as its publisher would. */
  publish(entry: BusEntry): void {
    this.#route(entry);
  }

  /** Runs everything that can run now, until nothing can move before time does. */
  settle(): Promise<void> {
    return this.asOne(() => this.#settle());
  }

  /** Lets virtual time pass; what falls due fires, in the order of its time. */
  advance(ms: number): Promise<void> {
    const target = this.clock.now() + ms;
    return this.asOne(async () => {
      await this.#settle();
      for (let next = this.nextInstant(); next !== undefined && next <= target; next = this.nextInstant()) {
        await this.#moveTo(next);
      }
      await this.#moveTo(target);
    });
  }

  /** Waits on virtual time as a client does: time passes for it, unless the test lets it pass already. */
  waiting(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#drivers > 0 ? this.clock.sleep(ms, signal) : this.advance(ms);
  }

  /** Takes several looks and advances as one call of the test: bodies that wait for nothing are waited for once. */
  async asOne(work: () => Promise<void>): Promise<void> {
    if (this.#drivers === 0) this.#activity.beginPatience();
    this.#drivers += 1;
    try {
      await work();
    } finally {
      this.#drivers -= 1;
    }
  }

  /** Everything outside as it is: nothing is counted, and nothing can strike. */
  get bare(): Outside {
    const { onlooking } = this.options;
    return onlooking === undefined ? this.#real : { ...this.#real, store: onlooking };
  }

  /** The earliest instant at which anything happens by itself, or undefined. */
  nextInstant(): EpochMs | undefined {
    const instants = [
      this.clock.next(),
      this.wakeQueue.next(),
      this.startQueue.next(),
      this.deliverQueue.next(),
      this.relayIsOn ? this.stream.next() : undefined,
      ...[...this.#running].map((running) => running.deadline),
    ];
    return instants.reduce(
      (earliest, at) => (at !== undefined && (earliest === undefined || at < earliest) ? at : earliest),
      undefined,
    );
  }

  /** One run of the audit, with the dead-letter queue of wakes. */
  async audit(): Promise<void> {
    const outside = this.#newProcess().outside(this.#real);
    await audit(outside);
    for (const message of this.wakeQueue.dead.splice(0)) {
      try {
        await rescue(outside, message.body, message.id);
      } catch (error) {
        // It stays in the queue, for the next run.
        this.errors.push(error);
        this.wakeQueue.dead.push(message);
      }
    }
    await this.settle();
  }

  /** Invokes a function as somebody who waits for its answer does: no queue repeats it. Rejects when its process dies. */
  ask<Answer>(run: (outside: Outside, app: App, limits: Limits) => Promise<Answer>): Promise<Answer> {
    const process = this.#newProcess();
    const [outside, app] = [process.outside(this.#real), process.app(this.#app)];
    return this.#live(process, () => run(outside, app, this.#limits(process.skewMs)));
  }

  /** Ends all processes at once, as a SIGKILL of every function would. */
  killAll(): void {
    for (const { process } of this.#running) process.kill("when the test killed it");
    this.#running.clear();
  }

  // -------------------------------------------------------------- time

  async #settle(): Promise<void> {
    for (let tasks = 0; tasks < MOST_TASKS_AT_ONCE; tasks++) {
      const move = this.#pick();
      if (move !== undefined) {
        move();
        await this.#activity.quiet();
        continue;
      }
      const before = this.#activity.moves;
      await this.#activity.quiet();
      if (this.#activity.moves !== before || this.#pick() !== undefined) continue;
      const found = this.#found;
      this.#found = undefined;
      if (found !== undefined) throw found;
      return;
    }
    throw new Error(
      `More than ${MOST_TASKS_AT_ONCE} invocations at one instant: something sends wakes in a circle.`,
    );
  }

  async #moveTo(at: EpochMs): Promise<void> {
    this.clock.moveTo(at);
    this.#killOverdue();
    await this.#settle();
  }

  // -------------------------------------------------------------- functions

  /** Receives the oldest message that can be received now; with a seed, any of them, or what a director holds. */
  #pick(): (() => void) | undefined {
    const now = this.clock.now();
    const sources = [
      tasksOf(this.wakeQueue, now, (message) => this.#worker(message)),
      tasksOf(this.startQueue, now, (message) => this.#starter(message)),
      tasksOf(this.deliverQueue, now, this.#deliverer),
      ...(this.relayIsOn ? [tasksOf(this.stream, now, this.#relayer)] : []),
    ];
    const held = this.options.director?.moves ?? [];
    const many = sources.reduce((sum, { count }) => sum + count, held.length);
    let index = this.#choose === undefined || many === 0 ? 0 : Math.floor(this.#choose() * many);
    for (const { count, task } of sources) {
      const chosen = index < count ? task(index) : undefined;
      if (chosen !== undefined) return () => this.#invoke(chosen);
      index -= count;
    }
    return held[index];
  }

  readonly #deliverer = (message: QueueMessage<BusEvent>): Task["run"] => {
    return (process, outside, app) => {
      const event = message.body;
      const queue = process.port("deliverQueue", {
        handOn: async (part: DeliveryPart) => {
          this.deliverQueue.send({ ...event, part }, this.clock.now());
        },
      });
      const { stopAt } = this.#limits();
      return deliver(outside, app, event, { stopAt, pages: PAGES_OF_A_PASS, handOn: queue.handOn });
    };
  };

  readonly #relayer = (message: QueueMessage<Outbox>): Task["run"] => {
    return ({ skewMs }, outside) => relayNew(outside, [message.body], this.#limits(skewMs).stopAt);
  };

  #worker(message: QueueMessage<Wake>): Task["run"] {
    return ({ skewMs }, outside, app) =>
      handleWake(outside, app, message.body, message.id, this.#limits(skewMs));
  }

  #starter(message: QueueMessage<BusEvent>): Task["run"] {
    return ({ skewMs }, outside, app) =>
      startFromEvent(outside, app, message.body, () => ({ owner: message.id, limits: this.#limits(skewMs) }));
  }

  /** Of an invocation that begins now, by the clock of its own process. */
  #limits(skewMs = 0): Limits {
    const timeoutMs = this.options.workerTimeoutMs ?? 60_000;
    const deadline = this.clock.now() + skewMs + timeoutMs;
    return limitsUntil(deadline, timeoutMs, Math.min(10_000, timeoutMs / 5));
  }

  #newProcess(): TestProcess {
    const { director } = this.options;
    const shared = { faults: this.faults, activity: this.#activity, doubles: this.doubles, director };
    return new TestProcess(shared, this.options.skewMs?.());
  }

  #invoke(task: Task): void {
    const process = this.#newProcess();
    task.receive(this.clock.now());
    const repeat = (): void => task.repeat(this.clock.now());
    this.options.director?.received(process, { queue: task.from, repeat, lose: task.delete });
    const app = this.#app;
    this.#live(process, async () => {
      await task.run(process, process.outside(this.#real), process.app(app));
      if (!process.dead) task.delete();
      if (!process.dead && app === this.#app) await this.#rehearse(process);
    }).catch((error: unknown) => {
      if (error instanceof HiddenNonDeterminismError) this.#found ??= error;
      else if (!(error instanceof ProcessDiedError)) this.errors.push(error);
    });
  }

  /** Runs in a process until it is done, or the process dies. */
  async #live<Result>(process: TestProcess, run: () => Promise<Result>): Promise<Result> {
    const running = { process, deadline: this.#limits().deadline };
    this.#running.add(running);
    this.#activity.moves += 1;
    try {
      return await Promise.race([run(), process.died]);
    } finally {
      this.#running.delete(running);
      this.#activity.moves += 1;
    }
  }

  /** After a turn that ended: whether its code would do the same again. */
  async #rehearse(process: TestProcess): Promise<void> {
    const rehearsals = this.#rehearsals;
    if (rehearsals === undefined) return;
    for (const [executionId, asked] of process.asked)
      await this.#activity.call(() => rehearsals.check(executionId, asked));
  }

  /** A process that is still there at its deadline is killed, as Lambda does. */
  #killOverdue(): void {
    for (const running of this.#running) {
      if (running.deadline > this.clock.now()) continue;
      running.process.kill("at its timeout");
      this.#running.delete(running);
    }
  }

  // -------------------------------------------------------------- bus and stream

  #route(entry: BusEntry): void {
    const detail: unknown = JSON.parse(entry.detail);
    this.published.push({ name: entry.name, detail, resources: entry.resources });
    const source = this.#real.service;
    const id = `bus-${this.published.length}`;
    const event = readBusEvent(
      { id, source, "detail-type": entry.name, detail, resources: entry.resources },
      source,
    );
    if (this.#app.events.has(event.name)) this.deliverQueue.send(event, this.clock.now());
    if (this.#app.startedBy(event.name).length > 0) this.startQueue.send(event, this.clock.now());
  }

  /** A commit with outgoing events that was stored appears on the stream as it was written, whoever heard of its success. */
  #withStream(store: Store): Store {
    const seen = (appended: boolean, commit: Commit, asked: EpochMs | undefined): void => {
      const { executionId, slot, outgoing } = commit;
      const pendingAt = firstPendingAt(commit, asked);
      if (!appended || pendingAt === undefined) return;
      const states = initialStates(outgoing);
      this.stream.send({ executionId, slot, outgoing, states, version: 0, pendingAt }, this.clock.now());
    };
    return {
      ...store,
      appendCommit: async (commit: Commit, pendingAt?: EpochMs) => {
        const result = await store.appendCommit(commit, pendingAt);
        seen(result.appended, commit, pendingAt);
        return result;
      },
      commitTransaction: async (commit, actions, pendingAt) => {
        const result = await store.commitTransaction(commit, actions, pendingAt);
        seen(result.outcome === "appended", commit, pendingAt);
        return result;
      },
    };
  }
}
