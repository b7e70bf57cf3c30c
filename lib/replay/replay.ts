/**
 * The replay core: a workflow function and its history in, what it asks for next out. It owns the running code (`code.ts`) and the state
 * of what the code asked for. It refuses to know where history is kept, what time it is, and how effects are done: `runtime/` does those.
 *
 * Invariants, cited by number here, in `runtime/` and in their tests:
 *
 * I1  Live effects begin only after the last recorded history event has been delivered.
 * I2  History events are delivered one at a time, in log order, and the code runs until it is quiet between two of them. No operation is
 *     resolved at its request, every one by delivery. When it is an event's turn, the operation that it answers must have been asked
 *     for, and what was asked since the previous delivery must have the digest that the event carries; the closing event is the last.
 *     Events that answer nothing (attempts, `LeaseTaken`) are not matched. A changed duration is no divergence: the new due time holds.
 * I3  An operation is identified by scope path, kind, name and occurrence in its scope (`path.ts`).
 * I4  Effects wait for durability, code does not: an effect begins only when everything that was applied before it was asked for is
 *     durable (`Operation.after`). Code gets decoded copies, live as on replay; what can't be encoded is that step's failure. A
 *     transaction's result alone is handed over after it is durable, since the write itself decides it.
 * I5  Live results are handed over as I2 replays them: one at a time, code quiet in between, in the order in which they are recorded.
 * I6  Settling is conditional on epoch, lease and inboxSeq (`runtime/ending/settle.ts`).
 * I7  Suspension is a result, not an exception: `catch` and `finally` in user code never see it. Nothing suspends on what is due.
 * I8  Near the invocation's deadline nothing new begins; the turn settles and wakes itself.
 * I9  Time and randomness are arguments: `now` is the time of the last delivered event and never runs backwards, a timer is due at
 *     `now` at its request plus its duration. What is due is ordered by its time.
 * I10 Code runs only in delivery windows (`window.ts`). What asks or ends outside one was woken by something that is not durable:
 *     `NonDurableAwaitError`, at once. Where the code waits and nothing can move it, the same error, never a hang.
 * I11 A message goes to the newest pending wait of its subject; its consumption is a history event.
 * I12 A failed attempt is a history event, durable before the next begins; `LeaseTaken` counts one attempt for each step that was
 *     pending at its place, unless the owner before had only failed. Scheduling is incremental: nothing scans all pending operations at
 *     each event.
 * I13 Once the workflow function settles, its code is over. On failure, what was asked for before is ended without retries and recorded,
 *     then completed steps are compensated in reverse order of the log. So it is with an abandoned branch and with a saga that failed.
 *     Operation promises are pre-handled.
 * I14 A context that is used after its execution's end, inside a step's body, or from another branch throws, naming the place.
 */
import {
  CancelledError,
  CorruptHistoryError,
  type EngineError,
  ExecutionTimeoutError,
  NonDeterminismError,
  NonDurableAwaitError,
} from "../model/errors.js";
import {
  type ChangePatched,
  type ClosingEvent,
  type DeliveredEvent,
  type HistoryEvent,
  isClosingEvent,
  isNotedEvent,
} from "../model/history-event.js";
import type { EpochMs } from "../model/time.js";
import type { Encoded } from "../model/value.js";
import { Code } from "./code.js";
import { isBuffered, Mailbox } from "./mailbox.js";
import { note, voidEvent } from "./noting.js";
import type { Operation } from "./operation.js";
import { Operations } from "./operations.js";
import type { Outcome, Program } from "./program.js";
import { type Ended, endOf } from "./receiving.js";
import { DeliveryWindow } from "./window.js";

/** An event, and the slot of the commit that holds it, if it is of one. */
export interface RecordedEvent {
  readonly event: HistoryEvent;
  readonly slot?: number;
}

export class Replay {
  /** Messages taken from the inbox that nothing has consumed yet. */
  readonly buffered = new Mailbox();
  /** Ids of all messages that are in history (PROTOCOL A3), with the time of their recording. */
  readonly seen = new Map<string, EpochMs>();
  readonly unheeded = new Set<string>();
  /** How many history events have been applied. */
  position = 0;
  /** Turns in a row that died with no step pending and nothing recorded. */
  crashes = 0;
  /** History has been delivered to its end; effects may begin, and logs speak (I1). */
  live = false;
  /** No new step begins. */
  paused = false;
  /** The execution's own timeout has passed. */
  timedOut = false;
  /** The history's last event, when it has ended. */
  closing: ClosingEvent | undefined;
  /** Called when a fault comes from outside a window, while the shell waits for something else. */
  onFault: () => void = () => {};

  readonly #program: Program;
  readonly #window = new DeliveryWindow(() => {
    if (this.fault !== undefined) throw this.fault;
  });
  readonly #operations = new Operations();
  readonly #code: Code;
  #patched: string[] = [];
  /** A failure was made void: what is recorded from there to the redrive came of code that reacted to it, and is no measure of this code. */
  #shaken = false;
  /** The last event that answered the code, for the words of an error. */
  #matched: DeliveredEvent | undefined;
  #matchedSlot: number | undefined;
  #now: EpochMs;
  #latest: EpochMs;

  constructor(program: Program) {
    this.#program = program;
    this.#now = program.startAt;
    this.#latest = program.startAt;
    if (program.startedBy !== undefined) this.seen.set(program.startedBy, program.startAt);
    this.#code = new Code({
      program,
      operations: this.#operations,
      window: this.#window,
      now: () => this.#now,
      // What it inherited is applied after its first window, and recorded before what that asks for.
      position: () => this.position + (this.#code.fresh ? (program.fresh?.inherited ?? 0) : 0),
      live: () => this.live,
      notePatch: (change) => {
        // Counted at once: what is asked for from here on has its effects after it is durable (I4).
        this.position += 1;
        this.#patched.push(change);
      },
      onFault: () => this.onFault(),
    });
  }

  /** The time of the last delivered event: what the code's clock says. */
  get now(): EpochMs {
    return this.#now;
  }

  /** The time of the last event of all: whoever records the next one, no history runs backwards. */
  get latest(): EpochMs {
    return this.#latest;
  }

  get outcome(): Outcome | undefined {
    return this.#code.outcome;
  }

  /** The workflow function has settled, and what it had asked for is being ended and undone (I13). */
  get failing(): boolean {
    return this.#code.failing;
  }

  /** The engine's own error; once it is there, nothing is delivered any more. */
  get fault(): EngineError | undefined {
    return this.#code.fault;
  }

  /** What the code last set for queries to read. */
  get state(): Encoded | undefined {
    return this.#code.state;
  }

  /** The steps that would be undone if it failed now, in that order. */
  get undoable(): readonly string[] {
    return this.#code.undoable;
  }

  /** Runs the workflow function until it is first quiet. */
  async begin(): Promise<void> {
    await this.#window.run(() => this.#code.begin(), this.live);
    this.#code.fresh = false;
  }

  /** Asked for and not ended, in the order of their requests. */
  get pending(): ReadonlyMap<string, Operation> {
    return this.#operations.pending;
  }

  /** The operations asked for since the last call. */
  takeRequested(): Operation[] {
    return this.#operations.takeRequested();
  }

  /** Those that nobody waits for since the last call, and that still have to end. */
  takeDetached(): Operation[] {
    return this.#operations.takeDetached();
  }

  /** Changes that came into use since the last call: the shell records them before anything else. */
  takePatched(): Omit<ChangePatched, "at">[] {
    return this.#patched.splice(0).map((change) => ({ type: "ChangePatched", change }));
  }

  /** Names of updates that came to be handled since the last call. */
  takeHandled(): string[] {
    return this.#code.takeHandled();
  }

  handlesUpdate(name: string): boolean {
    return this.#code.handles(name);
  }

  /** The digest that the next delivered event must carry. */
  asked(): string | undefined {
    return this.#operations.asked.digest();
  }

  /**
   * Applies one history event: delivers it to the code, or notes what it says of an operation.
   * @param slot where it is recorded, for messages; undefined for what is about to be recorded
   * @param voided a redrive made it count no more
   * @throws NonDeterminismError, NonDurableAwaitError
   */
  async apply(event: HistoryEvent, slot?: number, voided = false): Promise<void> {
    const deliver = this.#take(event, slot, voided);
    if (deliver !== undefined) await this.#window.run(deliver, this.live);
  }

  /**
   * The same for recorded events, one after the other, before it is live.
   * @param voided positions of those that a redrive made count no more
   * @param settled nothing that they asked for will be taken (`takeRequested`): a turn that settled has seen to it
   */
  applyAll(
    history: Iterable<RecordedEvent>,
    voided: ReadonlySet<number> = new Set(),
    settled = false,
  ): Promise<void> {
    const events = history[Symbol.iterator]();
    return this.#window.runAll(() => {
      if (settled) this.#operations.forgetRequested();
      for (let next = events.next(); next.done !== true; next = events.next()) {
        const { event, slot } = next.value;
        const deliver = this.#take(event, slot, voided.has(this.position));
        if (deliver !== undefined) return deliver;
      }
      return undefined;
    });
  }

  /** What is left to be done inside of a window. */
  #take(event: HistoryEvent, slot: number | undefined, voided: boolean): (() => void) | undefined {
    this.#latest = Math.max(this.#latest, event.at);
    const orphaned = this.#shaken && "op" in event && !this.pending.has(event.op);
    if (isNotedEvent(event)) {
      this.position += 1;
      if (orphaned) return undefined;
      note(this, event, () => this.#unasked(worded(event, slot)));
      return event.type === "ExecutionRedriven" ? () => this.#redrive() : undefined;
    }
    // One that completed goes on only to undo: its code must end where it ended.
    const mayEndOtherwise = voided && isClosingEvent(event) && event.type !== "ExecutionCompleted";
    if (!this.#shaken && !mayEndOtherwise) this.#match(event, slot);
    this.#matched = event;
    this.#matchedSlot = slot;
    this.position += 1;
    this.crashes = 0;
    this.#now = Math.max(this.#now, event.at);
    this.#operations.asked.clear();
    if (isClosingEvent(event)) {
      this.closing = event;
      return undefined;
    }
    if (voided) {
      this.#shaken = true;
      voidEvent(this, event);
      return undefined;
    }
    if (orphaned) {
      this.#keepMessage(event);
      return undefined;
    }
    return () => this.#deliver(event);
  }

  /** Throws when the code waits and nothing of ours can move it (I10). */
  checkMovable(): void {
    if (this.pending.size > 0 || this.outcome !== undefined || this.closing !== undefined) return;
    throw (
      this.fault ??
      new NonDurableAwaitError(
        "The workflow's code waits for something that its context did not give it, and nothing else can move it",
      )
    );
  }

  /** No context of this execution may be used from here on (I14). */
  end(): void {
    this.#code.end();
  }

  // -------------------------------------------------------------- events

  /** I2: the operation was asked for, and so was all else that the recording code asked for, in its order. */
  #match(event: DeliveredEvent, slot: number | undefined): void {
    if (isClosingEvent(event)) {
      // It was ended from outside: where its code stood does not matter.
      if (event.type === "ExecutionTerminated") return;
      if (this.outcome === undefined) this.checkMovable();
      const ended = this.outcome?.kind;
      const expected = {
        ExecutionCompleted: "completed",
        ExecutionFailed: "failed",
        ExecutionCancelled: "cancelled",
        ExecutionContinued: "continued",
      }[event.type];
      if (ended !== expected) throw this.#diverged(worded(event, slot));
    } else if ("op" in event && !this.pending.has(event.op)) {
      this.#unasked(worded(event, slot));
    }
    if (!this.#operations.asked.is(event.asked)) {
      throw this.#diverged(`${worded(event, slot)}, after other requests`);
    }
  }

  #unasked(recorded: string): never {
    this.checkMovable();
    throw this.#diverged(recorded);
  }

  #diverged(recorded: string): NonDeterminismError {
    const matched = this.#matched && worded(this.#matched, this.#matchedSlot);
    return new NonDeterminismError(recorded, this.#operations.asked.describe(), matched);
  }

  #deliver(event: Exclude<DeliveredEvent, ClosingEvent>): void {
    switch (event.type) {
      case "StepCompleted":
        return this.#complete(event.op, event.result);
      case "StepFailed":
      case "ChildRefused":
        return this.#operations.reject(event.op, this.#decode(event.error));
      case "TimerFired":
      case "EventSent":
      case "SignalSent":
      case "UpdateAnswered":
      case "CompensationStarted":
      case "ChildAbandoned":
        return this.#operations.resolve(event.op, undefined);
      case "EventReceived":
      case "SignalReceived":
      case "CallbackReceived":
      case "ChildEnded":
      case "WaitTimedOut":
        return this.#end(event.op, endOf(event, this.pending.get(event.op), this.#message(event)));
      case "UpdateReceived": {
        const message = this.#message(event);
        if (message?.kind === "update") this.#code.update(message);
        return;
      }
      case "CancelRequested":
        this.seen.set(event.messageId, event.at);
        this.paused = false;
        return this.#code.interrupt(new CancelledError(event.reason));
      case "DeadlinePassed":
        this.timedOut = true;
        return this.#code.interrupt(new ExecutionTimeoutError(this.#program.timeoutMs ?? 0));
    }
  }

  /** The message that an event consumes: one that it carries, or one that was buffered before. */
  #message(event: DeliveredEvent) {
    if (!("messageId" in event) || event.type === "CancelRequested") return undefined;
    const carried = "message" in event ? event.message : undefined;
    const message =
      carried !== undefined && isBuffered(carried) ? carried : this.buffered.get(event.messageId);
    this.seen.set(event.messageId, event.at);
    this.buffered.delete(event.messageId);
    if (message === undefined && event.type !== "UpdateAnswered") {
      throw new CorruptHistoryError(
        this.#program.executionId,
        `it consumes message "${event.messageId}", which it never received`,
      );
    }
    return message;
  }

  /** What it was for is gone: another may want it. */
  #keepMessage(event: DeliveredEvent): void {
    if (!("message" in event) || event.message === undefined) return;
    this.seen.set(event.message.id, event.at);
    if (isBuffered(event.message)) this.buffered.put(event.message);
  }

  #end(op: string, ended: Ended | undefined): void {
    if (ended === undefined) {
      throw new CorruptHistoryError(this.#program.executionId, `"${op}" ended in a way that it can't end in`);
    }
    const decode = (value: Encoded): unknown => this.#decode(value);
    if ("error" in ended) this.#operations.reject(op, ended.error(decode));
    else this.#operations.resolve(op, ended.value(decode));
  }

  #complete(path: string, recorded: Encoded | undefined): void {
    const step = this.pending.get(path);
    if (step?.kind === "step" && step.compensation !== undefined) {
      const { name, compensation } = step;
      const result = (): unknown => this.#decodeIfAny(recorded);
      step.branch.completed.push({ name, compensation, position: this.position, result });
    }
    this.#operations.resolve(path, this.#decodeIfAny(recorded));
  }

  /** The execution's end no longer counts: what ended it is tried again. */
  #redrive(): void {
    this.closing = undefined;
    this.#shaken = false;
    this.#code.undoAgain();
  }

  #decodeIfAny(value: Encoded | undefined): unknown {
    return value === undefined ? undefined : this.#decode(value);
  }

  #decode(value: Encoded): unknown {
    return this.#code.decode(value);
  }
}

/** An event in a sentence: `StepCompleted of "step:reserve", slot 3`. */
function worded(event: HistoryEvent, slot: number | undefined): string {
  const what = "op" in event ? `${event.type} of "${event.op}"` : event.type;
  return slot === undefined ? what : `${what}, slot ${slot}`;
}
