import { DeleteCommand } from "@aws-sdk/lib-dynamodb";
import type { WaitKey } from "../../model/head.js";
import { waitKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

/** Unconditional: deleting what is gone already changes nothing. */
export async function deleteWait({ documents, directoryTable }: DynamoTables, wait: WaitKey): Promise<void> {
  await documents.send(new DeleteCommand({ TableName: directoryTable, Key: waitKey(wait) }));
}
