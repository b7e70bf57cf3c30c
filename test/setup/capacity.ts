/**
 * What operations cost: asks DynamoDB for the consumed capacity of every call and adds it up, so that a ledger can be a test.
 *
 * DynamoDB Local reports index units per index; of a transaction it counts one item of each table, at two units per KB, where
 * AWS bills them all; a refused conditional write reports none, although AWS bills it by the item's size. Refused writes are therefore
 * computed: one unit for each KB that the item begins which stands there, or the one to be put, if that is larger; twice that for each
 * item of a cancelled transaction. An item that the refusal does not show counts as one of up to 1 KB.
 */
import {
  ConditionalCheckFailedException,
  type ConsumedCapacity,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { refusedUnits } from "../../lib/store/dynamodb/in-memory/units.js";
import { plainItem } from "../../lib/store/dynamodb/item.js";

export interface Spent {
  /** Write units of the tables themselves. */
  readonly writes: number;
  /** Write units of indexes. */
  readonly indexWrites: number;
  /** Read units of tables and indexes. */
  readonly reads: number;
  readonly roundTrips: number;
  /** Write units of refused writes, computed. */
  readonly refused: number;
}

export interface CapacityMeter {
  /** What the work spent, everything that the client does meanwhile included. */
  measure(work: () => Promise<unknown>): Promise<Spent>;
}

const NOTHING: Spent = { writes: 0, indexWrites: 0, reads: 0, roundTrips: 0, refused: 0 };

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
      const metered = { ...args, input: { ...args.input, ReturnConsumedCapacity: "INDEXES" } };
      const answer = await next(metered).catch((error: unknown) => {
        spent = plus(spent, { ...NOTHING, roundTrips: 1, refused: unitsOfRefusal(error, args.input) });
        throw error;
      });
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
        refused: spent.refused - before.refused,
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
    refused: one.refused + other.refused,
  };
}

/** What AWS bills for a call whose conditions refused it. */
function unitsOfRefusal(error: unknown, input: object): number {
  if (error instanceof ConditionalCheckFailedException) return unitsOf(input, error.Item);
  if (!(error instanceof TransactionCanceledException) || !("TransactItems" in input)) return 0;
  const actions = Array.isArray(input.TransactItems) ? input.TransactItems : [];
  return actions.reduce<number>((sum, action: object, index) => {
    const [write = {}]: object[] = Object.values(action);
    return sum + 2 * unitsOf(write, error.CancellationReasons?.[index]?.Item);
  }, 0);
}

function unitsOf(write: object, found: ConditionalCheckFailedException["Item"]): number {
  const put = "Item" in write && typeof write.Item === "object" ? { ...write.Item } : undefined;
  return refusedUnits(found && plainItem(found), put);
}
