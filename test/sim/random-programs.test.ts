/**
 * Random programs under disturbance: each seed makes a program, disturbs its run, lets it end, and checks what must hold of every
 * execution (`invariants.ts`). The seeds here are few enough for every test run; any number of others is run by
 *
 *     SIM_SEEDS=2000 SIM_FROM=1 npx vitest run test/sim/random-programs
 *
 * and one of them by `SIM_SEEDS=1 SIM_FROM=<seed> … -t "<mode>"`. A seed that fails prints its program, its crashes and its story.
 */
import { ExecutionClosedError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { DurableClient } from "../../lib/client/client.js";
import { decode, encode } from "../../lib/model/value.js";
import { Replay } from "../../lib/replay/replay.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { CrashPoint, When } from "../../lib/testing/faults.js";
import { seededRandom } from "../../lib/testing/random.js";
import { Bench } from "../runtime/bench.js";
import { slowStore } from "../runtime/slow-store.js";
import { brokenIn, type Ended } from "./invariants.js";
import { Arrived, PLACES, type Program, printed, randomProgram, run, Told, type World } from "./programs.js";

interface Mode {
  readonly name: string;
  /** How many seeds every test run takes. */
  readonly seeds: number;
  readonly crashes: number;
  readonly cancels?: boolean;
  readonly slow?: boolean;
  readonly deterministic?: boolean;
  /** A worker with so little time yields again and again. */
  readonly workerTimeoutMs?: number;
}

const modes: readonly Mode[] = [
  { name: "nothing happens to it", seeds: 250, crashes: 0 },
  { name: "its store is slow", seeds: 250, crashes: 0, slow: true },
  { name: "three crashes", seeds: 350, crashes: 3 },
  { name: "it is cancelled, under two crashes", seeds: 350, crashes: 2, cancels: true },
  {
    name: "it is cancelled, under three crashes, and its store is slow",
    seeds: 250,
    crashes: 3,
    cancels: true,
    slow: true,
  },
  {
    name: "its worker has little time, under a crash and a cancel",
    seeds: 100,
    crashes: 1,
    cancels: true,
    workerTimeoutMs: 3_000,
  },
];

const deterministicModes: readonly Mode[] = [
  { name: "three crashes", seeds: 120, crashes: 3, deterministic: true },
  {
    name: "three crashes, and its store is slow",
    seeds: 100,
    crashes: 3,
    slow: true,
    deterministic: true,
  },
];

const ID = "x-1";

/** Long after the last timeout, retry and redelivery. */
const LONG_ENOUGH_MS = 3_600_000;

describe.each(modes)("a random program, when $name", (mode) => {
  it.each(seedsOf(mode))("keeps every invariant (seed %i)", async (seed) => {
    const trial = new Trial(seed, mode);
    await trial.run();
    expect(brokenIn(await trial.ended()), await trial.report()).toEqual([]);
  });
});

describe.each(deterministicModes)("a program without races, under $name", (mode) => {
  it.each(seedsOf(mode))("ends like the undisturbed run (seed %i)", async (seed) => {
    const undisturbed = new Trial(seed, { ...mode, crashes: 0, slow: false });
    await undisturbed.run();
    const disturbed = new Trial(seed, mode);
    await disturbed.run();
    expect(brokenIn(await disturbed.ended()), await disturbed.report()).toEqual([]);
    expect(await disturbed.end(), await disturbed.report()).toEqual(await undisturbed.end());
  });
});

function seedsOf(mode: Mode): number[] {
  const count = Number(process.env.SIM_SEEDS ?? mode.seeds);
  const from = Number(process.env.SIM_FROM ?? 1);
  return Array.from({ length: count }, (_, index) => from + index);
}

/** One program, and what is done to it. */
class Trial {
  readonly #program: Program;
  readonly #world: World = { bodies: [], undone: [] };
  readonly #workflow;
  readonly #bench: Bench;
  readonly #crashes: readonly CrashPoint[];
  /** What happens at which time after the start. */
  readonly #incidents: readonly { readonly at: number; readonly happens: () => Promise<void> }[];

  constructor(seed: number, mode: Mode) {
    const random = seededRandom(seed * 7_919 + 13);
    const below = (n: number): number => Math.floor(random() * n);
    const hasLittleTime = mode.workerTimeoutMs !== undefined;
    this.#program = randomProgram(seed, {
      deterministic: mode.deterministic ?? false,
      longBodies: hasLittleTime ? 0.3 : 0.06,
      longestBodyMs: hasLittleTime ? 1_500 : 4_000,
    });
    this.#workflow = workflow("random", (ctx) =>
      run(ctx, this.#program, this.#world, this.#bench.cloud.clock),
    );
    const store = createMemoryStore();
    this.#bench = new Bench([this.#workflow], [Arrived], {
      seed,
      store: mode.slow ? slowStore(store, seed) : store,
      ...(mode.workerTimeoutMs === undefined ? {} : { workerTimeoutMs: mode.workerTimeoutMs }),
    });
    const whens: readonly When[] = ["before", "after", "reply-lost"];
    this.#crashes = Array.from({ length: mode.crashes }, () => ({
      call: 1 + below(60),
      when: whens[below(3)] ?? "before",
    }));
    const arrivals = mode.deterministic
      ? []
      : PLACES.map((place, n) => ({
          at: below(n === 0 ? 8_000 : 20_000),
          happens: async () => this.#arrive(place, n),
        }));
    const cancels = mode.cancels ? [{ at: below(9_000), happens: () => this.#cancel() }] : [];
    this.#incidents = [...arrivals, ...cancels].sort((a, b) => a.at - b.at);
  }

  async run(): Promise<void> {
    const { cloud } = this.#bench;
    for (const crash of this.#crashes) cloud.faults.plan(crash);
    await repeatedly(() => this.#bench.start(this.#workflow, undefined, ID));
    let now = 0;
    for (const { at, happens } of this.#incidents) {
      await cloud.advance(at - now);
      now = at;
      await happens();
    }
    await cloud.advance(LONG_ENOUGH_MS);
  }

  async ended(): Promise<Ended> {
    const head = await this.#bench.head();
    // Read before the events of the last check, which must not change any of it.
    const ended = {
      program: this.#program,
      world: structuredClone(this.#world),
      head,
      commits: await this.#bench.store.loadHistory(ID, 0),
      history: await this.#bench.history(),
      result: head.error === undefined ? await this.#bench.output() : String(await this.#bench.error()),
      published: new Set(
        this.#bench.cloud.published
          .filter(({ name }) => name === Told.name)
          .map(({ resources }) => (resources[0] ?? "").replace("holdfast:event:", "")),
      ),
      coldReplay: await this.#coldReplay(),
    };
    const left = await this.#waitRecords();
    if (left > 0) await Promise.all(PLACES.map((place) => this.#arrive(place, 99)));
    await this.#bench.cloud.advance(60_000);
    return { ...ended, waitRecords: { left, afterAnEvent: await this.#waitRecords() } };
  }

  /** What its caller sees. */
  async end(): Promise<unknown> {
    return {
      status: await this.#bench.status(),
      output: await this.#bench.output(),
      error: String(await this.#bench.error()),
    };
  }

  async report(): Promise<string> {
    const { status, stall, createdAt } = await this.#bench.head();
    const history = await this.#bench.history();
    return [
      "The program:",
      printed(this.#program, "  "),
      "The crashes:",
      ...this.#crashes.map(
        ({ call, when }) => `  ${when} call ${call}, ${this.#bench.cloud.faults.calls[call - 1]}`,
      ),
      `The story, which ends ${status}${stall === undefined ? "" : ` for ${JSON.stringify(stall.error)}`}:`,
      ...history.map((event) => `  ${event.at - createdAt} ${event.type} ${"op" in event ? event.op : ""}`),
      "",
    ].join("\n");
  }

  async #arrive(place: string, n: number): Promise<void> {
    this.#bench.publish(Arrived, { place, n }, [`holdfast:event:arrival-${n}-${place}`]);
  }

  async #cancel(): Promise<void> {
    await repeatedly(async () => {
      try {
        await new DurableClient({ outside: this.#bench.cloud.client() }).cancel(ID);
      } catch (error) {
        if (!(error instanceof ExecutionClosedError)) throw error;
      }
    });
  }

  async #waitRecords(): Promise<number> {
    const found = await Promise.all(
      PLACES.map((key) => this.#bench.store.findWaits({ name: Arrived.name, key, limit: 100 })),
    );
    return found.flatMap(({ items }) => items).length;
  }

  async #coldReplay(): Promise<Ended["coldReplay"]> {
    const before = this.#world.bodies.length + this.#world.undone.length;
    const replay = new Replay({
      executionId: ID,
      workflow: this.#workflow,
      input: encode(undefined),
      startAt: (await this.#bench.head()).startAt,
      errors: this.#bench.app.errors,
      log: { write: () => {} },
    });
    try {
      await replay.begin();
      for (const event of await this.#bench.history()) await replay.apply(event);
    } catch (error) {
      return { outcome: String(error), result: undefined, bodies: 0 };
    } finally {
      replay.end();
    }
    const { outcome } = replay;
    const bodies = this.#world.bodies.length + this.#world.undone.length - before;
    if (outcome === undefined) return { outcome: undefined, result: undefined, bodies };
    return {
      outcome: outcome.kind,
      result:
        outcome.kind === "completed"
          ? decode(outcome.output)
          : String("error" in outcome ? decode(outcome.error) : outcome.kind),
      bodies,
    };
  }
}

/** A client whose call dies, or is not answered, makes it again (PROTOCOL A8). */
async function repeatedly(call: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 6; tries++) {
    try {
      await call();
      return;
    } catch {
      // Again.
    }
  }
  throw new Error("A client was never answered.");
}
