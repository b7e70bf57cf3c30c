/** The document client of tables in memory: what it is sent goes nowhere, and is copied in and out as a network does it. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  type PutCommandInput,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import type { TransactionAction } from "../../../model/transaction.js";
import type { Item } from "../item.js";
import type { Key } from "../keys.js";
import type { Meaning } from "./conditions.js";
import { copyOf } from "./copy.js";
import type { Query } from "./query-page.js";
import type { MemoryTables, Write } from "./tables.js";

export class MemoryDocuments extends DynamoDBDocumentClient {
  constructor(private readonly answer: (command: unknown) => Item) {
    // Never asked for anything: it is what the base class is made of.
    super(
      new DynamoDBClient({ region: "memory", credentials: { accessKeyId: "none", secretAccessKey: "none" } }),
    );
  }

  // biome-ignore lint/suspicious/noExplicitAny: an override of a method with one type for each command can't name their answers.
  override async send(command: unknown): Promise<any> {
    return copyOf(this.answer(command));
  }
}

export function answerOf(tables: MemoryTables, command: unknown): Item {
  if (command instanceof GetCommand) {
    const { TableName, Key, ConsistentRead } = command.input;
    const found = tables.get(given(TableName), keyOf(Key), ConsistentRead === true);
    return found === undefined ? {} : { Item: found };
  }
  if (command instanceof PutCommand) {
    tables.put(writeOf(command.input), copyOf(given(command.input.Item)));
    return {};
  }
  if (command instanceof UpdateCommand) {
    const { Key, UpdateExpression, ReturnValues } = command.input;
    const next = tables.update(writeOf(command.input), keyOf(Key), given(UpdateExpression));
    return ReturnValues === "ALL_NEW" ? { Attributes: next } : {};
  }
  if (command instanceof DeleteCommand) {
    tables.delete(writeOf(command.input), keyOf(command.input.Key));
    return {};
  }
  if (command instanceof QueryCommand) {
    const { items, last } = tables.query(queryOf(command.input));
    const page = { Count: items.length, ...(last === undefined ? {} : { LastEvaluatedKey: last }) };
    return command.input.Select === "COUNT" ? page : { ...page, Items: items };
  }
  if (command instanceof BatchGetCommand) {
    const responses = Object.entries(given(command.input.RequestItems)).map(
      ([table, { Keys, ConsistentRead }]) => [
        table,
        tables.batchGet(table, given(Keys).map(keyOf), ConsistentRead === true),
      ],
    );
    return { Responses: Object.fromEntries(responses) };
  }
  if (command instanceof TransactWriteCommand) {
    const [own, ...others] = given(command.input.TransactItems);
    const put = given(own?.Put);
    tables.transact(writeOf(put), copyOf(given(put.Item)), others.filter(isAction));
    return {};
  }
  throw new Error(`The tables in memory do not know ${command?.constructor.name}. Teach it to them.`);
}

type WriteInput = Pick<
  PutCommandInput,
  | "TableName"
  | "ConditionExpression"
  | "ExpressionAttributeNames"
  | "ExpressionAttributeValues"
  | "ReturnValuesOnConditionCheckFailure"
>;

function writeOf(input: WriteInput): Write {
  return {
    table: given(input.TableName),
    condition: input.ConditionExpression,
    meaning: meaningOf(input),
    shown: input.ReturnValuesOnConditionCheckFailure === "ALL_OLD",
  };
}

function queryOf(input: QueryCommandInput): Query {
  return {
    table: given(input.TableName),
    index: input.IndexName,
    keyCondition: given(input.KeyConditionExpression),
    filter: input.FilterExpression,
    meaning: meaningOf(input),
    newestFirst: input.ScanIndexForward === false,
    consistent: input.ConsistentRead === true,
    limit: input.Limit,
    after: input.ExclusiveStartKey,
  };
}

function meaningOf({
  ExpressionAttributeNames: names = {},
  ExpressionAttributeValues: values = {},
}: Pick<WriteInput, "ExpressionAttributeNames" | "ExpressionAttributeValues">): Meaning {
  return { names, values: copyOf(values) };
}

function keyOf(key: Item | undefined): Key {
  const { pk, sk } = given(key);
  return { pk: String(pk), sk: String(sk) };
}

function isAction(item: object): item is TransactionAction {
  return ["Put", "Update", "Delete", "ConditionCheck"].some((kind) => kind in item);
}

/** What the SDK's types allow to be absent, and this store always gives. */
function given<T>(value: T | undefined): T {
  if (value !== undefined) return value;
  throw new Error("A call of the store lacks what the tables in memory need of it.");
}
