/**
 * All queues of the cloud: names, dead letters, waiting. The one thing here that knows a clock.
 * The wire (`api.ts`), the event targets and the event source mappings are its callers.
 */
import { randomUUID } from "node:crypto";
import type { Chaos } from "../chaos/chaos.js";
import type { Clock } from "../clock.js";
import type { JsonObject } from "../json.js";
import { type Message, Queue, type QueueSettings, type ReceiptVerdict, type Received } from "./queue.js";

export type SavedQueues = Readonly<Record<string, readonly Message[]>>;

/** How much later than it should a message shows at most. */
const LATE_MS_MAX = 30_000;

export class Queues {
  private readonly queues = new Map<string, Queue>();
  private readonly waiting = new Map<string, Set<() => void>>();
  private closed = false;

  constructor(
    private readonly clock: Clock,
    private readonly saved: SavedQueues,
    private readonly changed: () => void,
    private readonly chaos?: Chaos,
  ) {}

  create(name: string, settings: QueueSettings): void {
    this.queues.set(name, new Queue(name, settings, this.saved[name]));
  }

  find(name: string): Queue | undefined {
    return this.queues.get(name);
  }

  names(): string[] {
    return [...this.queues.keys()];
  }

  /** Puts a message into a queue and returns its id; the queue must exist. */
  send(queue: Queue, body: string, attributes: JsonObject = {}, delaySeconds?: number): string {
    const id = randomUUID();
    const message = { id, body, attributes, ...(delaySeconds === undefined ? {} : { delaySeconds }) };
    const strike = this.chaos?.happens("sqs", `send ${queue.name}`, ["late", "twice"]);
    const lateMs = (strike?.amount ?? 0) * LATE_MS_MAX;
    queue.send(strike?.fault === "late" ? { ...message, lateMs } : message, this.clock.now());
    if (strike?.fault === "twice") queue.send({ ...message, copy: 1, lateMs }, this.clock.now());
    this.touched(queue);
    return id;
  }

  /** Receives what is visible, or waits for it: up to `waitMs` of real time, or until `signal` says stop, or the queues are closed. */
  async receive(
    queue: Queue,
    options: { max: number; waitMs: number; visibilitySeconds?: number; signal: AbortSignal },
  ): Promise<readonly Received[]> {
    const deadline = Date.now() + options.waitMs;
    while (!options.signal.aborted && !this.closed) {
      const { received, dead } = queue.receive(this.clock.now(), options.max, options.visibilitySeconds);
      for (const message of dead) this.bury(queue, message);
      if (received.length > 0) {
        this.changed();
        return received;
      }
      const remaining = deadline - Date.now();
      if (remaining <= 0) break;
      await this.nextChange(queue, remaining, options.signal);
    }
    return [];
  }

  /** Nobody receives any more: what is left is for whoever is given what was saved. */
  close(): void {
    this.closed = true;
    for (const waiting of this.waiting.values()) for (const wake of waiting) wake();
  }

  delete(queue: Queue, receipt: string): ReceiptVerdict {
    const verdict = queue.delete(receipt);
    this.changed();
    return verdict;
  }

  changeVisibility(queue: Queue, receipt: string, seconds: number): ReceiptVerdict {
    const verdict = queue.changeVisibility(receipt, seconds, this.clock.now());
    this.touched(queue);
    return verdict;
  }

  purge(queue: Queue): void {
    queue.purge();
    this.changed();
  }

  counts(queue: Queue): ReturnType<Queue["counts"]> {
    return queue.counts(this.clock.now());
  }

  save(): SavedQueues {
    return Object.fromEntries([...this.queues].map(([name, queue]) => [name, queue.all()]));
  }

  private bury(from: Queue, message: Message): void {
    const target = this.queues.get(from.settings.redrive?.queue ?? "");
    // A redrive policy always names a queue that exists (see services.ts); if not, putting it back keeps the message.
    (target ?? from).add(message);
    this.touched(target ?? from);
  }

  private touched(queue: Queue): void {
    this.changed();
    for (const wake of this.waiting.get(queue.name) ?? []) wake();
  }

  private nextChange(queue: Queue, waitMs: number, signal: AbortSignal): Promise<void> {
    const waiting = this.waiting.get(queue.name) ?? new Set();
    this.waiting.set(queue.name, waiting);
    const nextVisible = queue.nextVisibleAtMs();
    const untilVisible =
      nextVisible === undefined ? waitMs : Math.max(1, this.clock.realMsUntil(nextVisible));
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(waitMs, untilVisible));
      waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}
