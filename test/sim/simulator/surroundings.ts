/** One simulated deployment: the director of its calls, the weather upon its messages, the audit at its times. */
import { CLAIM_MS } from "../../../lib/decide/relay.js";
import type { App } from "../../../lib/define/app.js";
import type { Head } from "../../../lib/model/head.js";
import { audit } from "../../../lib/runtime/audit.js";
import type { Outside } from "../../../lib/runtime/outside.js";
import { rescue } from "../../../lib/runtime/rescue.js";
import { INDEX_SHARDS, type Outbox } from "../../../lib/store/ports.js";
import { ProcessDiedError } from "../../../lib/testing/faults.js";
import type { TestQueue } from "../../../lib/testing/queues.js";
import { seededRandom } from "../../../lib/testing/random.js";
import type { TestCloud } from "../../../lib/testing/test-cloud.js";
import { Told } from "../../programs/interpret.js";
import type { Ended } from "../invariants.js";
import { repeatedly } from "../repeatedly.js";
import { LISTENER, SimDirector } from "./director.js";
import type { SimulatedEnd } from "./sentences.js";
import { Trace } from "./trace.js";
import { needsTheAudit, type Weather, weatherOf } from "./weather.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const AUDIT_PERIOD_MS = 5 * MINUTE;

/** After it everything that can move by itself has done so: a lease has ended, a redelivery and the audit have come round. */
const CALM_MS = 60 * MINUTE;

/** Faults of the surroundings strike while the program is at work. */
const STORM_MS = 2 * MINUTE;

/** What can be deployed. */
export interface Versions {
  /** Before its last change. */
  readonly before: App;
  readonly now: App;
  /** Somebody forgot the workflows. */
  readonly forgetful: App;
}

/** A client gives the world some time between its tries. */
const BETWEEN_TRIES_MS = 30 * SECOND;

export class Surroundings {
  readonly trace = new Trace();
  readonly weather: Weather;
  readonly director: SimDirector;
  readonly #random: () => number;
  readonly #audits: boolean;
  #cloud: TestCloud | undefined;
  #nextAudit = 0;
  #standing: readonly string[] = [];
  #versions: Versions | undefined;
  /** What people do while other things go on. */
  readonly #acts: Promise<void>[] = [];

  constructor(readonly seed: number) {
    this.#random = seededRandom(seed * 104_729 + 7);
    this.weather = weatherOf(this.#random);
    // It would hide what moves by itself no more.
    this.#audits = needsTheAudit(this.weather) || this.#random() < 0.15;
    this.director = new SimDirector(this.weather, this.#random, this.trace, () => this.cloud.clock);
  }

  get cloud(): TestCloud {
    if (this.#cloud === undefined) throw new Error("The deployment is not there yet.");
    return this.#cloud;
  }

  /** By how much the clock of a new process is ahead. */
  readonly skewMs = (): number => {
    const differ = this.weather["clocks of processes differ, and step back"] !== undefined;
    return differ && !this.director.isCalm ? (this.director.below(3) - 1) * 30 * SECOND : 0;
  };

  get workerTimeoutMs(): number | undefined {
    return this.weather["workers have little time"] === undefined ? undefined : 3 * SECOND;
  }

  /** From here on what the deployment sends is at the mercy of the weather. */
  begin(cloud: TestCloud, versions: Versions): void {
    this.#cloud = cloud;
    this.#versions = versions;
    if (this.weather["changed code is deployed"] !== undefined) cloud.deploy(versions.before);
    this.#nextAudit = cloud.clock.now() + AUDIT_PERIOD_MS;
    for (const fault of ["clocks of processes differ, and step back", "workers have little time"] as const)
      if (this.weather[fault] !== undefined) this.director.note(fault);
    this.#soak(cloud.wakeQueue, (wake) => wake.dueAt !== undefined);
    this.#soak(cloud.deliverQueue);
    this.#soak(cloud.startQueue);
    this.#soakStream(cloud);
    const { busAnswers } = cloud;
    cloud.busAnswers = (entry) =>
      this.director.strikes("the bus refuses some entries of a call", entry.name)
        ? { ok: false, permanent: false, error: "InternalFailure" }
        : busAnswers(entry);
  }

  /** What happens to all of it at once, and when. */
  incidents(): { readonly at: number; readonly happens: () => Promise<void> }[] {
    const { cloud, director, weather } = this;
    const versions = this.#versions;
    if (versions === undefined) throw new Error("Nothing is deployed yet.");
    let right = cloud.app;
    const deploy = (app: App): void => {
      right = app;
      cloud.deploy(app);
    };
    const times = (fault: keyof Weather, happens: () => void) =>
      Array.from({ length: weather[fault] ?? 0 }, () => ({
        at: director.below(STORM_MS),
        happens: async () => {
          director.note(fault);
          happens();
        },
      }));
    return [
      ...times("all processes are killed", () => cloud.killAll()),
      ...times("all wakes are lost", () => cloud.wakeQueue.purge()),
      ...times("the code is deployed anew", () => deploy({ ...right })),
      ...times("changed code is deployed", () => deploy(versions.now)),
      ...times("a deploy forgets the workflows, and another brings them back", () => {
        cloud.deploy(versions.forgetful);
        void cloud.clock.sleep(director.below(90 * SECOND)).then(() => cloud.deploy(right));
      }),
    ];
  }

  /** Lets a person do something, at some time after the start or just as some call is made. */
  act(
    most: number,
    call: () => Promise<unknown>,
  ): { readonly at: number; readonly happens: () => Promise<void> }[] {
    const begins = (): void => {
      const act = repeatedly(call, () => this.cloud.clock.sleep(BETWEEN_TRIES_MS));
      // Whoever waits for it below is told.
      act.catch(() => {});
      this.#acts.push(act);
    };
    if (this.#random() < 0.4) {
      this.director.provoke(begins);
      return [];
    }
    return [{ at: this.director.below(most), happens: async () => begins() }];
  }

  /** People have done all that they wanted to do. */
  async actsAreOver(): Promise<void> {
    this.director.letAllHappen();
    await this.drive(() => Promise.all(this.#acts));
  }

  /**
   * Somebody starts an execution, and waits for what comes of it. The world goes on as soon as it is there.
   * @param givesUp does not ask again, once it is there and somebody else will be woken for it
   */
  async begins(executionId: string, call: () => Promise<unknown>, givesUp: boolean): Promise<void> {
    const { cloud } = this;
    const isThere = async (): Promise<boolean> =>
      (await cloud.bare.store.readHead(executionId)) !== undefined;
    const goesOn = async (): Promise<boolean> =>
      (await isThere()) &&
      cloud.wakeQueue.visible(Number.MAX_SAFE_INTEGER).some(({ body }) => body.executionId === executionId);
    let isOver = false;
    const asks = async (): Promise<void> => {
      try {
        await call();
      } catch (error) {
        if (!givesUp || !(await goesOn())) throw error;
      }
    };
    const act = repeatedly(asks, () => cloud.clock.sleep(BETWEEN_TRIES_MS)).finally(() => {
      isOver = true;
    });
    act.catch(() => {});
    this.#acts.push(act);
    await cloud.settle();
    while (!isOver && !(await isThere())) await cloud.advance(SECOND);
  }

  /** A call of a client that must be answered before anything else happens. */
  insist(call: () => Promise<unknown>): Promise<void> {
    return repeatedly(
      () => this.drive(call),
      () => this.pass(BETWEEN_TRIES_MS),
    );
  }

  /** Lets time pass, and the audit come round. */
  async pass(ms: number): Promise<void> {
    const { cloud } = this;
    const until = cloud.clock.now() + ms;
    while (this.#audits && this.#nextAudit <= until) {
      await cloud.advance(Math.max(0, this.#nextAudit - cloud.clock.now()));
      this.#nextAudit = cloud.clock.now() + AUDIT_PERIOD_MS;
      await this.audit();
    }
    await cloud.advance(Math.max(0, until - cloud.clock.now()));
  }

  /** One run of it, by a process that may die of it. */
  async audit(): Promise<void> {
    const outside = this.cloud.client();
    await this.drive(async () => {
      try {
        await audit(outside);
        await this.#rescueAll(outside);
      } catch (error) {
        this.cloud.errors.push(error);
      }
    });
    await this.cloud.settle();
  }

  /** A call of a client: what it waits for goes on meanwhile. */
  async drive<Result>(call: () => Promise<Result>): Promise<Result> {
    let isOver = false;
    const ended = call().finally(() => {
      isOver = true;
    });
    ended.catch(() => {});
    await this.cloud.settle();
    while (!isOver) await this.cloud.advance(SECOND);
    return ended;
  }

  /** Nothing goes wrong from here on, and nothing is held. */
  async calm(): Promise<void> {
    await this.actsAreOver();
    this.director.isCalm = true;
    await this.cloud.settle();
    await this.bringBackDead();
    await this.pass(CALM_MS);
    this.#standing = await this.#standStill();
    // A relay that died leaves a claim behind, and the rest to the audit.
    await this.pass(CLAIM_MS);
    await this.audit();
    await this.pass(MINUTE);
  }

  /** What died too often, though nobody loses anything: once it is calm, it is brought back as the audit does. */
  async bringBackDead(): Promise<void> {
    const { cloud } = this;
    await this.#rescueAll(cloud.bare);
    for (const queue of [cloud.deliverQueue, cloud.startQueue])
      for (const { body } of queue.dead.splice(0)) queue.send(body as never, cloud.clock.now());
    for (const { body } of cloud.stream.dead.splice(0)) cloud.stream.send(body, cloud.clock.now());
    await cloud.settle();
  }

  /** What the sentences about the trace look at. */
  async endOf(ended: Ended): Promise<SimulatedEnd> {
    const { cloud, trace } = this;
    this.director.noteDeaths();
    const published = new Map<string, { times: number; order: string | undefined }>();
    for (const { name, resources } of cloud.published) {
      const [id = "", order] = resources;
      if (name === Told.name)
        published.set(id.replace("holdfast:event:", ""), {
          times: (published.get(id.replace("holdfast:event:", ""))?.times ?? 0) + 1,
          order,
        });
    }
    const pending = await this.#pendingOutboxes();
    const wakes = cloud.wakeQueue.visible(Number.MAX_SAFE_INTEGER).map(({ body }) => body.executionId);
    const dead = [cloud.wakeQueue, cloud.deliverQueue, cloud.startQueue, cloud.stream];
    return {
      trace,
      ended,
      standing: this.#standing,
      weather: this.weather,
      published,
      pendingOutboxes: pending.length,
      queued: {
        wakes: wakes.filter((id) => id !== LISTENER),
        dead: dead.reduce((sum, queue) => sum + queue.dead.length, 0),
      },
    };
  }

  async #pendingOutboxes(): Promise<Outbox[]> {
    const { store } = this.cloud.bare;
    const pages = await Promise.all(
      Array.from({ length: INDEX_SHARDS }, (_, shard) =>
        store.listOutboxes({ mark: "pending", shard, until: Number.MAX_SAFE_INTEGER, limit: 100 }),
      ),
    );
    const found = pages
      .flatMap(({ items }) => items)
      .map(({ executionId, slot }) => store.readOutbox(executionId, slot));
    return (await Promise.all(found)).filter((outbox) => outbox !== undefined);
  }

  /** Executions that could go on by themselves, and do not: by what their heads say, whatever the audit's own table makes of that. */
  async #standStill(): Promise<string[]> {
    const { store, clock } = this.cloud.bare;
    const longAgo = clock.now() - 10 * MINUTE;
    const still: string[] = [];
    // A relay that died between a message and its wake leaves a claim, and both are sent again once that is over.
    const carried = new Set(
      (await this.#pendingOutboxes()).flatMap(({ outgoing }) =>
        outgoing.flatMap((one) => (one.kind === "signal" ? [one.message.id] : [])),
      ),
    );
    for (let shard = 0; shard < INDEX_SHARDS; shard++) {
      const { items } = await store.listOpen({ shard, limit: 1_000 });
      for (const id of items) {
        const head = await store.readHead(id);
        if (head === undefined) continue;
        const dueAt = head.status === "running" ? (head.dueAt ?? head.startAt) : head.dueAt;
        // A copy that arrived late of what is in history waits for nobody.
        const history = JSON.stringify([await store.loadHistory(id, 0), head.tail]);
        const unread = head.inbox.some(
          (message) =>
            message.kind !== "heartbeat" &&
            !carried.has(message.id) &&
            message.at < longAgo &&
            !history.includes(JSON.stringify(message.id)),
        );
        if (await this.#isAuditsChild(head)) continue;
        const why = [
          head.lease !== undefined && head.lease.until < longAgo && "its owner is gone",
          head.lease === undefined && dueAt !== undefined && dueAt < longAgo && "it is overdue",
          head.lease === undefined && unread && "it has not read its messages",
          head.closedAt !== undefined && head.closedAt < longAgo && "it has told nobody of its end",
        ].filter((one) => one !== false);
        if (why.length > 0) still.push(`${id}: ${why.join(", ")}`);
      }
    }
    return still;
  }

  /**
   * Whoever creates a child dies before its wake is sent: its parent's next turn sends it. If code that doesn't fit was deployed meanwhile, that
   * turn stalls instead, and if the parent is terminated there is none: the child is the audit's.
   */
  async #isAuditsChild({ epoch, parent }: Head): Promise<boolean> {
    if (epoch > 0 || parent === undefined) return false;
    const { store } = this.cloud.bare;
    const { tail } = (await store.readHead(parent.executionId)) ?? {};
    const commits = await store.loadHistory(parent.executionId, 0);
    return /"Execution(Stalled|Terminated)"/.test(JSON.stringify([commits, tail]));
  }

  async #rescueAll(outside: Outside): Promise<void> {
    const { dead } = this.cloud.wakeQueue;
    for (const message of dead.splice(0)) {
      try {
        await rescue(outside, message.body, message.id);
      } catch (error) {
        dead.push(message);
        if (error instanceof ProcessDiedError) throw error;
        this.cloud.errors.push(error);
      }
    }
  }

  #soak<Body>(queue: TestQueue<Body>, isTimer: (body: Body) => boolean = () => false): void {
    const send = queue.send.bind(queue);
    const { director } = this;
    queue.send = (body, at) => {
      const what = `${queue.name} ${JSON.stringify(body).slice(0, 80)}`;
      if (!isTimer(body)) {
        if (director.strikes("a message comes twice", what)) send(body, at + director.below(5 * MINUTE));
        if (director.strikes("a message comes late", what))
          return send(body, at + director.below(5 * MINUTE));
        return send(body, at);
      }
      if (director.strikes("a timer is lost", what)) {
        // Nobody knows: its sender believes it sent.
        const lost = send(body, at);
        queue.delete(lost);
        return lost;
      }
      if (director.strikes("a timer comes twice", what)) send(body, at + director.below(5 * MINUTE));
      if (director.strikes("a timer comes late", what)) return send(body, at + director.below(10 * MINUTE));
      const now = this.cloud.clock.now();
      if (director.strikes("a timer comes early", what)) return send(body, now + director.below(at - now));
      return send(body, at);
    };
  }

  #soakStream({ stream }: TestCloud): void {
    const send = stream.send.bind(stream);
    const { director } = this;
    stream.send = (body, at) => {
      const what = `${body.executionId}, slot ${body.slot}`;
      if (director.strikes("a record of the stream comes twice", what)) send(body, at);
      const isLate = director.strikes("a record of the stream comes late", what);
      return send(body, isLate ? at + director.below(10 * MINUTE) : at);
    };
  }
}
