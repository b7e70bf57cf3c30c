/** One deployment on which two invocations meet: what its bodies did, what was called, and what is left at its end. */
import { ExecutionClosedError, workflow } from "holdfast";
import type { AnyWorkflow } from "../../../lib/define/workflow.js";
import { isClosed, isOpen } from "../../../lib/model/status.js";
import { audit } from "../../../lib/runtime/audit.js";
import { createMemoryStore } from "../../../lib/store/memory/index.js";
import { INDEX_SHARDS, type Store } from "../../../lib/store/ports.js";
import { Bench } from "../../runtime/bench.js";
import { coldReplay } from "../cold-replay.js";
import { type Ended, type EndedExecution, unreadOf, type World } from "../invariants.js";
import { begunBodies } from "../simulator/durable.js";
import type { SimulatedEnd } from "../simulator/sentences.js";
import { Trace } from "../simulator/trace.js";
import type { Weather } from "../simulator/weather.js";
import { HoldingDirector } from "./held.js";
import { Arrived, Told } from "./programs.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Of those that wait for one thing after the other, none waits for more. */
const MOST_ROUNDS = 3;

/** What workflows do to the world. */
export interface Hands {
  body(key: string, atMostOnce: boolean): void;
  undo(of: string, key: string): void;
  /** A callback's token is out. */
  token(token: string): void;
}

export class Ground implements Hands {
  readonly trace = new Trace();
  readonly world: World = { bodies: [], undone: [], committed: [], tokens: new Set() };
  readonly director: HoldingDirector;
  readonly bench: Bench;

  constructor(
    workflows: (hands: Hands) => readonly AnyWorkflow[],
    breaks: (store: Store) => Store = (store) => store,
  ) {
    this.director = new HoldingDirector(this.trace, () => this.bench.cloud.clock.now());
    this.bench = new Bench([...workflows(this), listener], [Arrived, Told], {
      store: breaks(createMemoryStore({ transact: (actions) => this.#transact(actions) })),
      director: this.director,
      replay: "off",
    });
  }

  get cloud(): Bench["cloud"] {
    return this.bench.cloud;
  }

  body(key: string, atMostOnce: boolean): void {
    this.world.bodies.push({ key, atMostOnce });
    const at = this.cloud.clock.now();
    this.trace.entries.push({ kind: "body", at, process: 0, key, atMostOnce });
  }

  undo(of: string, key: string): void {
    this.world.undone.push({ of, key });
  }

  token(token: string): void {
    this.world.tokens.add(token);
  }

  /** Everything happens that happens by itself: the wakes alone bring everybody on. */
  async rest(): Promise<void> {
    await this.cloud.advance(HOUR);
  }

  async audit(): Promise<void> {
    await audit(this.cloud.client());
    await this.cloud.settle();
  }

  /** Whatever still waits gets what it waits for, until everything has ended. */
  async encourage(): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS && (await this.#openIds()).length > 0; round++) {
      const { client } = this.bench;
      for (const id of await this.#openIds()) {
        const { status } = await this.bench.head(id);
        if (status === "stalled") await client.redrive(id);
        if (status === "paused") await client.resume(id);
        await client.signal(id, "go", "at last", { id: `at-last-${round}` });
      }
      for (const token of this.world.tokens)
        await client.completeCallback(token, "at last").catch(isClosedAlready);
      this.bench.publish(Arrived, { place: PLACE, n: 2 }, [`holdfast:event:at-last-${round}`]);
      await this.rest();
    }
  }

  async #openIds(): Promise<string[]> {
    const open: string[] = [];
    for (const id of await this.executionIds()) {
      const { status } = await this.bench.head(id);
      if (!isClosed(status)) open.push(id);
    }
    return open;
  }

  /** The listener left out. */
  async executionIds(): Promise<string[]> {
    const ids: string[] = [];
    for (const { name: workflow } of this.bench.app.workflows.values()) {
      if (workflow === LISTENER) continue;
      const { items } = await this.bench.store.listExecutions({ workflow, limit: 100 });
      ids.push(...items.map(({ executionId }) => executionId));
    }
    return ids;
  }

  /** What could go on by itself, and does not. */
  async standing(): Promise<string[]> {
    const now = this.cloud.clock.now();
    const still: string[] = [];
    for (const id of await this.executionIds()) {
      const { status, lease, dueAt, inbox, inboxItems, duties } = await this.bench.head(id);
      if (!isOpen(status) && duties === undefined) continue;
      const why = [
        lease !== undefined && "its owner is gone",
        dueAt !== undefined && dueAt < now && "it is overdue",
        isOpen(status) && inbox.length + inboxItems > 0 && "it has not read its messages",
        duties !== undefined && "it has told nobody of its end",
      ].filter((one) => one !== false);
      if (why.length > 0) still.push(`${id}: ${why.join(", ")}`);
    }
    return still;
  }

  async ended(): Promise<Ended> {
    const ids = await this.executionIds();
    const world = structuredClone(this.world);
    const executions: EndedExecution[] = [];
    for (const id of ids) executions.push(await this.#endOf(id, ids));
    const published = new Set(this.#publishedIds());
    const left = await this.bench.waitRecords(Arrived, PLACE);
    if (left > 0) {
      this.bench.publish(Arrived, { place: PLACE, n: 99 }, ["holdfast:event:the-last"]);
      await this.cloud.advance(MINUTE);
    }
    const afterAnEvent = await this.bench.waitRecords(Arrived, PLACE);
    return { program: NO_PROGRAM, world, executions, published, waitRecords: { left, afterAnEvent } };
  }

  /** @param standing as it was before anybody went on from outside */
  async endOf(ended: Ended, standing: readonly string[], weather: Weather): Promise<SimulatedEnd> {
    const { cloud, trace } = this;
    const published = new Map<string, { times: number; order: string | undefined }>();
    for (const { name, resources } of cloud.published) {
      if (name !== Told.name) continue;
      const id = eventIdIn(resources);
      published.set(id, { times: (published.get(id)?.times ?? 0) + 1, order: resources[1] });
    }
    let pendingOutboxes = 0;
    for (let shard = 0; shard < INDEX_SHARDS; shard++) {
      const request = { mark: "pending", shard, until: Number.MAX_SAFE_INTEGER, limit: 100 } as const;
      pendingOutboxes += (await this.bench.store.listOutboxes(request)).items.length;
    }
    const wakes = cloud.wakeQueue.visible(Number.MAX_SAFE_INTEGER).map(({ body }) => body.executionId);
    const queues = [cloud.wakeQueue, cloud.deliverQueue, cloud.startQueue, cloud.stream];
    const dead = queues.reduce((sum, queue) => sum + queue.dead.length, 0);
    const queued = { wakes: wakes.filter((id) => id !== LISTENER), dead };
    return { trace, ended, standing, weather, queued, published, pendingOutboxes };
  }

  #transact(actions: readonly object[]): undefined {
    for (const action of actions) if ("Put" in action) this.world.committed.push(JSON.stringify(action.Put));
    return undefined;
  }

  #publishedIds(): string[] {
    return this.cloud.published
      .filter(({ name }) => name === Told.name)
      .map(({ resources }) => eventIdIn(resources));
  }

  async #endOf(id: string, all: readonly string[]): Promise<EndedExecution> {
    const { bench, trace } = this;
    const head = await bench.head(id);
    const begun = begunBodies(trace, id, all);
    const before = this.#ran();
    const history = await bench.history(id);
    const replayed = await coldReplay(bench, head, begun);
    return {
      head,
      commits: await bench.store.loadHistory(id, 0),
      history,
      result: head.error === undefined ? await bench.output(id) : String(await bench.error(id)),
      unread: await unreadOf(bench.store, id, history),
      coldReplay: { ...replayed, bodies: this.#ran() - before },
    };
  }

  #ran(): number {
    return this.world.bodies.length + this.world.undone.length;
  }
}

/** Where everything arrives. */
export const PLACE = "here";

export const LISTENER = "listener";

/** Somebody to be told things. */
export const listener = workflow(LISTENER, (ctx) => ctx.sleep("300d"));

/** These executions are of programs that were written down, not drawn. */
const NO_PROGRAM: Ended["program"] = { body: { kind: "sleep", ms: 0 }, continues: 0 };

/** Whoever waited for it has ended. */
function isClosedAlready(error: unknown): void {
  if (!(error instanceof ExecutionClosedError)) throw error;
}

function eventIdIn([id = ""]: readonly string[]): string {
  return id.replace("holdfast:event:", "");
}
