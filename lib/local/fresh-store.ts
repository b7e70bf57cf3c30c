/** A store of one's own in DynamoDB Local: new tables, in a server that all of this process's stores share while there is one. */
import { randomBytes } from "node:crypto";
import { DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { clientSettings } from "../aws/connection.js";
import { createDynamoStore } from "../store/dynamodb/index.js";
import { createMemoryPayloads } from "../store/memory/index.js";
import type { Store } from "../store/ports.js";
import { type RunningDynamoDb, startDynamoDb } from "./dynamodb.js";
import { createEngineTables } from "./engine-tables.js";

/** The next test of a file usually comes within it; a new server needs a second or more. */
const IDLE_MS = 2_000;

let server: Promise<RunningDynamoDb> | undefined;
let users = 0;
let idle: NodeJS.Timeout | undefined;

/** What a DynamoDB client of the SDK is made with to see a store's tables, and others beside them. */
export interface DatabaseSettings {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface FreshStore {
  readonly store: Store;
  readonly database: DatabaseSettings;
  /** Deletes the tables; the server stops soon after its last store has been closed. */
  close(): Promise<void>;
}

/** @throws DynamoDbLocalMissingError, JavaMissingError */
export const openFreshStore = async (): Promise<FreshStore> => {
  const { endpoint } = await enter();
  const unique = randomBytes(9).toString("hex");
  const region = "us-east-1";
  // DynamoDB Local keeps one database per access key id, and takes letters and digits only.
  const credentials = { accessKeyId: `T${unique}`, secretAccessKey: "secret" };
  const client = new DynamoDBClient(
    clientSettings("dynamodb", { region, credentials, endpoints: { dynamodb: endpoint } }),
  );
  const executionsTable = `Executions-${unique}`;
  const directoryTable = `Directory-${unique}`;
  const release = (): void => {
    client.destroy();
    leave();
  };
  try {
    await createEngineTables(client, { executionsTable, directoryTable });
  } catch (error) {
    release();
    throw error;
  }
  let open = true;
  return {
    database: { endpoint, region, credentials },
    store: createDynamoStore(
      { documents: DynamoDBDocumentClient.from(client), executionsTable, directoryTable },
      createMemoryPayloads(),
    ),
    async close() {
      if (!open) return;
      open = false;
      try {
        await Promise.all(
          [executionsTable, directoryTable].map((TableName) =>
            client.send(new DeleteTableCommand({ TableName })),
          ),
        );
      } finally {
        release();
      }
    },
  };
};

const enter = async (): Promise<RunningDynamoDb> => {
  clearTimeout(idle);
  users += 1;
  server ??= startDynamoDb({ inMemory: true });
  try {
    return await server;
  } catch (error) {
    users -= 1;
    server = undefined;
    throw error;
  }
};

const leave = (): void => {
  users -= 1;
  if (users > 0) return;
  idle = setTimeout(() => {
    const stopping = server;
    server = undefined;
    stopping?.then((running) => running.stop()).catch(() => {});
  }, IDLE_MS);
};
