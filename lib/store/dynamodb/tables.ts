/** What every operation needs to reach its table. */
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

export interface DynamoTables {
  readonly documents: DynamoDBDocumentClient;
  /** Heads, commits, messages and payloads. */
  readonly executionsTable: string;
  /** Waits, recent events and cursors. */
  readonly directoryTable: string;
}
