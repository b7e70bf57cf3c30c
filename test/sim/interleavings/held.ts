/** Holds every call of the two invocations until it is chosen, and lets everybody else's go on as they are made; all of them are traced. */
import type { EpochMs } from "../../../lib/model/time.js";
import type { Director, OutsideCall } from "../../../lib/testing/director.js";
import type { TestProcess } from "../../../lib/testing/process.js";
import type { MadeCall, Trace } from "../simulator/trace.js";

export interface HeldCall {
  readonly actor: number;
  /** Of its actor's calls, from 1, in the order in which they were made. */
  readonly nth: number;
  readonly call: OutsideCall;
  readonly answer: (take: Promise<unknown>) => void;
}

export class HoldingDirector implements Director {
  /** Nothing that the cloud itself could choose. */
  readonly moves = [];
  /** In the order of the actors, and of each one's calls. */
  held: readonly HeldCall[] = [];
  readonly #actors = new Map<TestProcess, { readonly actor: number; calls: number }>();
  readonly #processes = new Map<TestProcess, number>();

  constructor(
    private readonly trace: Trace,
    private readonly now: () => EpochMs,
  ) {}

  /** From here on what this process asks for waits until it is chosen. */
  hold(process: TestProcess, actor: number): void {
    this.#actors.set(process, { actor, calls: 0 });
  }

  call(call: OutsideCall): Promise<unknown> {
    const own = this.#actors.get(call.process);
    if (own === undefined) return this.#take(call);
    own.calls += 1;
    const { actor, calls: nth } = own;
    return new Promise((answer) => {
      const all = [...this.held, { actor, nth, call, answer }];
      this.held = all.toSorted((one, other) => one.actor - other.actor || one.nth - other.nth);
    });
  }

  /** The call takes effect; with `dies` its process does not live to hear of it. */
  async release(held: HeldCall, dies: boolean): Promise<void> {
    this.held = this.held.filter((other) => other !== held);
    const taken = this.#take(held.call, dies);
    if (dies) {
      await taken.catch(() => {});
      this.kill(held.call.process, `after ${held.call.name}`);
    }
    held.answer(taken);
  }

  /** What the process had under way takes no effect any more. */
  kill(process: TestProcess, where: string): void {
    this.held = this.held.filter(({ call }) => call.process !== process);
    const number = this.#number(process);
    this.trace.entries.push({
      kind: "fault",
      at: this.now(),
      process: number,
      what: `the process dies ${where}`,
    });
    this.trace.died.add(number);
    process.kill(where);
  }

  /** By which number the trace knows this actor, once it has made a call. */
  numberOf(actor: number): number | undefined {
    const own = [...this.#actors].find(([, { actor: other }]) => other === actor);
    return own && this.#processes.get(own[0]);
  }

  received(): boolean {
    return false;
  }

  /** The memory store does its whole work as it is called: so the trace has the calls in the order in which they took effect. */
  async #take({ process, name, args, take }: OutsideCall, dies = false): Promise<unknown> {
    const at = this.now();
    const made: { reply: unknown } & Omit<MadeCall, "reply"> = {
      kind: "call",
      at,
      process: this.#number(process),
      clock: at + process.skewMs,
      name,
      args,
      reply: undefined,
      told: !dies,
    };
    this.trace.entries.push(made);
    made.reply = await take();
    return made.reply;
  }

  #number(process: TestProcess): number {
    const known = this.#processes.get(process) ?? this.#processes.size + 1;
    this.#processes.set(process, known);
    return known;
  }
}
