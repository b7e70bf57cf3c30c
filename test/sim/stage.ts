/** One run of a scenario, in which one process dies, or the wake queue is purged, at one call to the outside. */
import type { AnyEventType } from "../../lib/define/event.js";
import type { AnyWorkflow } from "../../lib/define/workflow.js";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import { isClosed } from "../../lib/model/status.js";
import { audit } from "../../lib/runtime/audit.js";
import type { StartRequest } from "../../lib/runtime/start.js";
import type { CrashPoint } from "../../lib/testing/faults.js";
import { Bench } from "../runtime/bench.js";

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** What bodies did to the world, in their order. */
export type World = string[];

/** How often the audit runs, unless a stack says otherwise. */
export const AUDIT_PERIOD_MS = 5 * MINUTE;

export interface Scenario {
  /** The first of them is started as `x-1`, unless `begins` does something else. */
  readonly workflows: (world: World, stage: Stage) => readonly AnyWorkflow[];
  readonly events?: readonly AnyEventType[];
  readonly workerTimeoutMs?: number;
  readonly schedulerIsOn?: false;
  readonly begins?: (stage: Stage) => Promise<unknown>;
  /** What clients and the rest of the world do after that. */
  readonly goes?: (stage: Stage) => Promise<unknown>;
  /** How long it takes at most, with a lease that must end, a message that must come back, and a retry after it. */
  readonly lastsMs: number;
  /** The status of each execution at the end. */
  readonly ends: Readonly<Record<string, string>>;
  /** What was done to the world, each of it at least once, sorted. */
  readonly world: readonly string[];
  /** How many different events of each name were published. */
  readonly published?: Readonly<Record<string, number>>;
  /** Disturbed from the call after the first one of this name on. Default: from the first call on. */
  readonly after?: string;
  /** A death may change what happens, within what the code allows: an attempt is lost, or nobody wants a child any more that was not created yet. */
  readonly mayDiffer?: true;
}

export type Disturbance =
  | { readonly deaths: readonly CrashPoint[]; readonly seed?: number; readonly skewMs?: () => number }
  /** Every wake and schedule is lost at that call; with `dies`, whoever makes it goes with them. */
  | { readonly purgedBefore: number; readonly dies: boolean }
  | { readonly audited: true };

export class Stage {
  readonly world: World = [];
  /** Of a callback, for whoever is to complete it. */
  token = "";
  readonly bench: Bench;
  readonly #first: AnyWorkflow;
  readonly #scenario: Scenario;
  readonly #audits: boolean;
  #nextAudit: number;
  #purged = false;

  constructor(scenario: Scenario, disturbance: Disturbance = { deaths: [] }) {
    this.#scenario = scenario;
    const workflows = scenario.workflows(this.world, this);
    const [first] = workflows;
    if (first === undefined) throw new Error("A scenario has a workflow.");
    this.#first = first;
    const { workerTimeoutMs } = scenario;
    this.bench = new Bench(workflows, scenario.events, {
      // Those that are woken by the audit alone end like those that are not.
      replay: "deaths" in disturbance ? "every-suspension" : "off",
      ...("seed" in disturbance ? { seed: disturbance.seed } : {}),
      ...("skewMs" in disturbance ? { skewMs: disturbance.skewMs } : {}),
      ...(workerTimeoutMs === undefined ? {} : { workerTimeoutMs }),
    });
    const { cloud } = this.bench;
    cloud.schedulerIsOn = scenario.schedulerIsOn ?? true;
    this.#audits = !("deaths" in disturbance);
    this.#nextAudit = cloud.clock.now() + AUDIT_PERIOD_MS;
    if ("deaths" in disturbance) for (const death of disturbance.deaths) cloud.faults.plan(death);
    else if ("purgedBefore" in disturbance) {
      const { purgedBefore: call, dies } = disturbance;
      if (dies) cloud.faults.plan({ call, when: "before" });
      this.#purgeBefore(call);
    }
  }

  /** Whether what was to happen to it has happened. */
  get struck(): boolean {
    return this.bench.cloud.faults.struck && (!this.#audits || this.#purged);
  }

  async run(): Promise<this> {
    const { begins = (stage) => stage.start(), goes, lastsMs } = this.#scenario;
    await begins(this);
    await goes?.(this);
    await this.pass(lastsMs);
    return this;
  }

  start(more: Partial<StartRequest> = {}): Promise<unknown> {
    return this.insist(() => this.bench.start(this.#first, undefined, "x-1", more));
  }

  /** A client that is not answered, or dies, repeats its call (PROTOCOL A8). */
  async insist(call: () => Promise<unknown>): Promise<void> {
    for (let tries = 0; tries < 3; tries++) {
      const done = await call().then(
        () => true,
        // It was there before, and took effect.
        (error: Error) => error.name === "ExecutionClosedError",
      );
      if (done) return;
    }
  }

  /** Until an execution has come so far: whoever acts upon it looks first. */
  until(status: string, id = "x-1"): Promise<void> {
    return this.passUntil(async () => (await this.bench.store.readHead(id))?.status === status);
  }

  /** Looks every half minute, for ten minutes at most: longer than any redelivery, or the audit, puts anything off. */
  async passUntil(isSo: () => Promise<boolean>): Promise<void> {
    for (let looks = 0; looks < 20 && !(await isSo()); looks++) await this.pass(30 * SECOND);
  }

  /** Lets time pass; with the audit, where this run has one. What the audit calls is not counted: it is not what is disturbed. */
  async pass(ms: number): Promise<void> {
    const { cloud } = this.bench;
    const until = cloud.clock.now() + ms;
    while (this.#audits && this.#nextAudit <= until) {
      await cloud.advance(this.#nextAudit - cloud.clock.now());
      this.#nextAudit += AUDIT_PERIOD_MS;
      await audit(cloud.bare);
      await cloud.settle();
    }
    await cloud.advance(until - cloud.clock.now());
  }

  /** The status that each execution was left in. One that was to be ended, and never came to be, ended as well as can be. */
  async ends(): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const [id, wanted] of Object.entries(this.#scenario.ends)) {
      const head = await this.bench.store.readHead(id);
      found[id] = head?.status ?? (["cancelled", "terminated"].includes(wanted) ? wanted : "never begun");
    }
    return found;
  }

  /** Of each history, what does not depend on when and by whom it was written. */
  async stories(): Promise<Record<string, string[]>> {
    const stories: Record<string, string[]> = {};
    for (const id of Object.keys(this.#scenario.ends)) {
      if ((await this.bench.store.readHead(id)) === undefined) continue;
      stories[id] = (await this.bench.history(id)).filter(isStory).map(lineOf);
    }
    return stories;
  }

  /** How often something was done to the world. */
  times(done: string): number {
    return this.world.filter((one) => one === done).length;
  }

  async takeovers(): Promise<number> {
    let count = 0;
    for (const id of Object.keys(this.#scenario.ends))
      if ((await this.bench.store.readHead(id)) !== undefined)
        count += (await this.bench.history(id)).filter(({ type }) => type === "LeaseTaken").length;
    return count;
  }

  /** When the last of its executions ended. */
  async endedAt(): Promise<number> {
    const heads = await Promise.all(
      Object.keys(this.#scenario.ends).map((id) => this.bench.store.readHead(id)),
    );
    return Math.max(
      ...heads.map((head) => (head !== undefined && isClosed(head.status) ? (head.closedAt ?? 0) : 0)),
    );
  }

  /** What lies where it should not when everything is over: messages that nobody reads, records of waits. */
  async left(): Promise<string[]> {
    const left: string[] = [];
    for (const id of Object.keys(this.#scenario.ends)) {
      const head = await this.bench.store.readHead(id);
      if (head === undefined || !isClosed(head.status)) continue;
      // What a continued execution has not read stays there for its successor.
      if (head.status === "continued") continue;
      left.push(...head.inbox.map((message) => `${message.kind} in the inbox of ${id}`));
      left.push(...head.waits.map(({ name }) => `a wait for ${name} of ${id}`));
    }
    return left;
  }

  published(): Record<string, number> {
    const ids = new Map<string, Set<string>>();
    for (const { name, resources } of this.bench.cloud.published)
      ids.set(name, (ids.get(name) ?? new Set()).add(resources[0] ?? ""));
    return Object.fromEntries([...ids].map(([name, { size }]) => [name, size]));
  }

  #purgeBefore(call: number): void {
    const { cloud } = this.bench;
    const count = cloud.faults.count.bind(cloud.faults);
    cloud.faults.count = (name) => {
      const fault = count(name);
      if (cloud.faults.calls.length === call) {
        cloud.wakeQueue.purge();
        this.#purged = true;
      }
      return fault;
    };
  }
}

function isStory({ type }: HistoryEvent): boolean {
  return type !== "LeaseTaken";
}

function lineOf(event: HistoryEvent): string {
  return "op" in event ? `${event.type} ${event.op}` : event.type;
}
