/**
 * The seeded scheduler: holds every call to the outside until it is chosen, lets several invocations come on in any order, and strikes with
 * the faults that the weather has. All that it decides comes from one seed.
 */
import type { EpochMs } from "../../../lib/model/time.js";
import type { Director, OutsideCall, ReceivedMessage } from "../../../lib/testing/director.js";
import type { TestProcess } from "../../../lib/testing/process.js";
import type { VirtualClock } from "../../../lib/testing/virtual-clock.js";
import type { MadeCall, Trace } from "./trace.js";
import { type Fault, FOCI, type Weather } from "./weather.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Somebody to be told things, who is there before the program's own execution. */
export const LISTENER = "listener";

/** So many faults are enough for one run: more would only repeat each other, and take the time of other runs. */
const MOST_FAULTS = 25;

/** Of processes that make the call which a run looks at most closely. */
const MOST_DEATHS = 3;

/** What a process dies of, be it that its time is over. */
const DEADLY = /^(the process dies|a call takes long|a reply takes long)/;

const THROTTLED = "a call is throttled, and those that follow for a while";

/** Something that happens as a call of that name is made for the n-th time. */
interface Provoked {
  readonly name: string;
  left: number;
  readonly happens: () => void;
}

/** An error as the SDK throws it when its own tries are used up. */
function unanswered(name: string): Error {
  return Object.assign(new Error(name), { name, $fault: "server", $metadata: { httpStatusCode: 500 } });
}

export class SimDirector implements Director {
  readonly moves: (() => void)[] = [];
  /** Nothing goes wrong any more, and calls are made as they come. */
  isCalm = false;
  #struck = 0;
  #throttledUntil: EpochMs = 0;
  /** What lists have shown, by their names. */
  readonly #shown = new Map<string, unknown>();
  readonly #processes = new Map<TestProcess, number>();
  readonly #messages = new Map<TestProcess, ReceivedMessage>();
  /** What this run looks at most closely. */
  readonly #focus: string | undefined;
  #provoked: Provoked[] = [];
  /** There is an execution that something could be done to. */
  #hasBegun = false;

  constructor(
    private readonly weather: Weather,
    private readonly random: () => number,
    private readonly trace: Trace,
    /** There once the cloud is. */
    private readonly clock: () => VirtualClock,
  ) {
    this.#focus = random() < 0.5 ? this.#oneOfFoci() : undefined;
  }

  /** Lets something happen just as a call is made: what comes at that very time is what races with it. */
  provoke(happens: () => void): void {
    this.#provoked.push({ name: this.#focus ?? this.#oneOfFoci(), left: this.below(4), happens });
  }

  async call(call: OutsideCall): Promise<unknown> {
    const { process, name } = call;
    this.#letHappen(name);
    if (this.isCalm) return this.#told(call, await this.#take(call));
    if (this.#strikes("the process dies before a call", name, process)) this.#kill(process, `before ${name}`);
    if (process.dead) return undefined;
    this.#mayBeRefused(call);
    if (this.#strikes("the process dies, and its call takes effect minutes later", name, process)) {
      this.#kill(process, `during ${name}`);
      await this.clock().sleep(this.#some(20 * MINUTE));
      return (await this.#take(call)).reply;
    }
    const slow = "a call takes long before it takes effect, while its process lives on or is killed";
    if (this.#strikes(slow, name, process)) await this.clock().sleep(this.#long());
    await this.#turn();
    // It is on the wire: whether its process still lives makes no difference to it.
    const made = await this.#take(call);
    const slowReply = "a reply takes long, while its process lives on or is killed";
    if (this.#strikes(slowReply, name, process)) await this.clock().sleep(this.#long());
    if (this.#strikes("the process dies after a call", name, process)) this.#kill(process, `after ${name}`);
    if (this.#strikes("a call takes effect, and its reply is lost", name, process))
      throw unanswered("TimeoutError");
    if (this.random() < 0.3) await this.#turn();
    return this.#told(call, made);
  }

  #told({ process }: OutsideCall, made: MadeCall): unknown {
    made.told = !process.dead;
    return made.reply;
  }

  /** Which processes did not live to their end, by the numbers that the trace gives them. */
  noteDeaths(): void {
    for (const [process, number] of this.#processes) if (process.dead) this.trace.died.add(number);
  }

  received(process: TestProcess, message: ReceivedMessage): void {
    this.#messages.set(process, message);
    if (this.#strikes("a message is received twice at once", message.queue, process)) message.repeat();
  }

  #kill(process: TestProcess, where: string): void {
    process.kill(where);
    const message = this.#messages.get(process);
    // An event that no queue holds any more nobody can make good.
    if (message === undefined || !/^(wake|stream)$/.test(message.queue)) return;
    if (this.#strikes("a process dies, and its message with it", message.queue, process)) message.lose();
  }

  #oneOfFoci(): string {
    const names = Object.keys(FOCI);
    return names[this.below(names.length)] ?? "";
  }

  #letHappen(name: string): void {
    if (!this.#hasBegun) return;
    const due = this.#provoked.filter((one) => one.name === name && one.left-- === 0);
    for (const { happens } of due) happens();
  }

  /** What was to happen at calls that were not made happens now. */
  letAllHappen(): void {
    for (const { left, happens } of this.#provoked) if (left >= 0) happens();
    this.#provoked = [];
  }

  /** Whether this fault strikes on this occasion. */
  #strikes(fault: Fault, where: string, process?: TestProcess): boolean {
    const often = this.weather[fault];
    if (often === undefined || this.isCalm || this.#struck >= MOST_FAULTS) return false;
    if (this.#hasKilledEnough(fault, where)) return false;
    const focused = where === this.#focus ? (FOCI[where] ?? 1) : 1;
    if (this.random() >= Math.min(0.6, often * focused)) return false;
    this.note(`${fault}: ${where}`, process);
    return true;
  }

  /** An execution whose owners die five times in a row, all of them at one call, is stalled, as it should be. */
  #hasKilledEnough(fault: Fault, where: string): boolean {
    if (where !== this.#focus || !DEADLY.test(fault)) return false;
    const struck = this.trace.faults.filter(({ what }) => DEADLY.test(what) && what.endsWith(`: ${where}`));
    return struck.length >= MOST_DEATHS;
  }

  /** For faults of messages and surroundings, too. */
  strikes(fault: Fault, where: string): boolean {
    return this.#strikes(fault, where);
  }

  note(what: string, process?: TestProcess): void {
    this.#struck += 1;
    this.#tell(what, process);
  }

  #tell(what: string, process: TestProcess | undefined): void {
    this.trace.entries.push({ kind: "fault", at: this.clock().now(), process: this.#number(process), what });
  }

  below(most: number): number {
    return Math.floor(this.random() * most);
  }

  #some(most: number): number {
    return Math.ceil(this.random() * most);
  }

  /** Within the life of its process, or beyond it. */
  #long(): number {
    return this.#some(this.random() < 0.5 ? 50 * SECOND : 20 * MINUTE);
  }

  #number(process: TestProcess | undefined): number {
    if (process === undefined) return 0;
    const known = this.#processes.get(process);
    if (known !== undefined) return known;
    this.#processes.set(process, this.#processes.size + 1);
    return this.#processes.size;
  }

  /** Throws what the call is refused with, if it is. */
  #mayBeRefused({ name, process }: OutsideCall): void {
    const now = this.clock().now();
    const isOfTables = name.startsWith("store.");
    if (isOfTables && now < this.#throttledUntil && this.random() < 0.5) {
      this.#tell(`a call is throttled as those before it: ${name}`, process);
      throw unanswered("ThrottlingException");
    }
    if (isOfTables && this.#strikes(THROTTLED, name, process)) {
      this.#throttledUntil = now + this.#some(2 * MINUTE);
      throw unanswered("ThrottlingException");
    }
    if (this.#strikes("a call times out and takes no effect", name, process))
      throw unanswered("TimeoutError");
    if (
      name === "store.commitTransaction" &&
      this.#strikes("a transaction conflicts with another", name, process)
    )
      throw unanswered("TransactionConflictException");
    if (name === "wakes.schedule" && this.#strikes("no schedule can be created", name, process))
      throw unanswered("ThrottlingException");
    if (name === "bus.publish" && this.#strikes("the bus fails for a call", name, process))
      throw unanswered("InternalException");
  }

  /** Waits until it is chosen among all that could go on. */
  #turn(): Promise<void> {
    return new Promise((resolve) => {
      const move = (): void => {
        this.moves.splice(this.moves.indexOf(move), 1);
        resolve();
      };
      this.moves.push(move);
    });
  }

  /** The memory store does its whole work as it is called: so the trace has the calls in the order in which they took effect. */
  async #take({ process, name, args, take }: OutsideCall): Promise<MadeCall> {
    const at = this.clock().now();
    const line = { kind: "call", at, process: this.#number(process), clock: at + process.skewMs } as const;
    const made: { reply: unknown } & Omit<MadeCall, "reply"> = {
      ...line,
      name,
      args,
      reply: undefined,
      told: false,
    };
    this.trace.entries.push(made);
    made.reply = this.#asShown(name, await take());
    // The first is the listener's.
    if (name === "store.createExecution") this.#hasBegun = Object(args[0]).executionId !== LISTENER;
    return made;
  }

  /** Indexes are behind their table by a moment, or more. */
  #asShown(name: string, reply: unknown): unknown {
    if (!/^store\.list(Open|Outboxes|Executions|Waiting)$/.test(name)) return reply;
    const page = reply as { readonly items: readonly unknown[] };
    const before = this.#shown.get(name);
    if (page.items.length > 0) this.#shown.set(name, page.items[0]);
    if (before !== undefined && this.#strikes("an index shows what was, not what is", name))
      return { ...page, items: [before, ...page.items] };
    if (page.items.length === 0) return reply;
    if (!this.#strikes("an index does not show its newest entries", name)) return reply;
    return { ...page, items: page.items.slice(0, -1) };
  }
}
