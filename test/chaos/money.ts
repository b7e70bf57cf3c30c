/** Reads the table that transactions wrote to. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, paginateScan } from "@aws-sdk/lib-dynamodb";
import { type Connection, clientSettings } from "../../lib/aws/connection.js";
import type { Evidence } from "./account/evidence.js";

export async function readMoney(
  connection: Connection,
  table: string,
): Promise<Pick<Evidence, "balances" | "receipts">> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(clientSettings("dynamodb", connection)));
  const balances = new Map<string, number>();
  const receipts = new Map<string, string>();
  for await (const { Items = [] } of paginateScan({ client }, { TableName: table, ConsistentRead: true })) {
    for (const { id, balance, nonce } of Items) {
      if (balance === undefined) receipts.set(String(id), String(nonce));
      else balances.set(String(id), Number(balance));
    }
  }
  client.destroy();
  return { balances, receipts };
}
