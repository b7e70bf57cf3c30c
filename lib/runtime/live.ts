/**
 * The live part of a turn, from the end of history on: it finds what happens next, records it, delivers it, and begins the effects that
 * the code asked for. What happens next is chosen here, in one place, and always one thing at a time (I5).
 *
 * Invariants I1–I14 stand at the head of `replay/replay.ts`.
 */
import { decideRetry } from "../decide/retry.js";
import { decideStep } from "../decide/step.js";
import { INLINE_MS } from "../decide/timer.js";
import { CancelledError, FencedError, PayloadTooLargeError, StepInterruptedError } from "../model/errors.js";
import { type HistoryEvent, isNotedEvent } from "../model/history-event.js";
import { digest } from "../model/ids.js";
import type { Message } from "../model/message.js";
import type { OutgoingEvent } from "../model/outgoing.js";
import type { ExecutionStatus } from "../model/status.js";
import type { EpochMs } from "../model/time.js";
import { type Encoded, encode, encodeThrown } from "../model/value.js";
import type { Operation, StepOperation, WaitOperation } from "../replay/operation.js";
import { Agenda } from "./agenda.js";
import { close, suspend, yieldTurn } from "./conclude.js";
import { persistently } from "./persistently.js";
import { type AttemptEnd, type RunningAttempt, runStep } from "./run-step.js";
import type { Work } from "./work.js";

/** In bytes of JSON: a step's result must fit a commit, with what surrounds it. */
const LARGEST_RESULT_BYTES = 290_000;

/** How often a long turn looks at its inbox (I6): one cheap read, so that a cancel need not wait for the turn's end. */
const LOOK_EVERY_MS = 5_000;

/** Bodies that nobody waits for any more get this long to notice their abort signal (I13). */
const ABORT_GRACE_MS = 5_000;

/** An event as it happens: its time and digest are added when it is recorded. */
type Happening = HistoryEvent extends infer Each
  ? Each extends HistoryEvent
    ? Omit<Each, "at" | "asked">
    : never
  : never;

interface Next {
  readonly event: Happening;
  readonly outgoing?: OutgoingEvent;
}

interface Finished {
  readonly at: EpochMs;
  readonly running: RunningAttempt;
  readonly end: AttemptEnd;
}

export class Live {
  readonly #agenda: Agenda;
  readonly #running = new Map<string, RunningAttempt>();
  readonly #finished: Finished[] = [];
  /** Decided already, to be recorded in this order before anything else. */
  readonly #decided: Next[] = [];
  /** At-most-once steps whose start is recorded, until that is durable. */
  #starting: { step: StepOperation; attempt: number }[] = [];
  /** Waits that may take a message which was buffered before them. */
  #newWaits: WaitOperation[] = [];
  #registering = 0;
  #failure: { readonly error: unknown } | undefined;
  #poke: () => void = () => {};

  constructor(private readonly work: Work) {
    this.#agenda = new Agenda(work.replay.pending);
    work.replay.onFault = () => this.#poke();
  }

  /** @returns the status that the execution was left in */
  async run(): Promise<ExecutionStatus> {
    const { replay, journal, outside } = this.work;
    replay.live = true;
    replay.takeRequested();
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
      const next = this.#next();
      if (next !== undefined) {
        await this.#record(next);
        continue;
      }
      this.#beginEffects();
      if (this.#decided.length > 0) continue;
      replay.checkMovable();

      const due = this.#agenda.nextDue()?.at;
      if (this.#running.size > 0 || this.#registering > 0 || journal.writing) {
        // What is done is made durable while bodies run. A registration alone is short, and its turn's settlement may still take it along.
        if (this.#running.size > 0 && journal.behind && !journal.writing) this.#inBackground(journal.flush());
        await this.#wait(due);
      } else if (
        this.#nearDeadline() &&
        (this.#agenda.steps.length > 0 || this.#starting.length > 0 || this.#isSoon(due))
      ) {
        return yieldTurn(this.work);
      } else if (this.#agenda.steps.length > 0 || this.#starting.length > 0) {
        await journal.flush();
      } else if (this.#isSoon(due)) {
        await this.#wait(due);
      } else {
        const status = await suspend(this.work, due);
        if (status !== undefined) return status;
      }
      if (this.#running.size > 0 && outside.clock.now() - this.work.inbox.lookedAt >= LOOK_EVERY_MS)
        await this.#look();
    }
    await this.#quietBodies();
    return close(this.work, replay.outcome);
  }

  // -------------------------------------------------------------- what happens next

  /** What is ready by itself first, then whatever came or fell due earliest (I9). */
  #next(): Next | undefined {
    const decided = this.#decided.shift();
    if (decided !== undefined) return decided;
    const immediate = this.#immediate() ?? this.#fromBuffer();
    if (immediate !== undefined) return immediate;

    const now = this.work.outside.clock.now();
    const finished = this.#finished[0];
    const message = this.work.inbox.peek();
    const due = this.#agenda.nextDue();
    const dueAt = due !== undefined && due.at <= now ? due.at : Number.POSITIVE_INFINITY;
    const messageAt = message?.at ?? Number.POSITIVE_INFINITY;
    const finishedAt = finished?.at ?? Number.POSITIVE_INFINITY;

    if (finished !== undefined && finishedAt <= messageAt && finishedAt <= dueAt) {
      this.#finished.shift();
      return this.#afterAttempt(finished) ?? this.#next();
    }
    // Of a message and a deadline at one instant, the message wins: it was accepted in time.
    if (message !== undefined && messageAt <= dueAt) {
      this.work.inbox.shift();
      return this.#afterMessage(message) ?? this.#next();
    }
    if (dueAt === Number.POSITIVE_INFINITY) return undefined;
    const taken = this.#agenda.takeDue();
    return taken === undefined ? undefined : (this.#afterDue(taken.operation) ?? this.#next());
  }

  #immediate(): Next | undefined {
    const operation = this.#agenda.immediate.shift();
    if (operation === undefined) return undefined;
    if (operation.kind === "undo")
      return { event: { type: "CompensationStarted", op: operation.path, error: operation.error } };
    const { executionId } = this.work.owned.head;
    const eventId = digest(`${executionId}\n${operation.path}`, 22);
    return {
      event: { type: "EventSent", op: operation.path, eventId, name: operation.event },
      outgoing: {
        id: eventId,
        name: operation.event,
        detail: operation.detail,
        at: this.work.outside.clock.now(),
      },
    };
  }

  /** Of messages that came before their wait, the oldest goes to the newest wait (I11, PROTOCOL A3). */
  #fromBuffer(): Next | undefined {
    const { replay } = this.work;
    for (let wait = this.#newWaits.pop(); wait !== undefined; wait = this.#newWaits.pop()) {
      if (replay.pending.get(wait.path) !== wait) continue;
      for (const message of replay.buffered.values()) {
        if (message.name === wait.event && message.key === wait.key && message.at >= wait.since) {
          return { event: { type: "EventReceived", op: wait.path, messageId: message.id } };
        }
      }
    }
    return undefined;
  }

  #afterAttempt({ running, end, at }: Finished): Next | undefined {
    const { step, attempt } = running;
    if (this.work.replay.pending.get(step.path) !== step) return undefined;
    const failure = end.ok ? undefined : { error: end.error };
    let error: unknown = failure?.error;
    if (failure === undefined && end.ok) {
      try {
        const result = end.value === undefined ? undefined : storable(step, end.value);
        return {
          event: {
            type: "StepCompleted",
            op: step.path,
            attempt,
            ...(result === undefined ? {} : { result }),
          },
        };
      } catch (unstorable) {
        error = unstorable;
      }
    }
    const retry = decideRetry({
      error,
      attempt,
      policy: step.retry,
      detached: step.detached,
      now: at,
      random: this.work.outside.random(),
    });
    const stored = storableError(error);
    if (retry.do === "fail") return { event: { type: "StepFailed", op: step.path, attempt, error: stored } };
    this.#agenda.steps.push(step);
    return { event: { type: "StepAttemptFailed", op: step.path, attempt, error: stored, retryAt: retry.at } };
  }

  #afterMessage(message: Message): Next | undefined {
    const { replay, inbox } = this.work;
    if (message.kind === "cancel") {
      if (replay.failing) return { event: { type: "MessageBuffered", message } };
      const { id: messageId, by, reason } = message;
      return {
        event: {
          type: "CancelRequested",
          messageId,
          ...(by === undefined ? {} : { by }),
          ...(reason === undefined ? {} : { reason }),
        },
      };
    }
    const wait = this.#agenda.waitFor(message);
    if (wait !== undefined && wait.since <= message.at) {
      return { event: { type: "EventReceived", op: wait.path, messageId: message.id, message } };
    }
    // What was only offered by the directory was never accepted, and may be offered again.
    return inbox.accepted(message) ? { event: { type: "MessageBuffered", message } } : undefined;
  }

  #afterDue(operation: Operation): Next | undefined {
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
  async #record({ event, outgoing }: Next): Promise<void> {
    const { replay, journal, outside } = this.work;
    const at = Math.max(outside.clock.now(), replay.now);
    const asked = replay.asked();
    const recorded = stamp(event, at, asked);
    const wasFailing = replay.failing;
    journal.add(recorded, outgoing);
    await replay.apply(recorded);
    this.#file(replay.takeRequested());
    if (event.type === "CancelRequested" || replay.failing !== wasFailing) this.#abandonDetached();
  }

  #file(operations: readonly Operation[]): void {
    this.#agenda.file(operations);
    for (const operation of operations) {
      if (operation.kind !== "wait") continue;
      this.#newWaits.push(operation);
      if (this.work.owned.takenOver) this.work.waits.suspect(operation);
    }
  }

  // -------------------------------------------------------------- effects

  #beginEffects(): void {
    const { journal, outside, waits } = this.work;
    const at = { now: outside.clock.now(), durable: journal.durable, deadlineIsNear: this.#nearDeadline() };
    const held: StepOperation[] = [];
    for (const step of this.#agenda.steps) {
      if (this.work.replay.pending.get(step.path) !== step || this.#running.has(step.path)) continue;
      const action = decideStep(step, at);
      switch (action.do) {
        case "run":
          this.#run(step, action.attempt);
          break;
        case "wait":
          this.#agenda.retryAt(step, action.until);
          break;
        case "hold":
          held.push(step);
          break;
        case "record-start":
          this.#starting.push({ step, attempt: action.attempt });
          this.#decided.push({ event: { type: "StepStarted", op: step.path, attempt: action.attempt } });
          break;
        case "fail":
          this.#decided.push({
            event: { type: "StepFailed", op: step.path, attempt: action.attempt, error: action.error },
          });
          break;
      }
    }
    this.#agenda.steps = held;

    const { durable } = journal;
    const ready = this.#starting.filter(({ step }) => step.begun && step.after <= durable);
    this.#starting = this.#starting.filter((starting) => !ready.includes(starting));
    for (const { step, attempt } of ready) this.#run(step, attempt);

    const unregistered = this.#agenda.unregistered;
    this.#agenda.unregistered = [];
    for (const wait of unregistered) {
      if (this.work.replay.pending.get(wait.path) !== wait || waits.registered(wait)) continue;
      this.#registering += 1;
      this.#inBackground(
        waits
          .register(wait)
          .then((recent) => {
            for (const message of recent) this.work.inbox.offer(message);
          })
          .finally(() => {
            this.#registering -= 1;
          }),
      );
    }
  }

  #run(step: StepOperation, attempt: number): void {
    const { outside, owned } = this.work;
    const running = runStep(step, attempt, owned.head.executionId, outside.clock);
    this.#running.set(step.path, running);
    void running.end.then((end) => this.#finish(running, end));
  }

  #finish(running: RunningAttempt, end: AttemptEnd): void {
    if (this.#running.get(running.step.path) !== running) return;
    this.#running.delete(running.step.path);
    this.#finished.push({ at: this.work.outside.clock.now(), running, end });
    this.#poke();
  }

  /** I13: what nobody waits for any more is told so, gets a bounded wait, and is not retried. */
  #abandonDetached(): void {
    const { outside, replay } = this.work;
    for (const operation of replay.pending.values()) {
      if (operation.kind !== "step" || !operation.detached) continue;
      const running = this.#running.get(operation.path);
      if (running === undefined) {
        if (!this.#starting.some(({ step }) => step === operation)) this.#agenda.steps.push(operation);
        continue;
      }
      running.abort(new CancelledError("its execution ended or was cancelled"));
      void outside.clock.sleep(ABORT_GRACE_MS).then(() => {
        const error = new StepInterruptedError(
          operation.name,
          running.attempt,
          "it did not end after its signal was aborted",
        );
        this.#finish(running, { ok: false, error });
      });
    }
  }

  /** The execution is over: bodies that still run are told so, and get a bounded wait. */
  async #quietBodies(): Promise<void> {
    if (this.#running.size === 0) return;
    const { clock } = this.work.outside;
    const bodies = [...this.#running.values()];
    for (const running of bodies) running.abort(new CancelledError("its execution ended"));
    const enough = new AbortController();
    await Promise.race([
      Promise.all(bodies.map((running) => running.end)),
      clock.sleep(ABORT_GRACE_MS, enough.signal),
    ]);
    enough.abort();
  }

  // -------------------------------------------------------------- waiting

  /** Until something finishes, `due` comes, the invocation's end comes near, or it is time to look at the inbox. */
  async #wait(due: EpochMs | undefined): Promise<void> {
    const { outside, limits, inbox } = this.work;
    const now = outside.clock.now();
    // Past the deadline nothing is waited for but an end: the process is about to be killed.
    const limit = [limits.stopAt, limits.deadline].find((at) => at > now) ?? Number.POSITIVE_INFINITY;
    const look = this.#running.size > 0 ? inbox.lookedAt + LOOK_EVERY_MS : Number.POSITIVE_INFINITY;
    const until = Math.min(due ?? Number.POSITIVE_INFINITY, limit, look);
    const enough = new AbortController();
    const poked = new Promise<void>((resolve) => {
      this.#poke = resolve;
    });
    const slept = until === Number.POSITIVE_INFINITY ? [] : [outside.clock.sleep(until - now, enough.signal)];
    await Promise.race([poked, ...slept]);
    enough.abort();
  }

  #nearDeadline(): boolean {
    return this.work.outside.clock.now() >= this.work.limits.stopAt;
  }

  #isSoon(due: EpochMs | undefined): boolean {
    return due !== undefined && due - this.work.outside.clock.now() <= INLINE_MS;
  }

  /** Before a wait times out, the inbox is looked at: a message that was accepted before the deadline wins (I9). */
  #mustLook(): boolean {
    const due = this.#agenda.nextDue();
    if (due === undefined || due.operation.kind !== "wait") return false;
    return due.at <= this.work.outside.clock.now() && this.work.inbox.lookedAt < due.at;
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

function stamp(event: Happening, at: EpochMs, asked: string | undefined): HistoryEvent {
  const recorded = { ...event, at } as HistoryEvent;
  return asked === undefined || isNotedEvent(recorded) ? recorded : { ...recorded, asked };
}

function storable(step: StepOperation, value: unknown): Encoded {
  const encoded = encode(value);
  const bytes = Buffer.byteLength(JSON.stringify(encoded));
  if (bytes > LARGEST_RESULT_BYTES)
    throw new PayloadTooLargeError(`The result of step "${step.name}"`, bytes, LARGEST_RESULT_BYTES);
  return encoded;
}

function storableError(error: unknown): Encoded {
  const encoded = encodeThrown(error);
  if (Buffer.byteLength(JSON.stringify(encoded)) <= LARGEST_RESULT_BYTES) return encoded;
  const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
  const short = new Error(`${message.slice(0, 1_000)}… (cut: the whole error was too large to store)`);
  short.name = name;
  return encodeThrown(short);
}
