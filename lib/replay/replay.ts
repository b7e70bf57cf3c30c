import {
  CancelledError,
  ContextMisuseError,
  CorruptHistoryError,
  type EngineError,
  NonDeterminismError,
  NonDurableAwaitError,
  WaitTimeoutError,
} from "../model/errors.js";
import {
  type ClosingEvent,
  type DeliveredEvent,
  type HistoryEvent,
  isClosingEvent,
  isNotedEvent,
  type NotedEvent,
} from "../model/history-event.js";
import type { EventMessage } from "../model/message.js";
import { storable, storableError } from "../model/storable.js";
import type { EpochMs } from "../model/time.js";
import { decode, type Encoded } from "../model/value.js";
import { makeContext, type Requests } from "./context.js";
import type { NewOperation, Operation, StepOperation } from "./operation.js";
import { Operations } from "./operations.js";
import { Scope } from "./path.js";
import type { Outcome, Program } from "./program.js";
import { misplaced, runInWorkflow } from "./running-in.js";
import { type Undoable, undo } from "./undo.js";
import { DeliveryWindow } from "./window.js";

export class Replay {
  /** Messages taken from the inbox that nothing has consumed yet, oldest first. */
  readonly buffered = new Map<string, EventMessage>();
  /** Ids of all messages that are in history (PROTOCOL A3). */
  readonly seen = new Set<string>();
  /** How many history events have been applied. */
  position = 0;
  /** Turns in a row that died with no step pending and nothing recorded. */
  crashes = 0;
  /** History has been delivered to its end; effects may begin, and logs speak (I1). */
  live = false;
  /** The workflow function threw, and what was asked for before is being ended and undone (I13). */
  failing = false;
  outcome: Outcome | undefined;
  /** The engine's own error; once it is there, nothing is delivered any more. */
  fault: EngineError | undefined;
  /** The history's last event, when it has ended. */
  closing: ClosingEvent | undefined;
  /** Called when a fault comes from outside a window, while the shell waits for something else. */
  onFault: () => void = () => {};

  readonly #program: Program;
  readonly #window = new DeliveryWindow();
  readonly #scope = new Scope("");
  readonly #operations = new Operations();
  readonly #completed: Undoable[] = [];
  #now: EpochMs;
  #cancelled: CancelledError | undefined;
  #over = false;

  constructor(program: Program) {
    this.#program = program;
    this.#now = program.startAt;
    if (program.startedBy !== undefined) this.seen.add(program.startedBy);
  }

  /** The time of the last delivered event. */
  get now(): EpochMs {
    return this.#now;
  }

  /** Runs the workflow function until it is first quiet. */
  begin(): Promise<void> {
    return this.#window.run(() => {
      runInWorkflow(this.#scope, () => void this.#main());
    }, this.live);
  }

  /** Asked for and not ended, in the order of their requests. */
  get pending(): ReadonlyMap<string, Operation> {
    return this.#operations.pending;
  }

  /** The operations asked for since the last call. */
  takeRequested(): Operation[] {
    return this.#operations.takeRequested();
  }

  /** The digest that the next delivered event must carry. */
  asked(): string | undefined {
    return this.#operations.asked.digest();
  }

  /**
   * Applies one history event: delivers it to the code, or notes what it says of an operation.
   * @param slot where it is recorded, for messages; undefined for what is about to be recorded
   * @throws NonDeterminismError, NonDurableAwaitError
   */
  async apply(event: HistoryEvent, slot?: number): Promise<void> {
    if (isNotedEvent(event)) {
      this.position += 1;
      this.#note(event);
      return;
    }
    this.#match(event, slot);
    this.position += 1;
    this.crashes = 0;
    this.#now = Math.max(this.#now, event.at);
    this.#operations.asked.clear();
    if (isClosingEvent(event)) {
      this.closing = event;
      return;
    }
    await this.#window.run(() => this.#deliver(event), this.live);
    if (this.fault !== undefined) throw this.fault;
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
    this.#over = true;
  }

  // -------------------------------------------------------------- events

  /** I2: the operation was asked for, and so was all else that the recording code asked for, in its order. */
  #match(event: DeliveredEvent, slot: number | undefined): void {
    const recorded = () => {
      const what = "op" in event ? `${event.type} of "${event.op}"` : event.type;
      return slot === undefined ? what : `${what}, slot ${slot}`;
    };
    if (isClosingEvent(event)) {
      if (this.outcome === undefined) this.checkMovable();
      const ended = this.outcome?.kind;
      const expected = {
        ExecutionCompleted: "completed",
        ExecutionFailed: "failed",
        ExecutionCancelled: "cancelled",
      }[event.type];
      if (ended !== expected) throw new NonDeterminismError(recorded(), this.#operations.asked.describe());
    } else if ("op" in event && !this.pending.has(event.op)) {
      this.checkMovable();
      throw new NonDeterminismError(recorded(), this.#operations.asked.describe());
    }
    if (event.asked !== this.#operations.asked.digest()) {
      throw new NonDeterminismError(`${recorded()}, after other requests`, this.#operations.asked.describe());
    }
  }

  #deliver(event: Exclude<DeliveredEvent, ClosingEvent>): void {
    switch (event.type) {
      case "StepCompleted":
        return this.#complete(event.op, event.result);
      case "StepFailed":
        return this.#operations.reject(event.op, this.#decode(event.error));
      case "TimerFired":
      case "EventSent":
      case "CompensationStarted":
        return this.#operations.resolve(event.op, undefined);
      case "EventReceived": {
        const message = event.message?.kind === "event" ? event.message : this.buffered.get(event.messageId);
        if (message === undefined) {
          throw new CorruptHistoryError(
            this.#program.executionId,
            `it consumes message "${event.messageId}", which it never received`,
          );
        }
        this.seen.add(message.id);
        this.buffered.delete(message.id);
        return this.#operations.resolve(event.op, this.#decode(message.data));
      }
      case "WaitTimedOut": {
        const wait = this.pending.get(event.op);
        if (wait?.kind !== "wait")
          throw new CorruptHistoryError(this.#program.executionId, `"${event.op}" timed out and is no wait`);
        return this.#operations.reject(
          event.op,
          new WaitTimeoutError(wait.event, wait.key, wait.timeoutMs ?? 0),
        );
      }
      case "CancelRequested":
        this.seen.add(event.messageId);
        this.#cancelled = new CancelledError(event.reason);
        return this.#operations.rejectAll(this.#cancelled);
    }
  }

  #note(event: NotedEvent): void {
    switch (event.type) {
      case "MessageBuffered":
        this.seen.add(event.message.id);
        if (event.message.kind === "event") this.buffered.set(event.message.id, event.message);
        this.crashes = 0;
        return;
      case "StepStarted":
        return this.#noteStep(event.op, (step) => {
          step.begun = true;
        });
      case "StepAttemptFailed":
        return this.#noteStep(event.op, (step) => {
          step.attempts = event.attempt;
          step.lastError = event.error;
          step.retryAt = event.retryAt;
          step.interrupted = false;
        });
      case "ExecutionStalled":
        // Whoever redrove it has seen to the cause: crashes count anew.
        this.crashes = 0;
        return;
      case "LeaseTaken":
        return this.#countCrash(event.at);
    }
  }

  #noteStep(path: string, change: (step: StepOperation) => void): void {
    const step = this.pending.get(path);
    if (step?.kind !== "step") {
      this.checkMovable();
      throw new NonDeterminismError(`an attempt of "${path}"`, this.#operations.asked.describe());
    }
    change(step);
    step.after = this.position;
    this.crashes = 0;
  }

  /** I12: the turn before this place died. Each step that may have been running lost an attempt to it; if none was, the turn is to blame. */
  #countCrash(at: EpochMs): void {
    let blamed = false;
    for (const operation of this.pending.values()) {
      if (operation.kind !== "step") continue;
      operation.after = this.position;
      if (operation.retryAt !== undefined && operation.retryAt > at) continue;
      if (operation.atMostOnce && !operation.begun) continue;
      operation.attempts += 1;
      operation.interrupted = true;
      delete operation.retryAt;
      blamed = true;
    }
    this.crashes = blamed ? 0 : this.crashes + 1;
  }

  #complete(path: string, recorded: Encoded | undefined): void {
    const step = this.pending.get(path);
    const result = () => (recorded === undefined ? undefined : this.#decode(recorded));
    if (step?.kind === "step" && step.compensation !== undefined) {
      this.#completed.push({ name: step.name, compensation: step.compensation, result });
    }
    this.#operations.resolve(path, result());
  }

  // -------------------------------------------------------------- the code

  async #main(): Promise<void> {
    const { workflow, input } = this.#program;
    let outcome: Outcome;
    try {
      const context = makeContext(this.#requests(), workflow.name);
      const output: unknown = await workflow.handler(context, this.#decode(input) as never);
      outcome = { kind: "completed", output: storable(output, `The output of workflow "${workflow.name}"`) };
    } catch (error) {
      if (!this.#mayRun("The workflow function ended")) return;
      outcome = await this.#fail(error);
    }
    if (!this.#mayRun("The workflow function ended")) return;
    this.#operations.asked.add(`end:${outcome.kind}`, `the end of the workflow (${outcome.kind})`);
    for (const operation of this.pending.values()) operation.detached = true;
    this.outcome = outcome;
  }

  /** I13: what was asked for before is ended, then completed steps are undone. */
  async #fail(error: unknown): Promise<Outcome> {
    const kind = this.#cancelled !== undefined && error === this.#cancelled ? "cancelled" : "failed";
    const stored = storableError(error);
    this.failing = true;
    await this.#operations.detachAll();
    const compensation = await undo(this.#completed, stored, (operation) => this.#request(operation));
    return { kind, error: stored, compensation };
  }

  #requests(): Requests {
    return {
      executionId: this.#program.executionId,
      log: {
        write: (level, message, fields) => {
          if (this.live) this.#program.log.write(level, message, fields);
        },
      },
      scope: this.#scope,
      now: () => this.#now,
      startAt: this.#program.startAt,
      guard: (operation) => this.#guard(operation),
      request: (operation) => this.#request(operation),
    };
  }

  /** I14, then I10. */
  #guard(operation: string): boolean {
    const where = this.#over ? "after its execution had ended" : misplaced(this.#scope);
    if (where !== undefined) throw new ContextMisuseError(operation, where);
    // I13: once the function has settled its code is over, whatever branch of it still runs.
    if (this.failing || this.outcome !== undefined) return false;
    return this.#mayRun(`ctx.${operation} was called`);
  }

  #mayRun(what: string): boolean {
    if (this.#window.open && this.fault === undefined) return true;
    if (this.fault === undefined && !this.#over) {
      this.fault = new NonDurableAwaitError(
        `${what} after an await on something that is not durable (a bare fetch, a timer, file I/O)`,
      );
      this.onFault();
    }
    return false;
  }

  #request(operation: NewOperation): Promise<unknown> {
    return this.#operations.request(operation, this.position);
  }

  #decode(value: Encoded): unknown {
    return decode(value, this.#program.errors);
  }
}
