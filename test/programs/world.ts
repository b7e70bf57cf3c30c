/**
 * The world around one execution, on the level of the replay: what happens next is a function of a seed, of how much has happened, and of
 * what the replay has pending, and of nothing else. So a replay that stands where another stood goes on like that one.
 */
import { decideRedrive } from "../../lib/decide/redrive.js";
import { decideStep } from "../../lib/decide/step.js";
import { TransactionCancelledError } from "../../lib/model/errors.js";
import { type HistoryEvent, isClosingEvent } from "../../lib/model/history-event.js";
import { type AwaitedMessage, eventSubject, signalSubject } from "../../lib/model/message.js";
import type { EpochMs } from "../../lib/model/time.js";
import { encode, encodeThrown } from "../../lib/model/value.js";
import { updateSubject } from "../../lib/replay/mailbox.js";
import type { ChildOperation, Operation, StepOperation, WaitOperation } from "../../lib/replay/operation.js";
import type { Outcome } from "../../lib/replay/program.js";
import type { Replay } from "../../lib/replay/replay.js";
import { accepts } from "../../lib/runtime/turn/agenda.js";
import {
  answered,
  attemptEnded,
  cancelRequested,
  controlled,
  received,
  stamp,
  transactionReady,
  type Unstamped,
} from "../../lib/runtime/turn/happening.js";
import type { AttemptEnd } from "../../lib/runtime/turn/run-step.js";
import { collectTransaction } from "../../lib/runtime/turn/transaction.js";
import { seededRandom } from "../../lib/testing/random.js";
import { NOON } from "../builders.js";
import { stepContext } from "../replay/recording.js";
import { PLACES, SIGNALS, UPDATES } from "./program.js";

/** Longer than any program needs: one that has not ended by then never will. */
export const MOST_EVENTS = 1_500;

/** What may happen to an execution from outside, chosen once for each. */
interface Mood {
  readonly cancels: boolean;
  readonly pauses: boolean;
  readonly crashes: boolean;
  readonly stalls: boolean;
  readonly terminates: boolean;
  readonly updates: boolean;
  readonly redrives: boolean;
  readonly inherits: boolean;
  readonly strays: boolean;
}

interface Choice {
  readonly weight: number;
  /** Not before it. */
  readonly at?: EpochMs;
  readonly make: (at: EpochMs) => Unstamped | Promise<Unstamped>;
}

/** A body that ran. */
export interface BodyRun {
  readonly op: string;
  readonly attempt: number;
}

export class World {
  readonly bodies: BodyRun[] = [];
  readonly #mood: Mood;

  constructor(
    private readonly seed: number,
    private readonly timesOut: boolean,
  ) {
    const random = seededRandom(Math.imul(seed, 0x85ebca6b) + 1);
    const chance = (share: number): boolean => random() < share;
    this.#mood = {
      cancels: chance(0.3),
      pauses: chance(0.25),
      crashes: chance(0.25),
      stalls: chance(0.08),
      terminates: chance(0.03),
      updates: chance(0.5),
      redrives: chance(0.5),
      inherits: chance(0.1),
      strays: chance(0.3),
    };
  }

  /** What its predecessor handed over, if it has one: the history's first event. */
  inherited(): HistoryEvent | undefined {
    if (!this.#mood.inherits) return undefined;
    return {
      type: "MessagesInherited",
      at: NOON,
      carried: [
        { kind: "signal", id: "i-1", at: NOON - 5_000, name: SIGNALS[0], data: encode("inherited") },
        { kind: "update", id: "i-2", at: NOON - 4_000, name: UPDATES[0], data: encode("inherited") },
      ],
      consumed: [{ id: "i-0", at: NOON - 9_000 }],
    };
  }

  /** What happens next, as it is recorded; undefined when nothing more does. Throws when nothing can. */
  async next(replay: Replay, log: readonly HistoryEvent[]): Promise<HistoryEvent | undefined> {
    const random = seededRandom(Math.imul(this.seed, 0x9e3779b1) ^ Math.imul(log.length + 1, 0xc2b2ae35));
    const last = log.at(-1);
    const now = (last?.at ?? NOON) + Math.floor(random() * 40);
    const record = (event: Unstamped, at: EpochMs): HistoryEvent =>
      stamp(event, Math.max(at, replay.now), replay.asked());
    if (replay.closing !== undefined || last?.type === "ExecutionStalled") {
      const redriven = this.#redrive(log, random());
      return redriven && record(redriven, now);
    }
    if (replay.outcome !== undefined) {
      const unsent = [...replay.pending.values()].find(isImmediate);
      if (unsent !== undefined) return record(answered(unsent, "x-1", now, 0).event, now);
      return record(closing(replay, replay.outcome), now);
    }
    if (log.length > MOST_EVENTS) throw new Error(`It did not end within ${MOST_EVENTS} events.`);
    const choices = [...this.#inside(replay, now, log.length), ...this.#outside(replay, now, log)];
    const total = choices.reduce((sum, { weight }) => sum + weight, 0);
    let left = random() * total;
    const chosen = choices.find(({ weight }) => {
      left -= weight;
      return left < 0;
    });
    if (chosen === undefined) {
      replay.checkMovable();
      throw new Error("Nothing that is pending can move.");
    }
    const at = Math.max(now, chosen.at ?? 0);
    return record(await chosen.make(at), at);
  }

  /** What ends or moves an operation that is pending. */
  *#inside(replay: Replay, now: EpochMs, count: number): Generator<Choice> {
    for (const operation of replay.pending.values()) {
      switch (operation.kind) {
        case "step":
          yield* this.#step(replay, operation, now);
          break;
        case "sleep":
          yield { weight: 2, at: operation.dueAt, make: () => ({ type: "TimerFired", op: operation.path }) };
          break;
        case "wait":
          yield* this.#wait(replay, operation, `m-${count}`);
          break;
        case "child":
          yield* this.#child(replay, operation);
          break;
        case "answer": {
          const { path: op, messageId } = operation;
          yield { weight: 4, make: () => ({ type: "UpdateAnswered", op, messageId }) };
          break;
        }
        default:
          yield { weight: 6, make: (at) => answered(operation, "x-1", at, 0).event };
      }
    }
  }

  *#step(replay: Replay, step: StepOperation, now: EpochMs): Generator<Choice> {
    const { path: op } = step;
    const { paused } = replay;
    const action = decideStep(step, {
      now,
      durable: Number.POSITIVE_INFINITY,
      deadlineIsNear: false,
      paused,
      invocationMs: 60_000,
    });
    const run = (attempt: number) => (at: EpochMs) => this.#attempt(step, attempt, at);
    switch (action.do) {
      case "run":
        yield { weight: 4, make: run(action.attempt) };
        if (step.work.kind === "body")
          yield { weight: 0.3, make: () => ({ type: "StepHeartbeat", op, details: encode(step.attempts) }) };
        break;
      case "wait":
        if (!paused) yield { weight: 2, at: action.until, make: run(step.attempts + 1) };
        break;
      case "record-start":
        yield { weight: 4, make: () => ({ type: "StepStarted", op, attempt: action.attempt }) };
        break;
      case "fail": {
        const { attempt, error } = action;
        yield { weight: 2, make: () => ({ type: "StepFailed", op, attempt, error }) };
        // Its body was under way when it became so.
        const mayRun = step.atMostOnce
          ? step.begun && !step.interrupted
          : step.attempts < step.retry.maxAttempts;
        if (mayRun && (step.detached || step.atMostOnce)) yield { weight: 3, make: run(step.attempts + 1) };
        break;
      }
    }
  }

  async #attempt(step: StepOperation, attempt: number, at: EpochMs): Promise<Unstamped> {
    this.bodies.push({ op: step.path, attempt });
    const context = { ...stepContext(step.path), attempt };
    let end: AttemptEnd;
    try {
      if (step.work.kind === "body") end = { ok: true, value: await step.work.run(context) };
      else {
        const { tx, gathered } = collectTransaction({ executionId: "x-1", path: step.path }, at);
        const value = await step.work.run(tx, context);
        end = { ok: true, value, transaction: await gathered() };
      }
    } catch (error) {
      end = { ok: false, error };
    }
    const finished = { step, attempt, end, at };
    if (end.ok && end.transaction !== undefined && !step.detached) {
      const refused = seededRandom(Math.imul(this.seed, 31) + attempt)() < 0.2;
      if (!refused) return transactionReady(finished, end.value, end.transaction).event;
      const error = new TransactionCancelledError(step.name, [{ code: "TransactionConflict" }]);
      return attemptEnded({ ...finished, end: { ok: false, error } }, 1).event;
    }
    return attemptEnded(finished, 1).event;
  }

  *#wait(replay: Replay, wait: WaitOperation, id: string): Generator<Choice> {
    const { path: op, awaited, deadline, heartbeatMs, heartbeatAt } = wait;
    // A message is for the newest that waits for it (I11).
    const newest = [...replay.pending.values()].findLast(
      (other) => other.kind === "wait" && other.subject === wait.subject && !other.detached,
    );
    const held = [...replay.buffered.about(wait.subject)].find(
      (message) => message.kind !== "update" && accepts(wait, message),
    );
    if (newest === wait && held !== undefined && held.kind !== "update") {
      yield { weight: 8, make: () => received(wait, held, false) };
    } else if (newest === wait) {
      yield { weight: 2, make: (at) => received(wait, messageFor(wait, id, at), true) };
    }
    const silence = heartbeatMs === undefined ? Number.POSITIVE_INFINITY : heartbeatAt + heartbeatMs;
    const due = Math.min(deadline ?? Number.POSITIVE_INFINITY, silence);
    if (due < Number.POSITIVE_INFINITY)
      yield { weight: 1, at: due, make: () => ({ type: "WaitTimedOut", op }) };
    if (awaited.kind === "callback")
      yield {
        weight: 0.5,
        make: (at) => ({ type: "CallbackHeartbeat", op, messageId: id, heartbeatAt: at }),
      };
  }

  *#child(replay: Replay, child: ChildOperation): Generator<Choice> {
    const { path: op, childId, workflow, onParentClose, detached } = child;
    if (!child.requested) {
      if (!replay.paused)
        yield {
          weight: 4,
          make: () => ({ type: "ChildRequested", op, childId, workflow: workflow.name, onParentClose }),
        };
      return;
    }
    const refused = { type: "ChildRefused", op, error: encodeThrown(new Error("refused")) } as const;
    yield { weight: 0.4, make: () => refused };
    if (detached) {
      yield { weight: 3, make: () => ({ type: "ChildAbandoned", op }) };
      return;
    }
    const held = [...replay.buffered.about(child.subject)].find((message) => message.kind === "child");
    if (held !== undefined && held.kind === "child")
      yield { weight: 8, make: () => received(child, held, false) };
    else yield { weight: 2, make: (at) => received(child, childMessage(child, at, this.seed + at), true) };
  }

  /** What comes from outside, whether or not anything waits for it. */
  *#outside(replay: Replay, now: EpochMs, log: readonly HistoryEvent[]): Generator<Choice> {
    const { failing: settled, paused } = replay;
    const id = `m-${log.length}`;
    const mood = this.#mood;
    if (this.timesOut && !settled && !replay.timedOut)
      yield { weight: 0.3, make: () => ({ type: "DeadlinePassed" }) };
    if (mood.cancels && !replay.seen.has("cancel")) {
      const message = { kind: "cancel", id: "cancel", at: now, reason: "asked" } as const;
      const make = (): Unstamped =>
        settled ? { type: "MessageBuffered", message } : cancelRequested(message).event;
      yield { weight: 0.6, make };
    }
    if (paused) {
      const make = (at: EpochMs) => controlled("ExecutionResumed", { kind: "resume", id, at }).event;
      yield { weight: 1, make };
    } else if (mood.pauses) {
      yield { weight: 0.6, make: (at) => controlled("ExecutionPaused", { kind: "pause", id, at }).event };
    }
    if (mood.crashes) {
      // A turn that dies again and again with nothing to show for it is stalled by the runtime.
      if (replay.crashes < 3) yield { weight: 0.5, make: () => ({ type: "LeaseTaken", epoch: log.length }) };
    }
    if (mood.stalls)
      yield { weight: 0.3, make: () => ({ type: "ExecutionStalled", reason: "a person has to act" }) };
    if (mood.terminates) yield { weight: 0.3, make: () => ({ type: "ExecutionTerminated" }) };
    if (mood.updates) yield* this.#updates(replay, id, now);
    if (mood.strays) {
      for (const kind of ["signal", "event"] as const) {
        yield { weight: 0.3, make: (at) => this.#stray(replay, kind, id, at) };
      }
    }
  }

  *#updates(replay: Replay, id: string, now: EpochMs): Generator<Choice> {
    for (const name of UPDATES) {
      const handled = replay.handlesUpdate(name) && !replay.failing;
      const [held] = replay.buffered.about(updateSubject(name));
      if (handled && held !== undefined) {
        yield { weight: 6, make: () => ({ type: "UpdateReceived", messageId: held.id }) };
        continue;
      }
      const message = { kind: "update", id, at: now, name, data: encode(now) } as const;
      const make = (): Unstamped =>
        handled ? { type: "UpdateReceived", messageId: id, message } : { type: "MessageBuffered", message };
      yield { weight: 0.5, make };
    }
  }

  /** One that nobody waits for, or that is for whoever waits. */
  #stray(replay: Replay, kind: "signal" | "event", id: string, at: EpochMs): Unstamped {
    const n = at % 2;
    const message: AwaitedMessage =
      kind === "signal"
        ? { kind, id, at, name: SIGNALS[n] ?? "", data: encode(at) }
        : { kind, id, at, name: "arrived", key: PLACES[n] ?? "", data: encode({ n: at }) };
    const subject =
      message.kind === "signal" ? signalSubject(message.name) : eventSubject("arrived", PLACES[n] ?? "");
    const receiver = [...replay.pending.values()].findLast(
      (operation) =>
        operation.kind === "wait" &&
        operation.subject === subject &&
        !operation.detached &&
        accepts(operation, message),
    );
    return receiver?.kind === "wait"
      ? received(receiver, message, true)
      : { type: "MessageBuffered", message };
  }

  #redrive(log: readonly HistoryEvent[], draw: number): Unstamped | undefined {
    const times = log.filter(({ type }) => type === "ExecutionRedriven").length;
    const stalled = log.at(-1)?.type === "ExecutionStalled";
    if (!stalled && (!this.#mood.redrives || times > 2 || draw < 0.2)) return undefined;
    const action = decideRedrive(stalled ? "stalled" : "failed", log);
    if (action.do === "refuse") return undefined;
    const { voided } = action;
    const message = { kind: "redrive", id: `redrive-${log.length}`, at: 0 } as const;
    return controlled("ExecutionRedriven", voided.length === 0 ? message : { ...message, voided }).event;
  }
}

function isImmediate(
  operation: Operation,
): operation is Extract<Operation, { readonly kind: "send" | "signal" | "undo" }> {
  return operation.kind === "send" || operation.kind === "signal" || operation.kind === "undo";
}

function messageFor({ awaited, path }: WaitOperation, id: string, at: EpochMs): AwaitedMessage {
  switch (awaited.kind) {
    case "event":
      return {
        kind: "event",
        id,
        at,
        name: awaited.name,
        ...(awaited.key === undefined ? {} : { key: awaited.key }),
        data: encode({ n: at }),
      };
    case "signal":
      return { kind: "signal", id, at, name: awaited.name, data: encode(at) };
    case "callback":
      return at % 3 === 0
        ? { kind: "callback", id, at, op: path, error: encodeThrown(new Error("failed outside")) }
        : { kind: "callback", id, at, op: path, result: encode(at) };
  }
}

function childMessage({ childId, path: op }: ChildOperation, at: EpochMs, draw: number): AwaitedMessage {
  const common = { kind: "child", id: `child:${childId}`, at, op, childId } as const;
  return draw % 3 === 0
    ? { ...common, status: "failed", error: encodeThrown(new Error("the child failed")) }
    : { ...common, status: "completed", result: encode(at) };
}

function closing(replay: Replay, outcome: Outcome): Unstamped {
  const unread = replay.buffered.all().map(({ id }) => id);
  const common = unread.length === 0 ? {} : { unread };
  switch (outcome.kind) {
    case "completed": {
      const { compensation } = outcome;
      return {
        type: "ExecutionCompleted",
        ...common,
        ...(compensation === undefined ? {} : { compensation }),
      };
    }
    case "continued":
      return { type: "ExecutionContinued", input: outcome.input };
    case "failed":
      return { type: "ExecutionFailed", compensation: outcome.compensation, ...common };
    case "cancelled":
      return { type: "ExecutionCancelled", compensation: outcome.compensation, ...common };
  }
}

/** Whether nothing can follow. */
export function isOver(log: readonly HistoryEvent[]): boolean {
  const last = log.at(-1);
  return last !== undefined && isClosingEvent(last);
}
