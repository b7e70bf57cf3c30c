/** Two invocations on one execution, as a course of their calls: whose next one takes effect is chosen from outside. */
import { DurableClient } from "../../../lib/client/client.js";
import { recordDefinition } from "../../../lib/runtime/definitions.js";
import { Activity } from "../../../lib/testing/activity.js";
import { TestProcess } from "../../../lib/testing/process.js";
import { type Course, type Move, TIME } from "./explorer.js";
import { Ground } from "./ground.js";
import type { HeldCall } from "./held.js";
import type { Invocation, Pair, Work } from "./invocations.js";
import { touchesOf } from "./touches.js";

/** After it a lease has ended, and what was received has come back. */
const LEASE_IS_OVER_MS = 95_000;

/** Calls wait for nothing here, and bodies for nobody. */
const PATIENCE_MS = 100;

/** What a client was answered; of a function nobody hears. */
export type Answer = { readonly is: unknown } | { readonly threw: string } | "nothing" | "died";

interface Actor {
  readonly number: number;
  readonly invocation: Invocation;
  readonly process: TestProcess;
  /** That took effect. */
  calls: number;
  answer: Answer | undefined;
}

export class Meeting implements Course {
  readonly actors: Actor[] = [];
  readonly #activity = new Activity(PATIENCE_MS);
  /** Those whose time has not come. */
  readonly #coming: Invocation[];
  #died = false;
  readonly #began: number;

  private constructor(
    readonly ground: Ground,
    readonly pair: Pair,
    private readonly deaths: boolean,
  ) {
    this.#coming = pair.isZombie ? [pair.other] : [];
    this.#began = ground.cloud.clock.now();
  }

  /** @param deaths whether one of the two may die */
  static async of(pair: Pair, deaths: boolean): Promise<Meeting> {
    const ground = new Ground(pair.workflows, pair.breaks);
    await pair.prepares(ground);
    const meeting = new Meeting(ground, pair, deaths);
    const works = pair.isZombie ? [pair.one] : [pair.one, pair.other];
    // Both have received their messages before either asks for anything.
    const begun = works.map((invocation) => ({ invocation, work: invocation.receives(ground) }));
    for (const { invocation, work } of begun) await meeting.#begin(invocation, work);
    await meeting.#quiet();
    return meeting;
  }

  moves(): readonly Move[] {
    const held = this.#free();
    const deaths = this.deaths && !this.#died;
    return [
      ...held.map((call) => moveOf(call, false)),
      ...(this.#coming.length > 0 ? [TIME_PASSES] : []),
      ...(deaths ? held.map((call) => moveOf(call, true)) : []),
      ...(deaths ? this.actors.filter((actor) => this.#isAtWork(actor)).map(deathOf) : []),
    ];
  }

  async make(move: Move): Promise<void> {
    const { director, cloud } = this.ground;
    const held = director.held.find((call) => idOf(call) === move.id || `${idOf(call)}†` === move.id);
    if (move.dies) this.#died = true;
    const actor = this.actors.find(({ number }) => number === move.actor);
    if (held !== undefined && actor !== undefined) {
      actor.calls += 1;
      await director.release(held, move.dies);
    } else if (move.actor === TIME) {
      cloud.clock.moveTo(cloud.clock.now() + LEASE_IS_OVER_MS);
      for (const invocation of this.#coming.splice(0))
        await this.#begin(invocation, invocation.receives(this.ground));
    } else if (actor !== undefined) director.kill(actor.process, "before its next call");
    await this.#quiet();
  }

  #free(): readonly HeldCall[] {
    const { held } = this.ground.director;
    return held.filter((call, index) => {
      const isFirst = held[index - 1]?.actor !== call.actor;
      return isFirst || this.actors[call.actor - 1]?.invocation.isInOrder !== true;
    });
  }

  /** Somebody died. */
  get hasDeath(): boolean {
    return this.#died;
  }

  /** All that happened since the two began, in words. */
  told(): string[] {
    const { cloud, trace } = this.ground;
    return [
      ...this.actors.map(
        ({ number, invocation, answer }) =>
          `${number} is ${invocation.name}, as p${this.ground.director.numberOf(number)}; it got ${JSON.stringify(answer)}`,
      ),
      ...trace.print(this.#began),
      ...cloud.errors.map((error) => `An invocation threw afterwards: ${error}`),
    ];
  }

  #isAtWork({ number, answer }: Actor): boolean {
    return answer === undefined && this.ground.director.held.some(({ actor }) => actor === number);
  }

  async #begin(invocation: Invocation, work: Work): Promise<void> {
    const { cloud, director } = this.ground;
    const number = this.actors.length + 1;
    const shared = { faults: cloud.faults, activity: this.#activity, doubles: cloud.doubles, director };
    const process = new TestProcess(shared);
    const outside = process.outside(cloud.bare);
    // A process that has started these workflows before: what a first start does beside is done.
    for (const workflow of cloud.app.workflows.values()) await recordDefinition(outside, workflow);
    director.hold(process, number);
    const actor: Actor = { number, invocation, process, calls: 0, answer: undefined };
    this.actors.push(actor);
    const client = new DurableClient({ outside });
    const done = work({ process, outside, app: process.app(cloud.app), client });
    Promise.race([done, process.died])
      .then(
        (is) => ({ is }),
        (error: unknown) => (process.dead ? ("died" as const) : { threw: nameOf(error) }),
      )
      .then((answer) => {
        actor.answer = invocation.by === "client" ? answer : "nothing";
        this.#activity.moves += 1;
      });
  }

  /** Until nobody goes on before a call is let go. Where all wait for time, it passes. */
  async #quiet(): Promise<void> {
    const { cloud, director } = this.ground;
    for (;;) {
      await this.#activity.quiet();
      const isOver = this.actors.every(({ answer }) => answer !== undefined);
      if (director.held.length > 0 || this.#coming.length > 0 || isOver) return;
      const next = cloud.clock.next();
      if (next === undefined) throw new Error("An invocation waits for nothing, and does not end.");
      cloud.clock.moveTo(next);
    }
  }
}

const TIME_PASSES: Move = { id: "time", actor: TIME, dies: false, touches: [] };

function idOf({ actor, nth }: HeldCall): string {
  return `${actor}.${nth}`;
}

function moveOf(held: HeldCall, dies: boolean): Move {
  const { name, args } = held.call;
  const id = dies ? `${idOf(held)}†` : idOf(held);
  return { id, actor: held.actor, dies, touches: touchesOf(name, args) };
}

function deathOf({ number }: Actor): Move {
  return { id: `${number}†`, actor: number, dies: true, touches: [] };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}
