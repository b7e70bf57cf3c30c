/**
 * The agenda of a turn: what is pending, filed by what can move it, so that finding the next thing never looks at all of it (I12).
 * It decides nothing about effects and calls nobody.
 */
import type { Json } from "../../model/json.js";
import type { AwaitedMessage } from "../../model/message.js";
import { subjectOf } from "../../model/message.js";
import { judged } from "../../model/pattern/where.js";
import type { EpochMs } from "../../model/time.js";
import {
  type AnswerOperation,
  type ChildOperation,
  type EventWait,
  isEventWait,
  type Operation,
  type ReceivingOperation,
  type SendOperation,
  type SignalOperation,
  type StepOperation,
  type UndoOperation,
  type WaitOperation,
} from "../../replay/operation.js";
import { Heap } from "./heap.js";
import { Queue } from "./queue.js";

/** Operations that need nothing from outside. */
export type ImmediateOperation = SendOperation | SignalOperation | UndoOperation;

/** Something that falls due: a sleep ends, a wait times out, a step may be tried again; without an operation, the execution itself times out. */
export interface Due {
  readonly at: EpochMs;
  readonly operation?: Operation;
}

export class Agenda {
  /** To be answered at once. */
  readonly immediate = new Queue<ImmediateOperation>();
  /** Steps whose bodies are not running, to be decided upon, in the order of their requests. */
  steps: StepOperation[] = [];
  /** Children that were asked for, or that nobody waits for any more. */
  children: ChildOperation[] = [];
  /** Answers to be stored. */
  answers: AnswerOperation[] = [];
  /** Waits for events that were asked for and are not known to the directory. */
  readonly unregistered: EventWait[] = [];
  readonly #due = new Heap<Due>();
  readonly #receiving = new Map<string, ReceivingOperation[]>();

  constructor(private readonly pending: ReadonlyMap<string, Operation>) {}

  file(operations: Iterable<Operation>): void {
    for (const operation of operations) {
      switch (operation.kind) {
        case "send":
        case "signal":
        case "undo":
          this.immediate.push(operation);
          break;
        case "step":
          this.steps.push(operation);
          break;
        case "answer":
          this.answers.push(operation);
          break;
        case "sleep":
          this.#due.push({ at: operation.dueAt, operation });
          break;
        case "child":
          this.children.push(operation);
          this.#receive(operation);
          break;
        case "wait":
          this.#receive(operation);
          if (isEventWait(operation)) this.unregistered.push(operation);
          this.expect(operation);
          break;
      }
    }
  }

  /** Children that need nothing more than their end. */
  receive(children: Iterable<ChildOperation>): void {
    for (const child of children) this.#receive(child);
  }

  /** When the wait's time is over, as things stand now. */
  expect(wait: WaitOperation): void {
    const at = deadlineOf(wait);
    if (at !== undefined) this.#due.push({ at, operation: wait });
  }

  retryAt(step: StepOperation, at: EpochMs): void {
    this.#due.push({ at, operation: step });
  }

  /** The execution's own timeout. */
  endAt(at: EpochMs): void {
    this.#due.push({ at });
  }

  /** The earliest that still matters. */
  nextDue(): Due | undefined {
    for (;;) {
      const due = this.#due.peek();
      if (due === undefined || this.#matters(due)) return due;
      this.#due.pop();
    }
  }

  takeDue(): Due | undefined {
    this.nextDue();
    return this.#due.pop();
  }

  /** The newest pending operation that this message is for (I11): an event must not be too old for the wait, and fit its condition. */
  receiverOf(message: AwaitedMessage): ReceivingOperation | undefined {
    const subject = subjectOf(message);
    const operations = this.#receiving.get(subject) ?? [];
    const isPending = (operation: ReceivingOperation): boolean =>
      this.pending.get(operation.path) === operation;
    // Those that have ended are mostly the newest, since those take the messages: looking never goes over all of them again and again.
    for (let last = operations.at(-1); last !== undefined && !isPending(last); last = operations.at(-1))
      operations.pop();
    return operations.findLast(
      (operation) => isPending(operation) && !operation.detached && accepts(operation, message),
    );
  }

  /** Pending waits that this event is not too old for, and that all refuse it for its payload. */
  refusersOf(message: AwaitedMessage): EventWait[] {
    if (message.kind !== "event" || this.receiverOf(message) !== undefined) return [];
    return (this.#receiving.get(subjectOf(message)) ?? []).filter(
      (operation): operation is EventWait =>
        isEventWait(operation) &&
        this.pending.get(operation.path) === operation &&
        !operation.detached &&
        operation.awaited.since <= message.at,
    );
  }

  #receive(operation: ReceivingOperation): void {
    const same = this.#receiving.get(operation.subject);
    if (same === undefined) this.#receiving.set(operation.subject, [operation]);
    else same.push(operation);
  }

  /** A callback's heartbeat puts its deadline off: the earlier one is forgotten when it comes. */
  #matters({ at, operation }: Due): boolean {
    if (operation === undefined) return true;
    if (this.pending.get(operation.path) !== operation) return false;
    return operation.kind !== "wait" || deadlineOf(operation) === at;
  }
}

/** Whether an operation that waits for the message's subject may take it. */
export function accepts(operation: ReceivingOperation, message: AwaitedMessage): boolean {
  if (operation.kind !== "wait" || operation.awaited.kind !== "event") return true;
  const { since, where } = operation.awaited;
  return since <= message.at && (where === undefined || where.accepts(payloadOf(message)));
}

/** Many waits may look at one event: it is made readable once. */
const payloads = new WeakMap<AwaitedMessage, Json>();

function payloadOf(message: AwaitedMessage): Json {
  const known = payloads.get(message);
  if (known !== undefined) return known;
  const payload = message.kind === "event" ? judged(message.data) : null;
  payloads.set(message, payload);
  return payload;
}

/** When its time is over, as things stand now. */
export function deadlineOf({ deadline, heartbeatMs, heartbeatAt }: WaitOperation): EpochMs | undefined {
  const silence = heartbeatMs === undefined ? undefined : heartbeatAt + heartbeatMs;
  if (deadline === undefined || silence === undefined) return deadline ?? silence;
  return Math.min(deadline, silence);
}
