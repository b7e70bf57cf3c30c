/** A queue on virtual time: delay, visibility, receive count, dead-letter list. At least once, like the real one. */
import type { EpochMs } from "../model/time.js";

export interface QueueMessage<Body> {
  readonly id: string;
  readonly body: Body;
  visibleAt: EpochMs;
  receives: number;
}

export class TestQueue<Body> {
  readonly dead: QueueMessage<Body>[] = [];
  #messages: QueueMessage<Body>[] = [];
  #sent = 0;

  constructor(
    private readonly name: string,
    private readonly options: { readonly visibilityMs: number; readonly maxReceives: number },
  ) {}

  send(body: Body, visibleAt: EpochMs): void {
    this.#sent += 1;
    this.#messages.push({
      id: `${this.name}-${this.#sent}`,
      body: structuredClone(body),
      visibleAt,
      receives: 0,
    });
  }

  /** What could be received at `now`, in the order of its time. Messages that were received too often go to the dead-letter list. */
  visible(now: EpochMs): QueueMessage<Body>[] {
    const poisoned = this.#messages.filter(
      (message) => message.visibleAt <= now && message.receives >= this.options.maxReceives,
    );
    this.dead.push(...poisoned);
    this.#messages = this.#messages.filter((message) => !poisoned.includes(message));
    return this.#messages
      .filter((message) => message.visibleAt <= now)
      .sort((a, b) => a.visibleAt - b.visibleAt);
  }

  receive(message: QueueMessage<Body>, now: EpochMs): void {
    message.receives += 1;
    message.visibleAt = now + this.options.visibilityMs;
  }

  delete(message: QueueMessage<Body>): void {
    this.#messages = this.#messages.filter((other) => other !== message);
  }

  purge(): void {
    this.#messages = [];
  }

  get size(): number {
    return this.#messages.length;
  }

  next(): EpochMs | undefined {
    return this.#messages.reduce<EpochMs | undefined>(
      (earliest, { visibleAt }) => (earliest === undefined || visibleAt < earliest ? visibleAt : earliest),
      undefined,
    );
  }
}
