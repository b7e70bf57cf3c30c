/**
 * Reads one table's stream from where it was left: shards in their order, a parent before its children.
 * Knows nothing of functions; a shard's place is a sequence number, kept by the caller.
 */
import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ResourceNotFoundException,
  type Shard,
  TrimmedDataAccessException,
} from "@aws-sdk/client-dynamodb-streams";
import { type LambdaRecord, toLambdaRecord } from "./stream-records.js";

/** Sequence numbers of the last record that was dealt with, by shard; `FINISHED` for a shard that was read to its end. */
export type Checkpoint = Readonly<Record<string, string>>;
export const FINISHED = "FINISHED";

export interface StreamPosition {
  readonly table: string;
  readonly streamArn: string;
  readonly startAt: "TRIM_HORIZON" | "LATEST";
}

interface OpenShard {
  readonly id: string;
  iterator: string | undefined;
}

export interface ShardBatch {
  readonly shardId: string;
  readonly records: readonly LambdaRecord[];
  /** The shard is closed and these are its last records. */
  readonly last: boolean;
}

const RECORDS_MAX = 1_000;

export class StreamReader {
  private readonly open = new Map<string, OpenShard>();
  private firstLook = true;

  constructor(
    private readonly client: DynamoDBStreamsClient,
    private readonly position: StreamPosition,
    private readonly checkpoint: () => Checkpoint,
  ) {}

  /** Finds the shards that may be read now. The first look decides where LATEST is. */
  async findShards(): Promise<void> {
    const shards = await this.describe();
    const known = new Set(shards.map((shard) => shard.ShardId));
    for (const { ShardId: id, ParentShardId: parent } of shards) {
      if (id === undefined || this.open.has(id) || this.checkpoint()[id] === FINISHED) continue;
      const parentIsOver =
        parent === undefined || !known.has(parent) || this.checkpoint()[parent] === FINISHED;
      if (parentIsOver) this.open.set(id, { id, iterator: await this.iteratorFor(id) });
    }
    this.firstLook = false;
  }

  /** The next records of each open shard; empty lists are left out. */
  async read(): Promise<readonly ShardBatch[]> {
    const batches: ShardBatch[] = [];
    for (const shard of this.open.values()) {
      const batch = await this.readShard(shard);
      if (batch !== undefined) batches.push(batch);
    }
    return batches;
  }

  /** Forgets how far it read: the next look for shards begins at their checkpoints. */
  rewind(): void {
    this.open.clear();
  }

  private async readShard(shard: OpenShard): Promise<ShardBatch | undefined> {
    try {
      const answer = await this.client.send(
        new GetRecordsCommand({ ShardIterator: shard.iterator, Limit: RECORDS_MAX }),
      );
      shard.iterator = answer.NextShardIterator;
      const last = shard.iterator === undefined;
      if (last) this.open.delete(shard.id);
      const records = (answer.Records ?? []).map((record) => toLambdaRecord(record, this.position.table));
      return records.length > 0 || last ? { shardId: shard.id, records, last } : undefined;
    } catch (error) {
      if (!(error instanceof ExpiredIteratorException || error instanceof TrimmedDataAccessException))
        throw error;
      shard.iterator = await this.iteratorFor(shard.id);
      return undefined;
    }
  }

  private async iteratorFor(shardId: string): Promise<string | undefined> {
    const after = this.checkpoint()[shardId];
    const stream = { StreamArn: this.position.streamArn, ShardId: shardId };
    if (after !== undefined) {
      try {
        const request = {
          ...stream,
          ShardIteratorType: "AFTER_SEQUENCE_NUMBER",
          SequenceNumber: after,
        } as const;
        return (await this.client.send(new GetShardIteratorCommand(request))).ShardIterator;
      } catch (error) {
        // The record is older than the stream keeps: what is left begins at the horizon.
        if (!(error instanceof TrimmedDataAccessException || error instanceof ResourceNotFoundException))
          throw error;
      }
    }
    // A shard that appears later is the continuation of one that was read: all of it is wanted.
    const type = this.firstLook && after === undefined ? this.position.startAt : "TRIM_HORIZON";
    return (await this.client.send(new GetShardIteratorCommand({ ...stream, ShardIteratorType: type })))
      .ShardIterator;
  }

  private async describe(): Promise<Shard[]> {
    const shards: Shard[] = [];
    let start: string | undefined;
    do {
      const { StreamDescription: stream } = await this.client.send(
        new DescribeStreamCommand({
          StreamArn: this.position.streamArn,
          ...(start === undefined ? {} : { ExclusiveStartShardId: start }),
        }),
      );
      shards.push(...(stream?.Shards ?? []));
      start = stream?.LastEvaluatedShardId;
    } while (start !== undefined);
    return shards;
  }
}
