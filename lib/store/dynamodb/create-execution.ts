import { PutCommand, type PutCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Head } from "../../model/head.js";
import { newHead } from "../new-head.js";
import type { ExecutionStore, NewExecution } from "../ports.js";
import { answerOf } from "./conditional.js";
import { newHeadItem, readHeadItem } from "./head-item.js";
import type { DynamoTables } from "./tables.js";

/** No execution has this id. */
const ID_IS_FREE = "attribute_not_exists(pk)";

export function createExecutionParams(executionsTable: string, head: Head): PutCommandInput {
  return {
    TableName: executionsTable,
    Item: newHeadItem(head),
    ConditionExpression: ID_IS_FREE,
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

export async function createExecution(
  { documents, executionsTable }: DynamoTables,
  execution: NewExecution,
): ReturnType<ExecutionStore["createExecution"]> {
  const head = newHead(execution);
  const answer = await answerOf(documents.send(new PutCommand(createExecutionParams(executionsTable, head))));
  if (!answer.refused || answer.found === undefined) return { created: true, head };
  const found = readHeadItem(answer.found);
  return { created: found.createToken === execution.createToken, head: found };
}
