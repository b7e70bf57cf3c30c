/**
 * The live part of a turn, from the end of history on: it finds what happens next, records it, delivers it, and begins the effects that
 * the code asked for. What happens next is chosen here, in one place, and always one thing at a time (I5).
 *
 * Invariants I1–I14 stand at the head of `replay/replay.ts`.
 */
import { decideStep } from "../decide/step.js";
import { INLINE_MS } from "../decide/timer.js";
import { FencedError } from "../model/errors.js";
import type { Message } from "../model/message.js";
import type { ExecutionStatus } from "../model/status.js";
import type { EpochMs } from "../model/time.js";
import type { Operation, StepOperation, WaitOperation } from "../replay/operation.js";
import { Agenda } from "./agenda.js";
import { Bodies, type FinishedAttempt } from "./bodies.js";
import { armFor, close, suspend, yieldTurn } from "./conclude.js";
import { answered, attemptEnded, cancelRequested, type Happening, stamp } from "./happening.js";
import { persistently } from "./persistently.js";
import type { Work } from "./work.js";

/** How often a long turn looks at its inbox (I6): one cheap read, so that a cancel need not wait for the turn's end. */
const LOOK_EVERY_MS = 5_000;

/** After so many refused suspensions, the newest messages are left to their own wakes, which were put back and will look again (I6). */
const MOST_REFUSALS = 3;

const NEVER = Number.POSITIVE_INFINITY;

export class Live {
  readonly #agenda: Agenda;
  readonly #bodies: Bodies;
  /** Decided already, to be recorded in this order before anything else. */
  readonly #decided: Happening[] = [];
  /** At-most-once steps whose start is recorded, until that is durable. */
  #starting: { readonly step: StepOperation; readonly attempt: number }[] = [];
  /** Waits that may take a message which was buffered before them. */
  readonly #newWaits: WaitOperation[] = [];
  readonly #registering = new Set<Promise<void>>();
  /** How often a suspension was refused because a message had come. */
  #refusals = 0;
  /** The instant for which this turn has armed a wake. */
  #armedFor: EpochMs | undefined;
  #failure: { readonly error: unknown } | undefined;
  #poke: () => void = () => {};

  constructor(private readonly work: Work) {
    this.#agenda = new Agenda(work.replay.pending);
    this.#bodies = new Bodies(work.owned.head.executionId, work.outside.clock, () => this.#poke());
    work.replay.onFault = () => this.#poke();
  }

  /** @returns the status that the execution was left in */
  async run(): Promise<ExecutionStatus> {
    const { replay } = this.work;
    replay.live = true;
    // Of an owner that never settled, any wait since the last settlement may stand in the directory, ended ones too.
    const requested = replay.takeRequested();
    if (this.work.owned.takenOver) this.#suspect(requested);
    this.#file([...replay.pending.values()]);
    for (;;) {
      this.#raise();
      if (replay.outcome !== undefined) {
        // What the code sent without waiting for it was still sent.
        const sent = this.#immediate();
        if (sent === undefined) break;
        await this.#record(sent);
        continue;
      }
      if (this.#mustLook()) {
        await this.#look();
        continue;
      }
      // Code that only sends never comes to wait for anything: it is stopped here (I8).
      if (this.#nearDeadline() && this.#agenda.immediate.length > 0 && !this.#busy())
        return yieldTurn(this.work);
      const next = this.#next();
      if (next !== undefined) {
        await this.#record(next);
        continue;
      }
      this.#beginEffects();
      if (this.#decided.length > 0) continue;
      replay.checkMovable();
      const status = await this.#idle();
      if (status !== undefined) return status;
    }
    await this.#bodies.quiet();
    // A record that is written after its removal would stay for ever.
    await Promise.allSettled(this.#registering);
    this.#raise();
    return close(this.work, replay.outcome);
  }

  /** Nothing can be recorded now: waits for what is under way, makes durable what effects wait for, or ends the turn. */
  async #idle(): Promise<ExecutionStatus | undefined> {
    const { journal } = this.work;
    const due = this.#agenda.nextDue()?.at;
    const stepsHeld = this.#agenda.steps.length > 0;
    if (this.#busy()) {
      // What is done is made durable while bodies run. A registration alone is short, and the settlement may still take its news along.
      if (this.#bodies.running > 0 && journal.behind && !journal.writing) this.#inBackground(journal.flush());
      await this.#wait(due);
    } else if (this.#starting.length > 0) {
      // Their start is recorded: yielding now would make them look interrupted.
      await journal.flush();
    } else if (this.#nearDeadline() && (stepsHeld || this.#isSoon(due))) {
      return yieldTurn(this.work);
    } else if (stepsHeld) {
      await journal.flush();
    } else if (this.#isSoon(due)) {
      await this.#wait(due);
    } else {
      return this.#suspend(due);
    }
    return undefined;
  }

  /** Something is under way in this process that will end by itself. */
  #busy(): boolean {
    return this.#bodies.running > 0 || this.#registering.size > 0 || this.work.journal.writing;
  }

  /** Undefined when a message came meanwhile: the turn goes on. */
  async #suspend(due: EpochMs | undefined): Promise<ExecutionStatus | undefined> {
    if (due !== undefined && due !== this.#armedFor) {
      await armFor(this.work, due);
      this.#armedFor = due;
    }
    const status = await suspend(this.work, due, this.#refusals < MOST_REFUSALS);
    if (status === undefined) this.#refusals += 1;
    return status;
  }

  // -------------------------------------------------------------- what happens next

  /** What is ready by itself first, then whatever came or fell due earliest (I9). */
  #next(): Happening | undefined {
    for (;;) {
      const ready = this.#decided.shift() ?? this.#immediate() ?? this.#fromBuffer();
      if (ready !== undefined) return ready;

      const now = this.work.outside.clock.now();
      const finished = this.#bodies.firstFinished();
      const message = this.work.inbox.peek();
      const due = this.#agenda.nextDue();
      const dueAt = due !== undefined && due.at <= now && this.#mayFall(due.operation) ? due.at : NEVER;
      const messageAt = message?.at ?? NEVER;

      let happening: Happening | undefined;
      if (finished !== undefined && finished.at <= messageAt && finished.at <= dueAt) {
        this.#bodies.takeFinished();
        happening = this.#afterAttempt(finished);
      } else if (message !== undefined && messageAt <= dueAt) {
        // Of a message and a deadline at one instant, the message wins: it was accepted in time.
        this.work.inbox.shift();
        happening = this.#afterMessage(message);
      } else if (due !== undefined && dueAt < NEVER) {
        this.#agenda.takeDue();
        happening = this.#afterDue(due.operation);
      } else {
        return undefined;
      }
      if (happening !== undefined) return happening;
    }
  }

  #immediate(): Happening | undefined {
    const operation = this.#agenda.immediate.shift();
    if (operation === undefined) return undefined;
    return answered(operation, this.work.owned.head.executionId, this.work.outside.clock.now());
  }

  /** Of messages that came before their wait, the oldest goes to the newest wait (I11, PROTOCOL A3). */
  #fromBuffer(): Happening | undefined {
    const { replay } = this.work;
    for (let wait = this.#newWaits.pop(); wait !== undefined; wait = this.#newWaits.pop()) {
      if (replay.pending.get(wait.path) !== wait) continue;
      for (const { id: messageId, name, key, at } of replay.buffered.values()) {
        if (name === wait.event && key === wait.key && at >= wait.since) {
          return { event: { type: "EventReceived", op: wait.path, messageId } };
        }
      }
    }
    return undefined;
  }

  #afterAttempt(finished: FinishedAttempt): Happening | undefined {
    const { step } = finished;
    if (this.work.replay.pending.get(step.path) !== step) return undefined;
    const happening = attemptEnded(finished, this.work.outside.random());
    if (happening.event.type === "StepAttemptFailed") this.#agenda.steps.push(step);
    return happening;
  }

  #afterMessage(message: Message): Happening | undefined {
    const { replay, inbox } = this.work;
    if (message.kind === "cancel") {
      return replay.failing ? { event: { type: "MessageBuffered", message } } : cancelRequested(message);
    }
    const wait = this.#agenda.waitFor(message);
    if (wait !== undefined) {
      return { event: { type: "EventReceived", op: wait.path, messageId: message.id, message } };
    }
    // What was only offered by the directory was never accepted, and may be offered again.
    return inbox.accepted(message) ? { event: { type: "MessageBuffered", message } } : undefined;
  }

  #afterDue(operation: Operation): Happening | undefined {
    switch (operation.kind) {
      case "sleep":
        return { event: { type: "TimerFired", op: operation.path } };
      case "wait":
        return { event: { type: "WaitTimedOut", op: operation.path } };
      case "step":
        this.#agenda.steps.push(operation);
        return undefined;
      default:
        return undefined;
    }
  }

  /** Records what happened, hands it to the code, and files what the code then asks for. */
  async #record({ event, outgoing }: Happening): Promise<void> {
    const { replay, journal, outside } = this.work;
    const recorded = stamp(event, Math.max(outside.clock.now(), replay.now), replay.asked());
    const wasFailing = replay.failing;
    journal.add(recorded, outgoing);
    await replay.apply(recorded);
    this.#file(replay.takeRequested());
    if (journal.full && !journal.writing) this.#inBackground(journal.flush());
    if (event.type === "CancelRequested" || replay.failing !== wasFailing) this.#abandonDetached();
  }

  #file(operations: readonly Operation[]): void {
    this.#agenda.file(operations);
    for (const operation of operations) {
      if (operation.kind === "wait") this.#newWaits.push(operation);
    }
    if (this.work.owned.takenOver) this.#suspect(operations);
  }

  #suspect(operations: readonly Operation[]): void {
    for (const operation of operations) if (operation.kind === "wait") this.work.waits.suspect(operation);
  }

  // -------------------------------------------------------------- effects

  #beginEffects(): void {
    this.#beginStarted();
    this.#decideSteps();
    this.#registerWaits();
  }

  #decideSteps(): void {
    const { journal, outside, replay } = this.work;
    const at = {
      now: outside.clock.now(),
      durable: journal.durable,
      deadlineIsNear: this.#nearDeadline(),
      invocationMs: this.work.limits.wholeMs,
    };
    const held: StepOperation[] = [];
    // Once each: a step that was held may have been filed again when it was detached.
    for (const step of new Set(this.#agenda.steps)) {
      if (replay.pending.get(step.path) !== step || this.#bodies.isRunning(step)) continue;
      const { path: op } = step;
      const action = decideStep(step, at);
      switch (action.do) {
        case "run":
          this.#bodies.begin(step, action.attempt);
          break;
        case "wait":
          this.#agenda.retryAt(step, action.until);
          break;
        case "hold":
          held.push(step);
          break;
        case "record-start":
          this.#starting.push({ step, attempt: action.attempt });
          this.#decided.push({ event: { type: "StepStarted", op, attempt: action.attempt } });
          break;
        case "fail":
          this.#decided.push({
            event: { type: "StepFailed", op, attempt: action.attempt, error: action.error },
          });
          break;
      }
    }
    this.#agenda.steps = held;
  }

  /** At-most-once bodies begin once their start is durable. */
  #beginStarted(): void {
    const { durable } = this.work.journal;
    const isReady = ({ step }: { step: StepOperation }) => step.begun && step.after <= durable;
    const ready = this.#starting.filter(isReady);
    this.#starting = this.#starting.filter((starting) => !isReady(starting));
    for (const { step, attempt } of ready) {
      if (step.detached) this.#agenda.steps.push(step);
      else this.#bodies.begin(step, attempt);
    }
  }

  #registerWaits(): void {
    const { replay, waits, inbox } = this.work;
    for (const wait of this.#agenda.unregistered.splice(0)) {
      if (replay.pending.get(wait.path) !== wait || waits.registered(wait)) continue;
      const registration = waits.register(wait).then((recent) => inbox.offer(recent));
      this.#registering.add(registration);
      this.#inBackground(registration.finally(() => this.#registering.delete(registration)));
    }
  }

  /** I13: what nobody waits for any more is ended: a running body is told so, the rest is decided upon at once. */
  #abandonDetached(): void {
    for (const operation of this.work.replay.pending.values()) {
      if (operation.kind !== "step" || !operation.detached) continue;
      if (this.#bodies.isRunning(operation)) this.#bodies.abandon(operation);
      else if (!this.#starting.some(({ step }) => step === operation)) this.#agenda.steps.push(operation);
    }
  }

  // -------------------------------------------------------------- waiting

  /** Until something finishes, `due` comes, the invocation's end comes near, or it is time to look at the inbox. */
  async #wait(due: EpochMs | undefined): Promise<void> {
    const { outside, limits, inbox } = this.work;
    const now = outside.clock.now();
    // Past the deadline nothing is waited for but an end: the process is about to be killed.
    const limit = [limits.stopAt, limits.deadline].find((at) => at > now) ?? NEVER;
    const look = this.#bodies.running > 0 ? inbox.lookedAt + LOOK_EVERY_MS : NEVER;
    // A wait that is due and not yet answered by the directory is waited for like a body.
    const next = due !== undefined && due > now ? due : NEVER;
    const until = Math.min(next, limit, look);
    const enough = new AbortController();
    const poked = new Promise<void>((resolve) => {
      this.#poke = resolve;
    });
    await Promise.race([
      poked,
      ...(until === NEVER ? [] : [outside.clock.sleep(until - now, enough.signal)]),
    ]);
    enough.abort();
  }

  #nearDeadline(): boolean {
    return this.work.outside.clock.now() >= this.work.limits.stopAt;
  }

  #isSoon(due: EpochMs | undefined): boolean {
    return due !== undefined && due - this.work.outside.clock.now() <= INLINE_MS;
  }

  /** A wait times out only once nothing can be missed that was accepted before its deadline (I9): neither in the directory nor in the inbox. */
  #mayFall(operation: Operation): boolean {
    return operation.kind !== "wait" || this.work.waits.answered(operation);
  }

  #mustLook(): boolean {
    const { inbox, outside } = this.work;
    const now = outside.clock.now();
    if (now - inbox.lookedAt >= LOOK_EVERY_MS) return true;
    const due = this.#agenda.nextDue();
    if (due === undefined || due.operation.kind !== "wait" || due.at > now) return false;
    return this.#mayFall(due.operation) && inbox.lookedAt < due.at;
  }

  async #look(): Promise<void> {
    const { outside, owned, inbox } = this.work;
    const { executionId, epoch } = owned.head;
    const now = outside.clock.now();
    const head = await persistently(() => outside.store.readHead(executionId));
    if (head === undefined || head.epoch !== epoch || head.lease?.token !== owned.leaseToken) {
      throw new FencedError(
        executionId,
        `the head is at epoch ${head?.epoch ?? "none"}, and ours is ${epoch}`,
      );
    }
    await inbox.take(head, now);
  }

  #inBackground(work: Promise<unknown>): void {
    work
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#poke());
  }

  #raise(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.work.replay.fault !== undefined) throw this.work.replay.fault;
  }
}
