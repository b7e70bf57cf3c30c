/**
 * What operations cost: asks DynamoDB for the consumed capacity of every call and adds it up, so that a ledger can be a test.
 *
 * DynamoDB Local reports index units per index; of a transaction it counts one item of each table, at two units per KB, where
 * AWS bills them all; a refused conditional write reports none, although AWS bills it by the item's size.
 */
import type { ConsumedCapacity } from "@aws-sdk/client-dynamodb";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

export interface Spent {
  /** Write units of the tables themselves. */
  readonly writes: number;
  /** Write units of indexes. */
  readonly indexWrites: number;
  /** Read units of tables and indexes. */
  readonly reads: number;
  readonly roundTrips: number;
}

export interface CapacityMeter {
  /** What the work spent, everything that the client does meanwhile included. */
  measure(work: () => Promise<unknown>): Promise<Spent>;
}

const NOTHING: Spent = { writes: 0, indexWrites: 0, reads: 0, roundTrips: 0 };

const READS = [
  "GetItemCommand",
  "QueryCommand",
  "ScanCommand",
  "BatchGetItemCommand",
  "GetCommand",
  "BatchGetCommand",
];

/** Puts a meter on the client. Once for each client: a second one would count twice. */
export function meter(documents: DynamoDBDocumentClient): CapacityMeter {
  let spent = NOTHING;
  documents.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: "INDEXES" } });
      const isRead = READS.includes(String(context.commandName));
      const consumed = capacitiesOf(answer.output).reduce(
        (sum, one) => plus(sum, spentOf(one, isRead)),
        NOTHING,
      );
      spent = plus(spent, { ...consumed, roundTrips: 1 });
      return answer;
    },
    { step: "initialize", name: "capacityMeter", priority: "low" },
  );
  return {
    async measure(work) {
      const before = spent;
      await work();
      return {
        writes: spent.writes - before.writes,
        indexWrites: spent.indexWrites - before.indexWrites,
        reads: spent.reads - before.reads,
        roundTrips: spent.roundTrips - before.roundTrips,
      };
    },
  };
}

/** Single calls answer with one capacity, batches and transactions with a list. */
function capacitiesOf(output: unknown): ConsumedCapacity[] {
  if (typeof output !== "object" || output === null || !("ConsumedCapacity" in output)) return [];
  const found = output.ConsumedCapacity;
  return Array.isArray(found) ? found : found === undefined || found === null ? [] : [found];
}

function spentOf(consumed: ConsumedCapacity, isRead: boolean): Spent {
  const indexes = Object.values(consumed.GlobalSecondaryIndexes ?? {}).reduce(
    (sum, one) => sum + (one.CapacityUnits ?? 0),
    0,
  );
  const table = consumed.Table?.CapacityUnits ?? 0;
  return isRead
    ? { ...NOTHING, reads: table + indexes }
    : { ...NOTHING, writes: table, indexWrites: indexes };
}

function plus(one: Spent, other: Spent): Spent {
  return {
    writes: one.writes + other.writes,
    indexWrites: one.indexWrites + other.indexWrites,
    reads: one.reads + other.reads,
    roundTrips: one.roundTrips + other.roundTrips,
  };
}
