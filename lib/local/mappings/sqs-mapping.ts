/**
 * A queue as a function's event source. Success deletes; whatever else happens (an error, a timeout, a
 * killed process, a reported failure) leaves the message alone, and its visibility timeout brings it back.
 */

import type { Matcher } from "../../model/pattern/pattern.js";
import { arn, REGION } from "../arn.js";
import type { Chaos } from "../chaos/chaos.js";
import type { Clock } from "../clock.js";
import { type Json, type JsonObject, tryParseJson } from "../json.js";
import { isNotBegun } from "../lambda/not-begun.js";
import type { Pool } from "../lambda/pool.js";
import type { Notify } from "../notices.js";
import { md5, md5OfAttributes } from "../sqs/md5.js";
import type { Queue, Received } from "../sqs/queue.js";
import type { Queues } from "../sqs/queues.js";
import { failedItems } from "./batch-response.js";

export interface SqsMappingSettings {
  readonly queue: string;
  readonly functionName: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly concurrencyMax: number;
  readonly reportsItemFailures: boolean;
  readonly filter: Matcher;
}

export interface SqsMappingDeps {
  readonly clock: Clock;
  readonly queues: Queues;
  readonly notify: Notify;
  readonly chaos: Chaos | undefined;
}

/** Long enough to cost nothing while idle; a message or a stop ends it at once. */
const POLL_MS = 20_000;

/** A beat may be late by two thirds of the visibility timeout before its message shows. */
const BEATS_PER_VISIBILITY = 3;

export class SqsMapping {
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<void>>();
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly settings: SqsMappingSettings,
    private readonly queue: Queue,
    private readonly pool: Pool,
    private readonly deps: SqsMappingDeps,
  ) {}

  start(): void {
    this.loop = this.poll().catch((error) =>
      this.deps.notify("error", `The mapping from ${this.settings.queue} stopped: ${String(error)}`),
    );
  }

  /** Takes no more messages; what runs is the function's to end. */
  stop(): void {
    this.stopping.abort();
  }

  async settled(): Promise<void> {
    await this.loop;
    await Promise.all(this.running);
  }

  private async poll(): Promise<void> {
    const limit = Math.min(this.settings.concurrencyMax, this.pool.limit);
    while (!this.stopping.signal.aborted) {
      // A message is received only when a process is free: its visibility runs from then on.
      if (this.running.size >= limit) {
        await Promise.race(this.running);
        continue;
      }
      const batch = await this.gather();
      if (batch.length === 0) continue;
      const run = this.process(batch).finally(() => this.running.delete(run));
      this.running.add(run);
    }
  }

  private async gather(): Promise<readonly Received[]> {
    const { batchSize, windowSeconds } = this.settings;
    const batch = [...(await this.receive(batchSize, POLL_MS))];
    const deadline = Date.now() + (windowSeconds * 1000) / this.deps.clock.scale;
    while (batch.length > 0 && batch.length < batchSize && Date.now() < deadline) {
      batch.push(...(await this.receive(batchSize - batch.length, deadline - Date.now())));
      if (this.stopping.signal.aborted) break;
    }
    return batch.filter((one) => this.passes(one));
  }

  private receive(max: number, waitMs: number): Promise<readonly Received[]> {
    return this.deps.queues.receive(this.queue, { max, waitMs, signal: this.stopping.signal });
  }

  /** What the filter does not want is deleted, as AWS does. */
  private passes(received: Received): boolean {
    const { body } = received.message;
    if (this.settings.filter({ body: tryParseJson(body) ?? body })) return true;
    this.deps.queues.delete(this.queue, received.receipt);
    return false;
  }

  private async process(batch: readonly Received[]): Promise<void> {
    const event = { Records: batch.map((received) => recordOf(received, this.queue.name)) };
    const release = this.keepHidden(batch);
    const outcome = await this.pool.invoke(JSON.stringify(event)).finally(release);
    if (isNotBegun(outcome)) return this.putBack(batch);
    const ids = batch.map(({ message }) => message.id);
    const failed = !outcome.ok
      ? ids
      : this.settings.reportsItemFailures
        ? failedItems(outcome.payload, ids)
        : [];
    // While stopping, it is we who end invocations; that is no news.
    if (!outcome.ok && !this.stopping.signal.aborted)
      this.deps.notify(
        "warning",
        `${this.pool.spec.logicalId} failed on ${batch.length} message(s) of ${this.queue.name}: ${outcome.error.errorType}: ${outcome.error.errorMessage}`,
      );
    // Nothing of it is deleted, so it comes again when its visibility ends.
    if (
      outcome.ok &&
      this.deps.chaos?.happens("mappings", `delete ${this.queue.name}`, ["twice"]) !== undefined
    )
      return;
    for (const { message, receipt } of batch) {
      if (!failed.includes(message.id)) this.deps.queues.delete(this.queue, receipt);
    }
  }

  /** Nobody looked at it: it is there at once for whoever comes next. */
  private putBack(batch: readonly Received[]): void {
    for (const { receipt } of batch) this.deps.queues.changeVisibility(this.queue, receipt, 0);
  }

  /**
   * Visibility is scaled and Lambda's timeouts are real, so on a fast clock a message would come back while its function still runs, and
   * be taken for a crashed one's. While the invocation lasts its messages stay hidden; however it ends, their visibility runs from then on.
   */
  private keepHidden(batch: readonly Received[]): () => void {
    const { clock } = this.deps;
    const seconds = this.queue.settings.visibilityTimeoutSeconds;
    if (clock.scale <= 1 || seconds === 0) return () => {};
    const beat = setInterval(
      () => {
        for (const { receipt } of batch) this.queue.changeVisibility(receipt, seconds, clock.now());
      },
      (seconds * 1000) / clock.scale / BEATS_PER_VISIBILITY,
    );
    return () => clearInterval(beat);
  }
}

const recordOf = ({ message, receipt }: Received, queue: string): JsonObject => {
  const digest = md5OfAttributes(message.attributes);
  return {
    messageId: message.id,
    receiptHandle: receipt,
    body: message.body,
    attributes: {
      ApproximateReceiveCount: String(message.receiveCount),
      SentTimestamp: String(message.sentAtMs),
      SenderId: "local",
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs ?? message.sentAtMs),
      ...(message.deadLetterOf === undefined
        ? {}
        : { DeadLetterQueueSourceArn: arn.queue(message.deadLetterOf) }),
    },
    messageAttributes: camelCased(message.attributes),
    md5OfBody: md5(message.body),
    ...(digest === undefined ? {} : { md5OfMessageAttributes: digest }),
    eventSource: "aws:sqs",
    eventSourceARN: arn.queue(queue),
    awsRegion: REGION,
  };
};

/** On the wire an attribute has `StringValue`, in an event `stringValue`. */
const camelCased = (attributes: JsonObject): Json =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [
      name,
      Object.fromEntries(
        Object.entries(attribute ?? {}).map(([key, value]) => [
          key.charAt(0).toLowerCase() + key.slice(1),
          value,
        ]),
      ),
    ]),
  );
