/** A DynamoDB of one's own: DynamoDB Local keeps a separate database for each access key id. */
import { randomBytes } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

export interface FreshDynamo {
  readonly client: DynamoDBClient;
  readonly documents: DynamoDBDocumentClient;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly endpoint: string;
  readonly region: string;
}

/** DynamoDB Local refuses an access key id with anything but letters and digits. */
const randomAccessKeyId = (): string => `T${randomBytes(12).toString("hex")}`;

/** An empty database and the clients that see it; nothing has to be cleaned up. */
export const freshDynamoAt = (endpoint: string): FreshDynamo => {
  const region = "us-east-1";
  const credentials = { accessKeyId: randomAccessKeyId(), secretAccessKey: "secret" };
  const client = new DynamoDBClient({ endpoint, region, credentials });
  return { client, documents: DynamoDBDocumentClient.from(client), credentials, endpoint, region };
};
