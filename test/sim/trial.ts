/** One random program through the real runtime, with what is done to it while it runs. */
import { workflow } from "holdfast";
import { startNow } from "../../lib/aws/starting.js";
import { send } from "../../lib/client/control.js";
import { CLAIM_MS } from "../../lib/decide/relay.js";
import { app } from "../../lib/define/app.js";
import { readCallbackToken } from "../../lib/model/callback-token.js";
import type { Head } from "../../lib/model/head.js";
import { isClosed } from "../../lib/model/status.js";
import { encode } from "../../lib/model/value.js";
import { audit } from "../../lib/runtime/audit.js";
import { executionIdFor } from "../../lib/runtime/start.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { CrashPoint, When } from "../../lib/testing/faults.js";
import { seededRandom } from "../../lib/testing/random.js";
import { randomProgram } from "../programs/generate.js";
import { Arrived, Begun, type Hands, Told, workflowsOf } from "../programs/interpret.js";
import { PLACES, type Program, printed, SIGNALS, UPDATES } from "../programs/program.js";
import { Bench } from "../runtime/bench.js";
import { eventLoopTurn, slowStore } from "../runtime/slow-store.js";
import { coldReplay } from "./cold-replay.js";
import { type Ended, type EndedExecution, unreadOf, type World } from "./invariants.js";
import type { Mode } from "./mode.js";
import { repeatedly } from "./repeatedly.js";
import { begunBodies } from "./simulator/durable.js";
import type { Surroundings } from "./simulator/surroundings.js";

const EVENT_ID = "began";

/** Longer than a queue can delay a message. */
const DELAY_MS = 20 * 60_000;

/** Long after the last timeout, retry and redelivery. */
const LONG_ENOUGH_MS = 3_600_000;

/** A program that waits for more than so many messages in a row never ends. */
const MOST_ROUNDS = 40;

/** One that was redriven is cancelled after so many. */
const GIVEN_UP = 30;

export class Trial {
  readonly program: Program;
  readonly #world: World = { bodies: [], undone: [], committed: [], tokens: new Set() };
  readonly #workflow;
  readonly #bench: Bench;
  readonly #crashes: readonly CrashPoint[];
  /** What happens at which time after the start. */
  readonly #incidents: readonly { readonly at: number; readonly happens: () => Promise<void> }[];
  readonly #mode: Mode;
  readonly #id: string;
  /** How often the start function was invoked. */
  #requests = 0;
  /** Somebody to be told things. */
  readonly #listener = workflow("listener", (ctx) => ctx.sleep("300d"));

  /** @param surroundings in which calls go on in any order, and more goes wrong than the mode says */
  constructor(
    seed: number,
    mode: Mode,
    program?: Program,
    private readonly surroundings?: Surroundings,
  ) {
    this.#mode = mode;
    this.#id = mode.startedByEvent ? executionIdFor("random", EVENT_ID) : "x-1";
    const random = seededRandom(seed * 7_919 + 13);
    const below = (n: number): number => Math.floor(random() * n);
    const workerTimeoutMs = surroundings?.workerTimeoutMs ?? mode.workerTimeoutMs;
    const hasLittleTime = workerTimeoutMs !== undefined;
    this.program =
      program ??
      randomProgram(seed, {
        deterministic: mode.deterministic ?? false,
        longBodies: hasLittleTime ? 0.3 : 0.06,
        longestBodyMs: hasLittleTime ? 1_500 : 4_000,
        longSleeps: surroundings === undefined ? 0 : 0.08,
        size: 18,
      });
    const hands = this.#hands();
    const [root, child] = workflowsOf(this.program, hands);
    this.#workflow = root;
    const store = createMemoryStore({ transact: (actions) => this.#transact(actions.length, actions) });
    this.#bench = new Bench([root, child, this.#listener], [Arrived, Told], {
      seed,
      store: mode.slow ? slowStore(store, seed) : store,
      ...(workerTimeoutMs === undefined ? {} : { workerTimeoutMs }),
      ...(surroundings === undefined
        ? {}
        : { director: surroundings.director, skewMs: surroundings.skewMs, replay: "off" }),
    });
    const events = [Arrived, Told];
    surroundings?.begin(this.#bench.cloud, {
      now: this.#bench.app,
      before: app({
        workflows: [...workflowsOf(this.program, hands, "before-patches"), this.#listener],
        events,
      }),
      forgetful: app({ workflows: [this.#listener], events }),
    });
    const whens: readonly When[] = ["before", "after", "reply-lost"];
    this.#crashes = Array.from({ length: mode.crashes }, () => ({
      call: 1 + below(90),
      when: whens[below(3)] ?? "before",
    }));
    const { client, cloud } = this.#bench;
    const acts = (most: number, happens: () => Promise<unknown>) =>
      surroundings?.act(most, happens) ?? [{ at: below(most), happens: () => repeatedly(happens) }];
    this.#incidents = [
      ...(mode.deterministic
        ? []
        : [
            ...PLACES.flatMap((place, n) => acts(n === 0 ? 8_000 : 20_000, () => this.#arrive(place, n))),
            ...SIGNALS.flatMap((name, n) =>
              acts(15_000, () => client.signal(this.#id, name, n, { id: `first-${name}` })),
            ),
            ...UPDATES.flatMap((name, n) => acts(12_000, () => this.#update(name, n))),
            ...[{ at: below(10_000), happens: () => this.#endCallbacks() }],
          ]),
      ...(mode.startedAgain ? acts(20_000, () => this.#startAgain()) : []),
      ...(mode.cancels ? acts(9_000, () => client.cancel(this.#id)) : []),
      ...(mode.terminates ? acts(9_000, () => client.terminate(this.#id)) : []),
      ...(mode.pauses
        ? [...acts(5_000, () => client.pause(this.#id)), ...acts(30_000, () => client.resume(this.#id))]
        : []),
      ...(mode.killed ? acts(9_000, async () => cloud.killAll()) : []),
      ...(mode.unreliable
        ? [
            ...acts(2_000, async () => {
              cloud.relayIsOn = false;
            }),
            ...Array.from({ length: 4 }, () =>
              acts(12_000, async () => {
                cloud.wakeQueue.send({ executionId: this.#id, reason: "message" }, cloud.clock.now());
              }),
            ).flat(),
          ]
        : []),
      ...(surroundings?.incidents() ?? []),
    ].sort((one, other) => one.at - other.at);
  }

  async run(): Promise<void> {
    const { cloud, client } = this.#bench;
    await this.#repeatedly(() => this.#bench.start(this.#listener, undefined, "listener"));
    for (const crash of this.#crashes) cloud.faults.plan(crash);
    await this.#start();
    let now = 0;
    for (const { at, happens } of this.#incidents) {
      await this.#pass(at - now);
      now = at;
      await happens();
    }
    await this.#pass(LONG_ENOUGH_MS);
    cloud.relayIsOn = true;
    await this.#pass(60_000);
    if (this.#mode.unreliable) await this.#waitForTheAudit();
    await this.surroundings?.calm();
    await this.#encourage();
    if (this.#mode.redrives) {
      // Children first: an execution that is redriven waits again for the one whose failure ended it.
      for (const id of (await this.#executionIds()).toReversed())
        await this.#repeatedly(() => client.redrive(id));
      await this.#pass(LONG_ENOUGH_MS);
      await this.#encourage();
    }
  }

  async #start(): Promise<void> {
    const { startedByEvent, startedInline } = this.#mode;
    if (startedInline !== undefined && this.surroundings !== undefined)
      return this.surroundings.begins(this.#id, () => this.#invokeStart(), startedInline === "once");
    if (!startedByEvent) return this.#repeatedly(() => this.#startAsClient());
    this.#begin();
    while ((await this.#bench.store.readHead(this.#id)) === undefined) {
      await this.#pass(30_000);
      await this.surroundings?.bringBackDead();
    }
  }

  async #startAsClient(): Promise<void> {
    const delay = this.#mode.delayed ? { delayMs: DELAY_MS } : {};
    await this.#bench.start(this.#workflow, undefined, this.#id, delay);
  }

  /** By the start function itself. */
  #invokeStart(): Promise<unknown> {
    this.#requests += 1;
    const owner = `request-${this.#requests}`;
    const payload = { workflow: this.#workflow.name, input: undefined, id: this.#id, wait: { ms: 1_000 } };
    return this.#bench.cloud.ask((outside, app, limits) =>
      startNow(outside, app, payload, { owner, limits }),
    );
  }

  /** As it was started before. */
  async #startAgain(): Promise<void> {
    const { startedByEvent, startedInline } = this.#mode;
    if (startedByEvent) this.#begin();
    else await (startedInline === undefined ? this.#startAsClient() : this.#invokeStart());
  }

  #begin(): void {
    this.#bench.publish(Begun, {}, [`holdfast:event:${EVENT_ID}`]);
  }

  #pass(ms: number): Promise<void> {
    return this.surroundings?.pass(ms) ?? this.#bench.cloud.advance(ms);
  }

  #repeatedly(call: () => Promise<unknown>): Promise<void> {
    return this.surroundings?.insist(call) ?? repeatedly(call);
  }

  /** A relay that dies over what comes late leaves a claim behind, and the rest to the audit. */
  async #waitForTheAudit(): Promise<void> {
    const { cloud } = this.#bench;
    await cloud.advance(CLAIM_MS);
    await audit(cloud.bare);
    await cloud.advance(60_000);
  }

  async ended(): Promise<Ended> {
    const { cloud } = this.#bench;
    const published = cloud.published
      .filter(({ name }) => name === Told.name)
      .map(({ resources }) => (resources[0] ?? "").replace("holdfast:event:", ""));
    const world = structuredClone(this.#world);
    const executions: EndedExecution[] = [];
    for (const id of await this.#executionIds()) executions.push(await this.#endOf(id));
    const left = await this.#waitRecords();
    if (left > 0) await Promise.all(PLACES.map((place) => this.#arrive(place, 99)));
    await this.#pass(60_000);
    return {
      program: this.program,
      world,
      executions,
      published: new Set(published),
      waitRecords: { left, afterAnEvent: await this.#waitRecords() },
    };
  }

  /** What its caller sees, and what it did to the world, however often it tried. */
  async accomplished(): Promise<unknown> {
    const { bodies, undone, committed } = this.#world;
    const each = (values: readonly string[]): string[] => [...new Set(values)].toSorted();
    return {
      ...(await this.end()),
      bodies: each(bodies.map(({ key }) => key)),
      undone: each(undone.map(({ of }) => of)),
      committed: committed.toSorted(),
    };
  }

  /** What its caller sees. */
  async end(): Promise<object> {
    return {
      status: await this.#bench.status(this.#id),
      output: await this.#bench.output(this.#id),
      error: String(await this.#bench.error(this.#id)),
    };
  }

  async report(): Promise<string> {
    const lines = [
      "The program:",
      ...printed(this.program)
        .split("\n")
        .map((line) => `  ${line}`),
      "The crashes:",
      ...this.#crashes.map(
        ({ call, when }) => `  ${when} call ${call}, ${this.#bench.cloud.faults.calls[call - 1]}`,
      ),
    ];
    for (const id of await this.#executionIds()) {
      const { status, stall, createdAt } = await this.#bench.head(id);
      const history = await this.#bench.history(id);
      lines.push(
        `The story of ${id}, which ends ${status}${stall === undefined ? "" : ` for ${JSON.stringify(stall.error)}`}:`,
        ...history.map((event) => `  ${event.at - createdAt} ${event.type} ${"op" in event ? event.op : ""}`),
      );
    }
    return [...lines, ...this.#bench.cloud.errors.map((error) => `An invocation threw: ${error}`), ""].join(
      "\n",
    );
  }

  // -------------------------------------------------------------- the world

  #hands(): Hands {
    const world = this.#world;
    return {
      body: async (step, { idempotencyKey }) => {
        const atMostOnce = step.atMostOnce ?? false;
        const most = step.kind === "transaction" || atMostOnce ? {} : { most: step.tries ?? 12 };
        world.bodies.push({ key: idempotencyKey, atMostOnce, ...most });
        const at = this.#bench.cloud.clock.now();
        const body = { kind: "body", at, process: 0, key: idempotencyKey, atMostOnce } as const;
        this.surroundings?.trace.entries.push(body);
        for (let turn = 0; turn < (step.turns ?? 0); turn++) await eventLoopTurn();
        if (step.ms !== undefined) await this.#bench.cloud.clock.sleep(step.ms);
      },
      undo: (of, { idempotencyKey: key }) => {
        world.undone.push({ of, key });
      },
      token: (token) => {
        world.tokens.add(token);
      },
      // Many replays of many executions run here: which delivery it is nobody can say.
      delivery: () => 0,
      stray: () => {},
    };
  }

  #transact(count: number, actions: readonly object[]): undefined {
    for (const action of actions) {
      if ("Put" in action) this.#world.committed.push(JSON.stringify(action.Put));
    }
    if (count !== 1) throw new Error(`a transaction of ${count} actions, and every program's has one`);
    return undefined;
  }

  /** Tells whatever still waits what it waits for, until everything has ended. */
  async #encourage(): Promise<void> {
    const { client } = this.#bench;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const open: Head[] = [];
      const chain = new Set([this.#id]);
      for (const id of await this.#executionIds()) {
        const head = await this.#bench.head(id);
        if (!isClosed(head.status)) open.push(head);
        if (chain.has(id) && head.continuedTo !== undefined) chain.add(head.continuedTo);
      }
      const freed = await this.#free(open);
      if (open.every(({ status }) => status === "stalled") && !freed) return;
      await this.#endCallbacks();
      for (const { executionId, status } of open) {
        // It waits for a child whose failure can't be made undone.
        if (this.#mode.redrives && round > GIVEN_UP) await this.#repeatedly(() => client.cancel(executionId));
        if (status === "paused") await this.#repeatedly(() => client.resume(executionId));
        // Who started it knows no other id.
        const to = chain.has(executionId) ? this.#id : executionId;
        for (const name of SIGNALS)
          await this.#repeatedly(() => client.signal(to, name, round, { id: `${name}-${round}` }));
      }
      await this.#pass(LONG_ENOUGH_MS);
    }
  }

  /** Redrives what stalled for want of its workflow, which has come back since. */
  async #free(open: readonly Head[]): Promise<boolean> {
    const orphans = open.filter(({ stall }) => JSON.stringify(stall)?.includes("UnknownWorkflowError"));
    for (const { executionId } of orphans)
      await this.#repeatedly(() => this.#bench.client.redrive(executionId));
    return orphans.length > 0;
  }

  async #arrive(place: string, n: number): Promise<void> {
    this.#bench.publish(Arrived, { place, n }, [`holdfast:event:arrival-${n}-${place}`]);
  }

  async #update(name: string, n: number): Promise<void> {
    const outside = this.#bench.cloud.client();
    await send(outside, this.#id, {
      kind: "update",
      id: `u-${name}`,
      at: outside.clock.now(),
      name,
      data: encode(n),
    });
  }

  async #endCallbacks(): Promise<void> {
    const { client } = this.#bench;
    // Every replay says its tokens again.
    for (const token of [...this.#world.tokens]) {
      this.#world.tokens.delete(token);
      const fails = readCallbackToken(token).op.length % 3 === 0;
      await this.#repeatedly(() =>
        fails
          ? client.failCallback(token, new Error("failed outside"))
          : client.completeCallback(token, "done"),
      );
    }
  }

  // -------------------------------------------------------------- what is left

  /** Its own, those of the executions that followed it, and those of their children. */
  async #executionIds(): Promise<string[]> {
    const ids: string[] = [];
    const collect = async (id: string): Promise<void> => {
      const head = await this.#bench.store.readHead(id);
      if (head === undefined || ids.includes(id)) return;
      ids.push(id);
      for (const event of await this.#bench.history(id))
        if (event.type === "ChildRequested") await collect(event.childId);
      if (head.continuedTo !== undefined) await collect(head.continuedTo);
    };
    await collect(this.#id);
    return ids;
  }

  async #endOf(id: string): Promise<EndedExecution> {
    const head = await this.#bench.head(id);
    const trace = this.surroundings?.trace;
    const begun = trace === undefined ? [] : begunBodies(trace, id, await this.#executionIds());
    const before = this.#ran();
    const history = await this.#bench.history(id);
    return {
      head,
      commits: await this.#bench.store.loadHistory(id, 0),
      history,
      result: head.error === undefined ? await this.#bench.output(id) : String(await this.#bench.error(id)),
      unread: await unreadOf(this.#bench.store, id, history),
      coldReplay: { ...(await coldReplay(this.#bench, head, begun)), bodies: this.#ran() - before },
    };
  }

  #ran(): number {
    return this.#world.bodies.length + this.#world.undone.length;
  }

  async #waitRecords(): Promise<number> {
    const found = await Promise.all(
      PLACES.map((key) => this.#bench.store.findWaits({ name: Arrived.name, key, limit: 100 })),
    );
    return found.flatMap(({ items }) => items).length;
  }
}
