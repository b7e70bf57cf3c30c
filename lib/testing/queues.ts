/** A queue on virtual time: delay, visibility, receive count, dead-letter list. At least once, like the real one. */
import type { EpochMs } from "../model/time.js";
import { Heap } from "../runtime/turn/heap.js";

export interface QueueMessage<Body> {
  readonly id: string;
  readonly body: Body;
  visibleAt: EpochMs;
  receives: number;
}

interface Held<Body> extends QueueMessage<Body> {
  /** Of two that become visible at one instant, the one that was sent first comes first. */
  readonly sent: number;
}

/** A message as it was when it was hidden until `at`. */
interface Hidden<Body> {
  readonly at: EpochMs;
  readonly message: Held<Body>;
}

export class TestQueue<Body> {
  readonly dead: QueueMessage<Body>[] = [];
  /** Everything that is in the queue. */
  readonly #messages = new Map<QueueMessage<Body>, Held<Body>>();
  /** What could not be received when it was last looked at: thousands of timers cost nothing until they are due. */
  #hidden = new Heap<Hidden<Body>>();
  #visible: Held<Body>[] = [];
  #sent = 0;

  constructor(
    readonly name: string,
    private readonly options: { readonly visibilityMs: number; readonly maxReceives: number },
  ) {}

  send(body: Body, visibleAt: EpochMs): QueueMessage<Body> {
    this.#sent += 1;
    const message: Held<Body> = {
      id: `${this.name}-${this.#sent}`,
      // As text, like every queue's: nobody shares an object with the sender.
      body: JSON.parse(JSON.stringify(body)),
      visibleAt,
      receives: 0,
      sent: this.#sent,
    };
    this.#messages.set(message, message);
    this.#hidden.push({ at: visibleAt, message });
    return message;
  }

  holds(message: QueueMessage<Body>): boolean {
    return this.#messages.has(message);
  }

  /** What could be received at `now`, in the order of its time. Messages that were received too often go to the dead-letter list. */
  visible(now: EpochMs): readonly QueueMessage<Body>[] {
    for (let next = this.#nextHidden(); next !== undefined && next <= now; next = this.#nextHidden()) {
      const message = this.#hidden.pop()?.message;
      if (message === undefined) break;
      if (message.receives < this.options.maxReceives) this.#show(message);
      else {
        this.#messages.delete(message);
        this.dead.push(message);
      }
    }
    return this.#visible;
  }

  receive(message: QueueMessage<Body>, now: EpochMs): void {
    const held = this.#messages.get(message);
    if (held === undefined) return;
    this.#visible = this.#visible.filter((other) => other !== held);
    held.receives += 1;
    held.visibleAt = now + this.options.visibilityMs;
    this.#hidden.push({ at: held.visibleAt, message: held });
  }

  /** Another copy of it, with the same id, that can be received now. */
  repeat(message: QueueMessage<Body>, now: EpochMs): void {
    this.#sent += 1;
    const copy = { ...message, visibleAt: now, sent: this.#sent };
    this.#messages.set(copy, copy);
    this.#hidden.push({ at: now, message: copy });
  }

  delete(message: QueueMessage<Body>): void {
    if (!this.#messages.delete(message)) return;
    if (this.#visible.length > 0) this.#visible = this.#visible.filter((other) => other !== message);
  }

  purge(): void {
    this.#messages.clear();
    this.#hidden = new Heap();
    this.#visible = [];
  }

  get size(): number {
    return this.#messages.size;
  }

  /** The earliest instant at which something of it can be received, or undefined. */
  next(): EpochMs | undefined {
    return this.#visible[0]?.visibleAt ?? this.#nextHidden();
  }

  /** Of those that are hidden still; what was deleted meanwhile is forgotten here. */
  #nextHidden(): EpochMs | undefined {
    for (;;) {
      const hidden = this.#hidden.peek();
      if (hidden === undefined) return undefined;
      if (this.#messages.has(hidden.message) && hidden.message.visibleAt === hidden.at) return hidden.at;
      this.#hidden.pop();
    }
  }

  #show(message: Held<Body>): void {
    const { visibleAt, sent } = message;
    const after = this.#visible.findLastIndex(
      (other) => other.visibleAt < visibleAt || (other.visibleAt === visibleAt && other.sent < sent),
    );
    this.#visible.splice(after + 1, 0, message);
  }
}
