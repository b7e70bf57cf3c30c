/**
 * The agenda of a turn: what is pending, filed by what can move it, so that finding the next thing never looks at all of it (I12).
 * It decides nothing about effects and calls nobody.
 */
import type { EventMessage } from "../model/message.js";
import type { EpochMs } from "../model/time.js";
import type {
  Operation,
  SendOperation,
  StepOperation,
  UndoOperation,
  WaitOperation,
} from "../replay/operation.js";
import { Heap } from "./heap.js";

/** Something that falls due: a sleep ends, a wait times out, a step may be tried again. */
export interface Due {
  readonly at: EpochMs;
  readonly operation: Operation;
}

export class Agenda {
  /** To be answered at once: they need nothing from outside. */
  readonly immediate: (SendOperation | UndoOperation)[] = [];
  /** Steps whose bodies are not running, to be decided upon, in the order of their requests. */
  steps: StepOperation[] = [];
  /** Waits that were asked for and are not known to the directory. */
  readonly unregistered: WaitOperation[] = [];
  readonly #due = new Heap<Due>();
  readonly #waits = new Map<string, WaitOperation[]>();

  constructor(private readonly pending: ReadonlyMap<string, Operation>) {}

  file(operations: Iterable<Operation>): void {
    for (const operation of operations) {
      switch (operation.kind) {
        case "send":
        case "undo":
          this.immediate.push(operation);
          break;
        case "step":
          this.steps.push(operation);
          break;
        case "sleep":
          this.#due.push({ at: operation.dueAt, operation });
          break;
        case "wait":
          this.#fileWait(operation);
          break;
      }
    }
  }

  retryAt(step: StepOperation, at: EpochMs): void {
    this.#due.push({ at, operation: step });
  }

  /** The earliest that is still pending. */
  nextDue(): Due | undefined {
    for (;;) {
      const due = this.#due.peek();
      if (due === undefined || this.pending.get(due.operation.path) === due.operation) return due;
      this.#due.pop();
    }
  }

  takeDue(): Due | undefined {
    this.nextDue();
    return this.#due.pop();
  }

  /** The newest pending wait that this message is for (I11): of its name and key, and not too old for the wait's lookback. */
  waitFor(message: EventMessage): WaitOperation | undefined {
    const key = waitKey(message.name, message.key);
    const waits = (this.#waits.get(key) ?? []).filter((wait) => this.pending.get(wait.path) === wait);
    this.#waits.set(key, waits);
    return waits.findLast((wait) => wait.since <= message.at);
  }

  #fileWait(wait: WaitOperation): void {
    const key = waitKey(wait.event, wait.key);
    const waits = this.#waits.get(key);
    if (waits === undefined) this.#waits.set(key, [wait]);
    else waits.push(wait);
    this.unregistered.push(wait);
    if (wait.deadline !== undefined) this.#due.push({ at: wait.deadline, operation: wait });
  }
}

function waitKey(name: string, key: string | undefined): string {
  return JSON.stringify(key === undefined ? [name] : [name, key]);
}
