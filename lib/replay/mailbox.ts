/** Messages that were taken into history before anything awaited them, by what they are about, oldest first. */
import { type AwaitedMessage, type Message, subjectOf, type UpdateMessage } from "../model/message.js";

export type BufferedMessage = AwaitedMessage | UpdateMessage;

export class Mailbox {
  readonly #byId = new Map<string, BufferedMessage>();
  readonly #bySubject = new Map<string, Set<BufferedMessage>>();

  put(message: BufferedMessage): void {
    this.#byId.set(message.id, message);
    const subject = subjectFor(message);
    const same = this.#bySubject.get(subject);
    if (same === undefined) this.#bySubject.set(subject, new Set([message]));
    else same.add(message);
  }

  get(id: string): BufferedMessage | undefined {
    return this.#byId.get(id);
  }

  /** Takes it out. */
  delete(id: string): void {
    const message = this.#byId.get(id);
    if (message === undefined) return;
    this.#byId.delete(id);
    const subject = subjectFor(message);
    const same = this.#bySubject.get(subject);
    same?.delete(message);
    if (same?.size === 0) this.#bySubject.delete(subject);
  }

  about(subject: string): Iterable<BufferedMessage> {
    return this.#bySubject.get(subject) ?? [];
  }

  /** In the order in which they were accepted. */
  all(): BufferedMessage[] {
    return [...this.#byId.values()];
  }
}

/** Updates are about their handler. */
export function updateSubject(name: string): string {
  return JSON.stringify(["update", name]);
}

function subjectFor(message: BufferedMessage): string {
  return message.kind === "update" ? updateSubject(message.name) : subjectOf(message);
}

/** Whether it may be awaited later: a child's or a callback's end may come for an operation that is gone, and is then of no use to anybody. */
export function isBuffered(message: Message): message is BufferedMessage {
  switch (message.kind) {
    case "event":
    case "signal":
    case "update":
    case "callback":
    case "child":
      return true;
    default:
      return false;
  }
}
