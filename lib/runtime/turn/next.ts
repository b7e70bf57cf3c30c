/**
 * What happens next to an execution, chosen in one place and always one thing at a time (I5): what is decided or ready by itself first,
 * then whatever came or fell due earliest (I9).
 */
import type { Message } from "../../model/message.js";
import type { EpochMs } from "../../model/time.js";
import { updateSubject } from "../../replay/mailbox.js";
import {
  type EventWait,
  isEventWait,
  type Operation,
  type ReceivingOperation,
} from "../../replay/operation.js";
import { type Agenda, accepts, type Due } from "./agenda.js";
import type { Bodies, FinishedAttempt } from "./bodies.js";
import {
  answered,
  attemptEnded,
  cancelRequested,
  controlled,
  type Happening,
  received,
  transactionReady,
} from "./happening.js";
import { Queue } from "./queue.js";
import type { Work } from "./work.js";

const NEVER = Number.POSITIVE_INFINITY;

export class Next {
  /** Decided already, to be recorded in this order before anything else. */
  readonly decided = new Queue<Happening>();
  /** Operations that may take a message which was buffered before them. */
  readonly #newReceivers: ReceivingOperation[] = [];
  /** Names of updates whose handlers may take some that were buffered before them. */
  #newHandlers: string[] = [];

  constructor(
    private readonly work: Work,
    private readonly agenda: Agenda,
    private readonly bodies: Bodies,
  ) {}

  /** Notes what can take messages from now on. */
  file(operations: readonly Operation[]): void {
    for (const operation of operations) {
      if (operation.kind === "wait" || operation.kind === "child") this.#newReceivers.push(operation);
    }
    this.#newHandlers.push(...this.work.replay.takeHandled());
  }

  /** Waits that would leave the next message unread, and may have been registered with another condition than the code has now. */
  doubtful(): EventWait[] {
    const { inbox, waits } = this.work;
    const message = inbox.peek();
    if (message?.kind !== "event" || !inbox.accepted(message)) return [];
    return this.agenda.refusersOf(message).filter((wait) => waits.mayDiffer(wait));
  }

  take(): Happening | undefined {
    for (;;) {
      const ready = this.#fromDecided() ?? this.immediate() ?? this.#fromBuffer() ?? this.#heartbeat();
      if (ready !== undefined) return ready;

      const finished = this.bodies.firstFinished();
      const message = this.work.inbox.peek();
      const due = this.#fallen();
      const finishedAt = finished?.at ?? NEVER;
      const messageAt = message?.at ?? NEVER;
      const dueAt = due?.at ?? NEVER;

      let happening: Happening | undefined;
      if (finished !== undefined && finishedAt <= messageAt && finishedAt <= dueAt) {
        this.bodies.takeFinished();
        happening = this.#afterAttempt(finished);
      } else if (message !== undefined && messageAt <= dueAt) {
        // Of a message and a deadline at one instant, the message wins: it was accepted in time.
        this.work.inbox.shift();
        happening = this.#afterMessage(message);
      } else if (due !== undefined) {
        this.agenda.takeDue();
        happening = this.#afterDue(due);
      } else {
        return undefined;
      }
      if (happening !== undefined) return happening;
    }
  }

  /** Answers that were stored, out of what is decided. */
  takeAnswered(): Happening[] {
    const answers: Happening[] = [];
    for (const one of this.decided.takeAll()) {
      if (one.event.type === "UpdateAnswered") answers.push(one);
      else this.decided.push(one);
    }
    return answers;
  }

  /** What was decided of an operation that has ended meanwhile no longer happens. */
  #fromDecided(): Happening | undefined {
    for (let one = this.decided.shift(); one !== undefined; one = this.decided.shift()) {
      if (!("op" in one.event) || this.work.replay.pending.has(one.event.op)) return one;
    }
    return undefined;
  }

  #heartbeat(): Happening | undefined {
    const happening = this.bodies.takeHeartbeat();
    if (happening === undefined || !("op" in happening.event)) return undefined;
    return this.work.replay.pending.has(happening.event.op) ? happening : this.#heartbeat();
  }

  /** An operation that needs nothing from outside. */
  immediate(): Happening | undefined {
    const operation = this.agenda.immediate.shift();
    if (operation === undefined) return undefined;
    const { owned, replay } = this.work;
    return answered(operation, owned.head.executionId, this.#now(), replay.position);
  }

  /** A wait times out only once nothing can be missed that was accepted before its deadline (I9): neither in the directory nor in the inbox. */
  mayFall(operation: Operation | undefined): boolean {
    return operation === undefined || !isEventWait(operation) || this.work.waits.answered(operation);
  }

  #fallen(): Due | undefined {
    const due = this.agenda.nextDue();
    return due !== undefined && due.at <= this.#now() && this.mayFall(due.operation) ? due : undefined;
  }

  /** Of messages that came before what can take them, the oldest goes to the newest operation (I11, PROTOCOL A3). */
  #fromBuffer(): Happening | undefined {
    const { replay } = this.work;
    for (let one = this.#newReceivers.pop(); one !== undefined; one = this.#newReceivers.pop()) {
      if (replay.pending.get(one.path) !== one || one.detached) continue;
      for (const message of replay.buffered.about(one.subject)) {
        if (message.kind !== "update" && accepts(one, message))
          return { event: received(one, message, false) };
      }
    }
    while (this.#newHandlers.length > 0 && !replay.failing) {
      const [name = ""] = this.#newHandlers;
      const [update] = replay.buffered.about(updateSubject(name));
      if (update !== undefined) return { event: { type: "UpdateReceived", messageId: update.id } };
      this.#newHandlers.shift();
    }
    return undefined;
  }

  #afterAttempt(finished: FinishedAttempt): Happening | undefined {
    const { step, end } = finished;
    if (this.work.replay.pending.get(step.path) !== step) return undefined;
    if (!end.ok || end.transaction === undefined || step.detached) return this.afterEnd(finished);
    try {
      return transactionReady(finished, end.value, end.transaction);
    } catch (error) {
      return this.afterEnd({ ...finished, end: { ok: false, error } });
    }
  }

  /** An attempt that did not commit anything of its own. */
  afterEnd(finished: FinishedAttempt): Happening {
    const happening = attemptEnded(finished, this.work.outside.random());
    if (happening.event.type === "StepAttemptFailed") this.agenda.steps.push(finished.step);
    return happening;
  }

  #afterMessage(message: Message): Happening | undefined {
    const { replay, inbox } = this.work;
    switch (message.kind) {
      case "cancel":
        return replay.failing ? { event: { type: "MessageBuffered", message } } : cancelRequested(message);
      case "pause":
        return controlled("ExecutionPaused", message);
      case "resume":
        return controlled("ExecutionResumed", message);
      case "redrive":
        return controlled("ExecutionRedriven", message);
      case "heartbeat": {
        const { op, id: messageId, until: heartbeatAt } = message;
        return { event: { type: "CallbackHeartbeat", op, messageId, heartbeatAt } };
      }
      case "update":
        return replay.handlesUpdate(message.name) && !replay.failing
          ? { event: { type: "UpdateReceived", messageId: message.id, message } }
          : { event: { type: "MessageBuffered", message } };
      default: {
        const operation = this.agenda.receiverOf(message);
        if (operation !== undefined) return { event: received(operation, message, true) };
        // What was only offered by the directory was never accepted, and may be offered again.
        return inbox.accepted(message) ? { event: { type: "MessageBuffered", message } } : undefined;
      }
    }
  }

  #afterDue({ operation }: Due): Happening | undefined {
    const { replay } = this.work;
    if (operation === undefined) return replay.failing ? undefined : { event: { type: "DeadlinePassed" } };
    switch (operation.kind) {
      case "sleep":
        return { event: { type: "TimerFired", op: operation.path } };
      case "wait":
        return { event: { type: "WaitTimedOut", op: operation.path } };
      case "step":
        this.agenda.steps.push(operation);
        return undefined;
      default:
        return undefined;
    }
  }

  #now(): EpochMs {
    return this.work.outside.clock.now();
  }
}
