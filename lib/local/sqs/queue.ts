/**
 * One SQS queue as a state machine: what is stored, and what each call does to it at a given time.
 * No clock, no timers, no wire. Standard queues only, in the order of their sending, which AWS does not
 * promise but which makes a laptop's runs easier to read.
 *
 * | a message is | while                                                                    |
 * |--------------|--------------------------------------------------------------------------|
 * | delayed      | never received, and `visibleAt` is ahead                                   |
 * | visible      | `visibleAt` has come                                                       |
 * | in flight    | received, and `visibleAt` is ahead; then it is visible again               |
 * | gone         | deleted, older than the retention, or received more than `maxReceiveCount` |
 */
import type { JsonObject } from "../json.js";

export interface QueueSettings {
  readonly visibilityTimeoutSeconds: number;
  readonly delaySeconds: number;
  readonly retentionSeconds: number;
  readonly receiveWaitSeconds: number;
  readonly messageBytesMax: number;
  readonly redrive?: { readonly queue: string; readonly maxReceiveCount: number };
}

export const DEFAULT_SETTINGS: QueueSettings = {
  visibilityTimeoutSeconds: 30,
  delaySeconds: 0,
  retentionSeconds: 4 * 24 * 60 * 60,
  receiveWaitSeconds: 0,
  messageBytesMax: 1024 * 1024,
};

export interface Message {
  readonly id: string;
  /** Set on a second copy of a message, which lives a life of its own. */
  readonly copy?: number;
  readonly body: string;
  /** User attributes as they came over the wire. */
  readonly attributes: JsonObject;
  readonly sentAtMs: number;
  readonly visibleAtMs: number;
  readonly receiveCount: number;
  readonly firstReceivedAtMs?: number;
  /** Set once it was moved here by a redrive policy. */
  readonly deadLetterOf?: string;
}

export interface Received {
  readonly message: Message;
  readonly receipt: string;
}

export interface ReceiveResult {
  readonly received: readonly Received[];
  /** Received too often: to be put into the dead-letter queue. */
  readonly dead: readonly Message[];
}

export type ReceiptVerdict = "done" | "not-in-flight" | "malformed";

export class Queue {
  private messages = new Map<string, Message>();

  constructor(
    readonly name: string,
    readonly settings: QueueSettings,
    saved: readonly Message[] = [],
  ) {
    for (const message of saved) this.put(message);
  }

  all(): readonly Message[] {
    return [...this.messages.values()];
  }

  send(
    message: {
      id: string;
      body: string;
      attributes: JsonObject;
      delaySeconds?: number;
      /** Beyond the delay. */
      lateMs?: number;
      copy?: number;
    },
    nowMs: number,
  ): void {
    const { id, body, attributes, copy, lateMs = 0 } = message;
    const delaySeconds = message.delaySeconds ?? this.settings.delaySeconds;
    this.add({
      id,
      body,
      attributes,
      sentAtMs: nowMs,
      visibleAtMs: nowMs + delaySeconds * 1000 + lateMs,
      receiveCount: 0,
      ...(copy === undefined ? {} : { copy }),
    });
  }

  /** Takes in a message that another queue gave up; its age and count go on. */
  add(message: Message): void {
    this.put(message);
  }

  receive(
    nowMs: number,
    max: number,
    visibilitySeconds = this.settings.visibilityTimeoutSeconds,
  ): ReceiveResult {
    this.expire(nowMs);
    const received: Received[] = [];
    const dead: Message[] = [];
    for (const message of this.messages.values()) {
      if (received.length === max) break;
      if (message.visibleAtMs > nowMs) continue;
      const limit = this.settings.redrive?.maxReceiveCount;
      if (limit !== undefined && message.receiveCount >= limit) {
        this.messages.delete(keyOf(message));
        dead.push({ ...message, visibleAtMs: nowMs, deadLetterOf: this.name });
        continue;
      }
      const taken: Message = {
        ...message,
        receiveCount: message.receiveCount + 1,
        firstReceivedAtMs: message.firstReceivedAtMs ?? nowMs,
        visibleAtMs: nowMs + visibilitySeconds * 1000,
      };
      this.put(taken);
      received.push({ message: taken, receipt: receiptOf(taken) });
    }
    return { received, dead };
  }

  /** A receipt of an earlier receive deletes nothing: the message belongs to whoever received it last. */
  delete(receipt: string): ReceiptVerdict {
    const parsed = parseReceipt(receipt);
    if (parsed === undefined) return "malformed";
    const message = this.messages.get(parsed.key);
    if (message !== undefined && message.receiveCount === parsed.receiveCount)
      this.messages.delete(parsed.key);
    return "done";
  }

  changeVisibility(receipt: string, seconds: number, nowMs: number): ReceiptVerdict {
    const parsed = parseReceipt(receipt);
    if (parsed === undefined) return "malformed";
    const message = this.messages.get(parsed.key);
    if (message === undefined || message.receiveCount !== parsed.receiveCount || message.visibleAtMs <= nowMs)
      return "not-in-flight";
    this.put({ ...message, visibleAtMs: nowMs + seconds * 1000 });
    return "done";
  }

  purge(): void {
    this.messages.clear();
  }

  counts(nowMs: number): { visible: number; inFlight: number; delayed: number } {
    const counts = { visible: 0, inFlight: 0, delayed: 0 };
    for (const message of this.messages.values()) {
      if (message.visibleAtMs <= nowMs) counts.visible += 1;
      else if (message.receiveCount > 0) counts.inFlight += 1;
      else counts.delayed += 1;
    }
    return counts;
  }

  /** When the next message becomes visible, if there is any: the end of a long poll's sleep. */
  nextVisibleAtMs(): number | undefined {
    let next: number | undefined;
    for (const { visibleAtMs } of this.messages.values()) {
      if (next === undefined || visibleAtMs < next) next = visibleAtMs;
    }
    return next;
  }

  private expire(nowMs: number): void {
    for (const message of this.messages.values()) {
      if (message.sentAtMs + this.settings.retentionSeconds * 1000 <= nowMs)
        this.messages.delete(keyOf(message));
    }
  }

  private put(message: Message): void {
    this.messages.set(keyOf(message), message);
  }
}

const keyOf = ({ id, copy }: Message): string => (copy === undefined ? id : `${id}~${copy}`);

/** The count makes every receive's receipt its own. */
const receiptOf = (message: Message): string =>
  Buffer.from(`${keyOf(message)}#${message.receiveCount}`).toString("base64");

const parseReceipt = (receipt: string): { key: string; receiveCount: number } | undefined => {
  const match = /^([^#]+)#(\d+)$/.exec(Buffer.from(receipt, "base64").toString());
  return match?.[1] === undefined ? undefined : { key: match[1], receiveCount: Number(match[2]) };
};
