/** All event source mappings of a cloud: started together, stopped together, their checkpoints saved. */
import type { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import type { Chaos } from "../chaos/chaos.js";
import type { Clock } from "../clock.js";
import type { Functions } from "../lambda/functions.js";
import type { Notify } from "../notices.js";
import type { Queues } from "../sqs/queues.js";
import type { MappingSpec } from "../template/read/mappings.js";
import { SqsMapping } from "./sqs-mapping.js";
import { StreamMapping, type StreamMappingSettings } from "./stream-mapping.js";
import { type Checkpoint, StreamReader } from "./stream-reader.js";

export interface MappingsDeps {
  readonly clock: Clock;
  readonly queues: Queues;
  readonly functions: Functions;
  readonly notify: Notify;
  readonly changed: () => void;
  readonly chaos: Chaos | undefined;
}

export type Checkpoints = Readonly<Record<string, Checkpoint>>;

export class Mappings {
  private readonly queueMappings: SqsMapping[] = [];
  private readonly streamMappings: StreamMapping[] = [];

  constructor(
    private readonly specs: readonly MappingSpec[],
    private readonly deps: MappingsDeps,
  ) {}

  /** Makes ready what {@link start} begins. All that can fail is done here; the place to read each stream from is fixed. */
  async prepare(
    client: DynamoDBStreamsClient,
    streamArns: ReadonlyMap<string, string>,
    saved: Checkpoints,
  ): Promise<void> {
    for (const spec of this.specs) {
      if (spec.kind === "stream") await this.prepareStream(spec, client, streamArns, saved[spec.id]);
      else this.prepareQueue(spec);
    }
  }

  start(): void {
    for (const mapping of [...this.queueMappings, ...this.streamMappings]) mapping.start();
  }

  stop(): void {
    for (const mapping of [...this.queueMappings, ...this.streamMappings]) mapping.stop();
  }

  async settled(): Promise<void> {
    await Promise.all([...this.queueMappings, ...this.streamMappings].map((mapping) => mapping.settled()));
  }

  save(): Checkpoints {
    return Object.fromEntries(this.streamMappings.map((mapping) => [mapping.settings.id, mapping.save()]));
  }

  private prepareQueue(spec: Extract<MappingSpec, { kind: "queue" }>): void {
    const queue = this.deps.queues.find(spec.queue);
    const pool = this.deps.functions.find(spec.functionName);
    if (queue === undefined || pool === undefined) return this.skip(spec.queue, spec.functionName);
    this.queueMappings.push(new SqsMapping(spec, queue, pool, this.deps));
  }

  private async prepareStream(
    spec: StreamMappingSettings,
    client: DynamoDBStreamsClient,
    streamArns: ReadonlyMap<string, string>,
    checkpoint: Checkpoint | undefined,
  ): Promise<void> {
    const streamArn = streamArns.get(spec.table);
    const pool = this.deps.functions.find(spec.functionName);
    if (streamArn === undefined || pool === undefined) return this.skip(spec.table, spec.functionName);
    // A mapping that was there before goes on from where it was: LATEST is for its first start only.
    const startAt = checkpoint === undefined ? spec.startAt : "TRIM_HORIZON";
    const mapping = new StreamMapping(
      spec,
      checkpoint ?? {},
      pool,
      this.deps,
      (current) => new StreamReader(client, { table: spec.table, streamArn, startAt }, current),
    );
    await mapping.prepare();
    this.streamMappings.push(mapping);
  }

  private skip(source: string, functionName: string): void {
    this.deps.notify(
      "warning",
      `The mapping from ${source} to ${functionName} was not started: one of the two does not exist here.`,
    );
  }
}
