/** One random program on the level of the replay: recorded, then replayed from every prefix of what was recorded. */
import type { AnyWorkflow } from "../../lib/define/workflow.js";
import { EngineError } from "../../lib/model/errors.js";
import { type HistoryEvent, isClosingEvent } from "../../lib/model/history-event.js";
import { encode } from "../../lib/model/value.js";
import type { Operation } from "../../lib/replay/operation.js";
import { voidedIn } from "../../lib/replay/recording.js";
import { Replay } from "../../lib/replay/replay.js";
import { NOON } from "../builders.js";
import { type Hands, workflowsOf } from "./interpret.js";
import { type Program, printed, UPDATES } from "./program.js";
import { type BodyRun, World } from "./world.js";

export interface Recording {
  readonly log: readonly HistoryEvent[];
  /** The state after so many events of the log; undefined where no replay can stand (before a change that the same delivery brought). */
  readonly states: readonly (string | undefined)[];
  readonly bodies: readonly BodyRun[];
  /** Steps that completed and can be undone, with the position of their completion. */
  readonly undoable: ReadonlyMap<string, number>;
  /** Undoings that began, in their order: which operation undid which step. */
  readonly undoing: readonly { readonly op: string; readonly of: string; readonly attempt: number }[];
}

/** What does not hold, in words, with all that is needed to see it again. */
export class Broken extends Error {
  constructor(
    what: string,
    readonly seed: number,
    readonly program: Program,
    readonly log: readonly HistoryEvent[],
  ) {
    super(
      [
        what,
        `Seed ${seed}. The program:`,
        ...printed(program)
          .split("\n")
          .map((line) => `  ${line}`),
        "What was recorded:",
        ...log.map((event, position) => `  ${position} ${told(event)}`),
      ].join("\n"),
    );
    this.name = "Broken";
  }
}

/** A replay that stands where another stood goes on like that one, since all it goes by is compared: a few events say as much as many. */
const FEW_EVENTS = 3;

export class Trial {
  /** Where the recording has come to, for reports. */
  readonly #log: HistoryEvent[] = [];

  constructor(
    private readonly seed: number,
    private readonly program: Program,
    /** Of how many prefixes one goes on to the end of the log; the others go on for a few events. */
    private readonly oneOf = 1,
  ) {}

  /** @throws Broken */
  async run(): Promise<Recording> {
    try {
      const recording = await this.#record();
      this.#checkRecording(recording);
      for (let length = 0; length <= recording.log.length; length++)
        await this.#checkPrefix(recording, length);
      return recording;
    } catch (error) {
      if (error instanceof Broken) throw error;
      throw this.#broken(error instanceof Error ? `${error.stack}` : String(error));
    }
  }

  /** Whether a replay of this log finds fault with it. */
  async refuses(log: readonly HistoryEvent[]): Promise<boolean> {
    const player = new Player(this.program, this.seed);
    try {
      await player.replayed(log);
      return false;
    } catch (error) {
      if (error instanceof EngineError) return true;
      throw this.#broken(`A replay of a damaged log threw ${error instanceof Error ? error.stack : error}`);
    } finally {
      player.end();
    }
  }

  async #record(): Promise<Recording> {
    const player = new Player(this.program, this.seed);
    const log = this.#log;
    const states: (string | undefined)[] = [];
    const undoable = new Map<string, number>();
    const inherited = player.world.inherited();
    const states0 = async (): Promise<void> => {
      // What was inherited is there before any code runs.
      if (inherited !== undefined) {
        states.push(undefined);
        log.push(inherited);
      }
      await player.replayed(log);
      player.live();
    };
    await states0();
    for (;;) {
      for (const change of player.takePatched(log)) {
        states.push(undefined);
        log.push(change);
      }
      states.push(stateOf(player.replay));
      const event = await player.world.next(player.replay, log);
      if (event === undefined) break;
      if (event.type === "StepCompleted") {
        const step = player.replay.pending.get(event.op);
        if (step?.kind === "step" && step.compensation !== undefined) undoable.set(event.op, log.length);
      }
      log.push(asText(event));
      await player.apply(event, log);
    }
    player.end();
    if (player.strays.length > 0)
      throw this.#broken(`Code went on that was over: ${player.strays.join(", ")}`);
    return { log, states, bodies: player.world.bodies, undoable, undoing: player.undoing };
  }

  async #checkPrefix({ log, states }: Recording, length: number): Promise<void> {
    const state = states[length];
    if (state === undefined) return;
    const player = new Player(this.program, this.seed);
    const prefix = log.slice(0, length);
    const where = `After the first ${length} events`;
    try {
      await player.replayed(prefix);
      const arrived = stateOf(player.replay);
      if (arrived !== state)
        throw this.#broken(`${where}, the replay stands elsewhere:\n  ${state}\n  ${arrived}`);
      if (player.world.bodies.length > 0) throw this.#broken(`${where}, the replay ran a body.`);
      player.live();
      await this.#goOn(player, prefix, log, where);
    } finally {
      player.end();
    }
    const ended = new Set(endedSteps(prefix));
    const again = player.world.bodies.filter(({ op }) => ended.has(op) && !isVoided(log, op));
    if (again.length > 0) throw this.#broken(`${where}, a body ran again: ${JSON.stringify(again)}`);
    if (player.strays.length > 0) throw this.#broken(`${where}, code went on: ${player.strays.join(", ")}`);
  }

  async #goOn(
    player: Player,
    prefix: readonly HistoryEvent[],
    log: readonly HistoryEvent[],
    where: string,
  ): Promise<void> {
    const own = [...prefix];
    const expect = (event: HistoryEvent | undefined): void => {
      const expected = log[own.length];
      if (told(event) !== told(expected))
        throw this.#broken(
          `${where}, event ${own.length} was another:\n  ${told(expected)}\n  ${told(event)}`,
        );
    };
    const isWhole = (prefix.length + this.seed) % this.oneOf === 0;
    const until = isWhole ? Number.POSITIVE_INFINITY : prefix.length + FEW_EVENTS;
    while (own.length < until) {
      for (const change of player.takePatched(own)) {
        expect(change);
        own.push(change);
      }
      const event = await player.world.next(player.replay, own);
      expect(event);
      if (event === undefined) return;
      own.push(asText(event));
      await player.apply(event, own);
    }
  }

  #checkRecording({ log, bodies, undoable, undoing }: Recording): void {
    const attempts = bodies.map(({ op, attempt }) => `${op} ${attempt}`);
    const redrives = log.filter(({ type }) => type === "ExecutionRedriven").length;
    const twice = attempts.find((one, index) => attempts.indexOf(one) !== index);
    if (twice !== undefined && redrives === 0) throw this.#broken(`The same attempt ran twice: ${twice}`);

    const last = new Map<string, number>();
    const undoneBy = new Map<string, string>();
    for (const { op, of, attempt } of undoing) {
      const position = undoable.get(of);
      if (position === undefined) throw this.#broken(`${op} undid ${of}, which had not completed.`);
      const before = undoneBy.get(of);
      if (before === undefined || redrives > 0) undoneBy.set(of, op);
      else if (before !== op) throw this.#broken(`${of} was undone by ${before} and by ${op}.`);
      const group = op.slice(0, op.lastIndexOf("/"));
      if (position > (last.get(group) ?? Number.POSITIVE_INFINITY))
        throw this.#broken(`${op} (attempt ${attempt}) undid ${of} out of order.`);
      last.set(group, position);
    }
    const end = log.at(-1)?.type;
    // One that crashes kept from ever beginning has ended all the same.
    const undone = new Set(endedSteps(log).filter((op) => /(^|\/)undo(#\d+)?\/step:/.test(op)));
    if ((end === "ExecutionFailed" || end === "ExecutionCancelled") && redrives === 0) {
      if (undone.size !== undoable.size)
        throw this.#broken(
          `${[...undoable.keys()]} completed, and ${[...undone]} are what was undone at the end.`,
        );
    }
    if (!undoing.every(({ of }) => of.includes("saga") || end !== "ExecutionCompleted"))
      throw this.#broken("It completed, and something outside of its sagas was undone.");
    const completed = log.findIndex(({ type }) => type === "ExecutionCompleted");
    if (completed >= 0 && log.slice(completed).some(isOfTheCode))
      throw this.#broken("It had completed, and its code went on.");
    if (log.findIndex(isClosingEvent) !== log.length - 1 && redrives === 0)
      throw this.#broken("The history does not end in its one closing event.");
  }

  #broken(what: string): Broken {
    return new Broken(what, this.seed, this.program, this.#log);
  }
}

/** A replay of the program, in its world. */
class Player {
  readonly world: World;
  readonly strays: string[] = [];
  readonly undoing: { op: string; of: string; attempt: number }[] = [];
  #replay: Replay | undefined;
  #window = 0;

  constructor(
    private readonly program: Program,
    seed: number,
  ) {
    this.world = new World(seed, program.timeoutMs !== undefined);
  }

  get replay(): Replay {
    if (this.#replay === undefined) throw new Error("nothing is replayed yet");
    return this.#replay;
  }

  /** A cold replay of this log, in the place of the one before. */
  async replayed(log: readonly HistoryEvent[]): Promise<void> {
    this.end();
    const patches = new Set(log.flatMap((event) => (event.type === "ChangePatched" ? [event.change] : [])));
    const replay = new Replay({
      executionId: "x-1",
      workflow: this.#workflow(),
      input: encode(undefined),
      startAt: NOON,
      ...(this.program.timeoutMs === undefined ? {} : { timeoutMs: this.program.timeoutMs }),
      errors: new Map(),
      log: { write: () => {} },
      patches,
      ...(log.every(({ type }) => type === "MessagesInherited") ? { fresh: { inherited: log.length } } : {}),
    });
    this.#replay = replay;
    const voided = voidedIn(log.map((event) => ({ event })));
    this.#window += 1;
    await replay.begin();
    for (const [position, event] of log.entries()) {
      this.#window += 1;
      await replay.apply(asText(event), position + 1, voided.has(replay.position));
    }
  }

  live(): void {
    this.replay.live = true;
  }

  /** What was just recorded happens. */
  async apply(event: HistoryEvent, log: readonly HistoryEvent[]): Promise<void> {
    if (event.type === "ExecutionRedriven") {
      await this.replayed(log);
      return this.live();
    }
    this.#window += 1;
    await this.replay.apply(event);
  }

  takePatched(log: readonly HistoryEvent[]): HistoryEvent[] {
    const at = log.at(-1)?.at ?? NOON;
    return this.replay.takePatched().map((event) => ({ ...event, at }));
  }

  end(): void {
    this.#replay?.end();
  }

  #workflow(): AnyWorkflow {
    const hands: Hands = {
      body: () => {},
      undo: (of, { idempotencyKey: op, attempt }) => {
        this.undoing.push({ op, of, attempt });
      },
      token: () => {},
      delivery: () => this.#window,
      stray: (where) => {
        this.strays.push(where);
      },
    };
    return workflowsOf(this.program, hands)[0];
  }
}

/** Everything that must be the same in every replay that stands at the same place. */
function stateOf(replay: Replay): string {
  return told({
    position: replay.position,
    now: replay.now,
    asked: replay.asked(),
    pending: [...replay.pending.values()].map(operationOf),
    buffered: replay.buffered.all().map(({ id }) => id),
    seen: [...replay.seen],
    handles: UPDATES.filter((name) => replay.handlesUpdate(name)),
    state: replay.state,
    paused: replay.paused,
    failing: replay.failing,
    timedOut: replay.timedOut,
    crashes: replay.crashes,
    outcome: replay.outcome,
    closing: replay.closing?.type,
  });
}

function operationOf(operation: Operation): unknown {
  // How much had to be durable before its effect matters only to who records it.
  const { branch, after, label, ...own } = operation;
  return { ...own, over: branch.over };
}

/** As storage gives it back. */
function asText(event: HistoryEvent): HistoryEvent {
  return JSON.parse(JSON.stringify(event));
}

/** Everything but stacks, which tell of the process and not of the program. */
function told(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) =>
    key === "stack" || key === "frames" || key === "workflow" ? undefined : inner,
  );
}

function endedSteps(log: readonly HistoryEvent[]): string[] {
  return log.flatMap((event) =>
    event.type === "StepCompleted" || event.type === "StepFailed" ? [event.op] : [],
  );
}

/** Neither a compensation, nor the end of what nobody waits for. */
function isOfTheCode(event: HistoryEvent): boolean {
  return (
    "op" in event &&
    !/^undo(#\d+)?\//.test(event.op) &&
    event.type !== "StepFailed" &&
    event.type !== "ChildAbandoned"
  );
}

/** A redrive made its failure count no more. */
function isVoided(log: readonly HistoryEvent[], op: string): boolean {
  return [...voidedIn(log.map((event) => ({ event })))].some((position) => {
    const failed = log[position];
    return failed !== undefined && "op" in failed && failed.op === op;
  });
}
