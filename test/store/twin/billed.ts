/**
 * What AWS would bill for the calls that a client makes of DynamoDB Local: what it reports, and what it is known to leave out, by the same
 * pages of AWS's guide as `units.ts`.
 *
 * | Left out | Put in here |
 * |---|---|
 * | a write that its condition refuses is reported as nothing | by the size of the item that the refusal shows, or of the one to be put; each write is made to show it |
 * | a query that reads nothing is reported as nothing | the least that there is: half a unit, or one where it is consistent |
 * | an item that a batch asks for and that is not there is reported as nothing | the same |
 *
 * A transaction is reported for one item of each table. The store writes one, so that only what others write beside it would be missing:
 * tables of a user's own are left out here.
 */
import {
  ConditionalCheckFailedException,
  type ConsumedCapacity,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import {
  NO_UNITS,
  plus,
  readUnits,
  refusedUnits,
  TRANSACTION,
  type Units,
} from "../../../lib/store/dynamodb/in-memory/units.js";
import { type Item, plainItem } from "../../../lib/store/dynamodb/item.js";
import { DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../../setup/tables.js";

type Input = Readonly<Record<string, unknown>>;

/** Puts a meter on the client: all that was spent so far. */
export function billed(documents: DynamoDBDocumentClient): () => Units {
  let spent = NO_UNITS;
  const spend = (units: Partial<Units>): void => {
    spent = plus(spent, { ...NO_UNITS, ...units });
  };
  documents.middlewareStack.add(
    (next, context) => async (args) => {
      const input: Input = { ...args.input };
      spend({ roundTrips: 1 });
      const answer = await next({ ...args, input: asked(input) }).catch((error: unknown) => {
        spend({ refused: refusal(error, input) });
        throw error;
      });
      const output: Input = { ...answer.output };
      const isRead = /Get|Query/.test(String(context.commandName));
      for (const one of capacitiesOf(output))
        if (ENGINE.includes(one.TableName ?? "")) spend(isRead ? read(one, input) : written(one));
      if ("RequestItems" in input) spend({ reads: missing(input, output) });
      return answer;
    },
    { step: "initialize", name: "billed", priority: "low" },
  );
  return () => spent;
}

const ENGINE = [EXECUTIONS_TABLE, DIRECTORY_TABLE];

/** The same call, which reports what it consumes, and whose refusal shows the item. */
function asked(input: Input): Input {
  const reported = { ...input, ReturnConsumedCapacity: "INDEXES" };
  return "ConditionExpression" in input
    ? { ...reported, ReturnValuesOnConditionCheckFailure: "ALL_OLD" }
    : withOwnShown(reported);
}

/** Of a transaction, the first action is the store's own. The others show what their users want to see. */
function withOwnShown(input: Input): Input {
  if (!Array.isArray(input.TransactItems)) return input;
  const [own, ...others] = input.TransactItems;
  return {
    ...input,
    TransactItems: [{ Put: { ...own.Put, ReturnValuesOnConditionCheckFailure: "ALL_OLD" } }, ...others],
  };
}

function read(consumed: ConsumedCapacity, input: Input): Partial<Units> {
  const reads = (consumed.Table?.CapacityUnits ?? 0) + indexUnitsOf(consumed);
  const isQuery = "KeyConditionExpression" in input;
  return { reads: isQuery ? Math.max(reads, readUnits(0, input.ConsistentRead === true)) : reads };
}

function written(consumed: ConsumedCapacity): Partial<Units> {
  return { writes: consumed.Table?.CapacityUnits ?? 0, indexWrites: indexUnitsOf(consumed) };
}

function indexUnitsOf({ GlobalSecondaryIndexes = {} }: ConsumedCapacity): number {
  return Object.values(GlobalSecondaryIndexes).reduce((sum, one) => sum + (one.CapacityUnits ?? 0), 0);
}

/** Items that a batch asked for and did not get. Its reads are consistent. */
function missing({ RequestItems }: Input, { Responses }: Input): number {
  const count = (tables: unknown, of: (table: object) => number): number =>
    Object.values(Object(tables)).reduce<number>((sum, table) => sum + of(Object(table)), 0);
  const wanted = count(RequestItems, (table) =>
    "Keys" in table && Array.isArray(table.Keys) ? table.Keys.length : 0,
  );
  const found = count(Responses, (items) => (Array.isArray(items) ? items.length : 0));
  return (wanted - found) * readUnits(0, true);
}

function refusal(error: unknown, input: Input): number {
  if (error instanceof ConditionalCheckFailedException) return refusedUnits(itemOf(error), putOf(input));
  if (!(error instanceof TransactionCanceledException) || !Array.isArray(input.TransactItems)) return 0;
  const [own] = input.TransactItems;
  return TRANSACTION * refusedUnits(itemOf(error.CancellationReasons?.[0] ?? {}), putOf(own.Put));
}

function itemOf({ Item }: Pick<ConditionalCheckFailedException, "Item">): Item | undefined {
  return Item && plainItem(Item);
}

function putOf(write: Input): Item | undefined {
  return typeof write.Item === "object" && write.Item !== null ? { ...write.Item } : undefined;
}

/** Single calls answer with one capacity, batches and transactions with a list. */
function capacitiesOf({ ConsumedCapacity: found }: Input): ConsumedCapacity[] {
  if (Array.isArray(found)) return found;
  return typeof found === "object" && found !== null ? [found] : [];
}
