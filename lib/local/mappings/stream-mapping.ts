/**
 * A table's stream as a function's event source. Records of a shard are handed over in order, and the
 * checkpoint moves only behind what the function, or the on-failure destination, has taken.
 */

import type { Matcher } from "../../model/pattern/pattern.js";
import { arn, parseArn } from "../arn.js";
import type { Chaos } from "../chaos/chaos.js";
import type { Clock } from "../clock.js";
import type { FunctionError } from "../lambda/bootstrap.js";
import type { Pool } from "../lambda/pool.js";
import type { Notify } from "../notices.js";
import type { Queues } from "../sqs/queues.js";
import { failedItems } from "./batch-response.js";
import { afterBatch, type StreamRetrySettings, type Work } from "./stream-batch.js";
import { type Checkpoint, FINISHED, type ShardBatch, type StreamReader } from "./stream-reader.js";
import { type LambdaRecord, sequenceNumberOf } from "./stream-records.js";

export interface StreamMappingSettings extends StreamRetrySettings {
  readonly id: string;
  readonly table: string;
  readonly functionName: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly reportsItemFailures: boolean;
  readonly onFailureArn?: string;
  readonly startAt: "TRIM_HORIZON" | "LATEST";
  readonly filter: Matcher;
}

export interface StreamMappingDeps {
  readonly queues: Queues;
  readonly notify: Notify;
  readonly clock: Clock;
  readonly changed: () => void;
  readonly chaos: Chaos | undefined;
}

/** AWS looks four times a second; on a laptop a person waits, and a look costs 2 ms. */
const IDLE_PAUSE_MS = 50;
const SHARD_LOOK_EVERY_MS = 10_000;

export class StreamMapping {
  private stopped = false;
  private loop: Promise<void> = Promise.resolve();
  private checkpoint: Record<string, string>;
  private readonly reader: StreamReader;

  constructor(
    readonly settings: StreamMappingSettings,
    saved: Checkpoint,
    private readonly pool: Pool,
    private readonly deps: StreamMappingDeps,
    open: (checkpoint: () => Checkpoint) => StreamReader,
  ) {
    this.checkpoint = { ...saved };
    this.reader = open(() => this.checkpoint);
  }

  /** Resolves when the place to start from is fixed: whatever is written from then on will be seen. */
  prepare(): Promise<void> {
    return this.reader.findShards();
  }

  start(): void {
    this.loop = this.poll();
  }

  stop(): void {
    this.stopped = true;
  }

  settled(): Promise<void> {
    return this.loop;
  }

  save(): Checkpoint {
    return this.checkpoint;
  }

  private async poll(): Promise<void> {
    const { reader } = this;
    let lookedAt = Date.now();
    while (!this.stopped) {
      try {
        const batches = await this.gather(reader);
        for (const batch of batches) await this.takeShardBatch(batch);
        if (batches.some((batch) => batch.last) || Date.now() - lookedAt > SHARD_LOOK_EVERY_MS) {
          lookedAt = Date.now();
          await reader.findShards();
        }
        if (batches.length === 0) await pause(IDLE_PAUSE_MS);
      } catch (error) {
        if (this.stopped) return;
        this.deps.notify(
          "error",
          `Reading the stream of ${this.settings.table} failed, and is tried again: ${String(error)}`,
        );
        await pause(1_000);
      }
    }
  }

  /** Reads once, and goes on for the length of the window once there is something. */
  private async gather(reader: StreamReader): Promise<readonly ShardBatch[]> {
    const gathered = new Map<string, ShardBatch>();
    let deadline: number | undefined;
    do {
      for (const batch of await reader.read()) {
        const before = gathered.get(batch.shardId)?.records ?? [];
        gathered.set(batch.shardId, { ...batch, records: [...before, ...batch.records] });
      }
      deadline ??= Date.now() + (this.settings.windowSeconds * 1000) / this.deps.clock.scale;
      const count = [...gathered.values()].reduce((sum, batch) => sum + batch.records.length, 0);
      if (count === 0 || count >= this.settings.batchSize || Date.now() >= deadline) break;
      await pause(IDLE_PAUSE_MS);
    } while (!this.stopped);
    return [...gathered.values()];
  }

  private async takeShardBatch({ shardId, records, last }: ShardBatch): Promise<void> {
    const wanted = records.filter((record) => this.settings.filter(record));
    for (let at = 0; at < wanted.length && !this.stopped; at += this.settings.batchSize) {
      await this.work(shardId, { records: wanted.slice(at, at + this.settings.batchSize), attempt: 1 });
    }
    const end = records.at(-1);
    if (this.stopped && wanted.length > 0) return;
    if (end !== undefined) this.checkpoint[shardId] = sequenceNumberOf(end);
    if (last) this.checkpoint[shardId] = FINISHED;
    this.deps.changed();
  }

  /** One batch to its end: nothing behind it in the shard is handed over before. */
  private async work(shardId: string, first: Work<LambdaRecord>): Promise<void> {
    const todo: Work<LambdaRecord>[] = [first];
    for (let work = todo.shift(); work !== undefined && !this.stopped; work = todo.shift()) {
      const outcome = await this.pool.invoke(JSON.stringify({ Records: work.records }));
      if (this.stopped && !outcome.ok) return;
      const failedFrom = outcome.ok ? this.firstFailed(work.records, outcome.payload) : 0;
      const verdict = afterBatch(work, failedFrom, this.settings);
      if (verdict.action === "done" && this.comesAgain()) {
        todo.unshift(work);
        continue;
      }
      const behind = verdict.action === "done" ? work.records.at(-1) : work.records[(failedFrom ?? 0) - 1];
      if (behind !== undefined) this.checkpoint[shardId] = sequenceNumberOf(behind);
      this.deps.changed();
      if (verdict.action === "done") continue;
      const error = outcome.ok ? undefined : outcome.error;
      this.deps.notify("warning", this.describeFailure(work, error));
      if (verdict.action === "give-up") this.giveUp(shardId, verdict.records, work.attempt, error);
      else {
        await pause(verdict.pauseMs);
        todo.unshift(...verdict.work);
      }
    }
  }

  /** As if the place in the shard could not be saved. */
  private comesAgain(): boolean {
    const place = `checkpoint ${this.settings.table}`;
    return this.deps.chaos?.happens("mappings", place, ["twice"]) !== undefined;
  }

  private firstFailed(records: readonly LambdaRecord[], payload: string): number | undefined {
    if (!this.settings.reportsItemFailures) return undefined;
    const ids = records.map(sequenceNumberOf);
    const failed = failedItems(payload, ids);
    const first = ids.findIndex((id) => failed.includes(id));
    return first < 0 ? undefined : first;
  }

  private describeFailure(work: Work<LambdaRecord>, error: FunctionError | undefined): string {
    const why =
      error === undefined ? "it reported failed items" : `${error.errorType}: ${error.errorMessage}`;
    return `${this.pool.spec.logicalId} failed on ${work.records.length} record(s) of ${this.settings.table}, attempt ${work.attempt}: ${why}`;
  }

  private giveUp(
    shardId: string,
    records: readonly LambdaRecord[],
    attempts: number,
    error: FunctionError | undefined,
  ): void {
    const target = parseArn(this.settings.onFailureArn ?? "");
    const queue = target.kind === "queue" ? this.deps.queues.find(target.name) : undefined;
    if (queue === undefined) {
      this.deps.notify(
        "error",
        `${records.length} record(s) of ${this.settings.table} were dropped: there is no on-failure queue.`,
      );
      return;
    }
    const timestamp = new Date(this.deps.clock.now()).toISOString();
    this.deps.queues.send(
      queue,
      JSON.stringify({
        requestContext: {
          functionArn: arn.lambda(this.settings.functionName),
          condition: "RetryAttemptsExhausted",
          approximateInvokeCount: attempts,
        },
        responseContext: {
          statusCode: 200,
          executedVersion: "$LATEST",
          functionError: error?.errorType ?? null,
        },
        version: "1.0",
        timestamp,
        DDBStreamBatchInfo: {
          shardId,
          startSequenceNumber: sequenceNumberOf(records[0] ?? { eventID: "", dynamodb: {} }),
          endSequenceNumber: sequenceNumberOf(records.at(-1) ?? { eventID: "", dynamodb: {} }),
          approximateArrivalOfFirstRecord: timestamp,
          approximateArrivalOfLastRecord: timestamp,
          batchSize: records.length,
          streamArn: arn.stream(this.settings.table),
        },
      }),
    );
  }
}

const pause = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms));
