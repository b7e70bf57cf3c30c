/**
 * The inbox as one turn sees it: accepted messages that are not in history yet, oldest first, and the newest `inboxSeq` that it has
 * looked at. Messages whose id is in history are ignored (PROTOCOL A3).
 */
import type { Head } from "../../model/head.js";
import type { Message } from "../../model/message.js";
import { byAcceptance } from "../../model/message.js";
import type { EpochMs } from "../../model/time.js";
import type { ExecutionStore } from "../../store/ports.js";
import { bringBackMessages } from "../values/payloads.js";

export class Inbox {
  /** The newest that was looked at: what a settlement is conditional on (I6). */
  seq = 0;
  /** When it was last looked at. */
  lookedAt: EpochMs = 0;
  /** Ids of all messages that were found: once in history, they leave the inbox with the settlement. */
  readonly found = new Set<string>();
  /** Those that are items of their own. */
  readonly items = new Set<string>();
  /** Of what history has meanwhile, whoever looks takes no notice. */
  #fresh: Message[] = [];

  constructor(
    private readonly store: ExecutionStore,
    private readonly executionId: string,
    private readonly inHistory: { has(messageId: string): boolean },
  ) {}

  /** Takes in what the head holds, and reads the messages beside it when there are any. */
  async take(head: Head, now: EpochMs): Promise<void> {
    const aside =
      head.inboxItems > 0 && head.inboxSeq !== this.seq
        ? await this.store.loadMessages(this.executionId)
        : [];
    const unknown = [...head.inbox, ...aside].filter((message) => !this.found.has(message.id));
    const accepted = await bringBackMessages(this.store, this.executionId, unknown);
    for (const message of aside) this.items.add(message.id);
    for (const message of accepted) this.found.add(message.id);
    this.offer(accepted);
    this.seq = head.inboxSeq;
    this.lookedAt = now;
  }

  /** Recent events that came before their wait: they are no messages yet, but are taken as such. */
  offer(messages: readonly Message[]): void {
    const present = new Set(this.#fresh.map((message) => message.id));
    for (const message of messages) {
      if (!present.has(message.id)) this.#fresh.push(message);
    }
    this.#fresh.sort(byAcceptance);
  }

  /** All accepted ones that are not in history, oldest first. */
  unread(): Message[] {
    return this.#fresh.filter((message) => this.found.has(message.id) && !this.inHistory.has(message.id));
  }

  /** The oldest that is not in history. */
  peek(): Message | undefined {
    for (;;) {
      const message = this.#fresh[0];
      if (message === undefined || !this.inHistory.has(message.id)) return message;
      this.#fresh.shift();
    }
  }

  shift(): void {
    this.#fresh.shift();
  }

  /** Whether it was accepted into the inbox, or only offered. */
  accepted(message: Message): boolean {
    return this.found.has(message.id);
  }

  /** How many messages that are items of their own stay in the inbox. */
  itemsBeside(inHistory: (messageId: string) => boolean): number {
    return [...this.items].filter((id) => !inHistory(id)).length;
  }
}
