/**
 * What a block's code meets: a deployment of the page's app in this process, on virtual time; or, where the page asks for it, one in a local
 * cloud, with the clients that AWS's would be. Nothing of it is left when it is closed.
 */
import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { type DynamoDBDocumentClient, PutCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { type AwsClientStub, mockClient } from "aws-sdk-client-mock";
import { type App, DurableClient } from "holdfast";
import { type TestApp, testApp } from "holdfast/testing";
import { expect, vi } from "vitest";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads, createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { freshDynamo } from "../setup/client.js";
import { answersOfKms } from "../setup/kms.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { Clouds, type Running } from "./clouds.js";
import { type SeenSchedule, watchedSchedules } from "./schedules.js";

type Deployment = Pick<
  TestApp,
  "client" | "settle" | "advance" | "audit" | "runToEnd" | "published" | "errors"
>;
type Item = Readonly<Record<string, unknown>>;

export class Stage {
  readonly clouds: Clouds;
  /** What became of the client's schedules with each call of the block's. */
  readonly schedules: SeenSchedule[] = [];
  /** Where a deployment in this process keeps its executions. */
  store: Store = createMemoryStore({ transact: () => undefined });
  #deployment: Promise<Deployment> | undefined;
  #cloud: Running | undefined;
  #documents: DynamoDBDocumentClient | undefined;
  #kms: AwsClientStub<KMSClient> | undefined;

  /**
   * @param app of the block, once it is asked for
   * @param beforeStop what is done when a block stops its local cloud, just before that
   */
  constructor(
    private readonly app: () => App,
    beforeStop: () => Promise<void>,
  ) {
    this.clouds = new Clouds(async (cloud) => {
      this.#cloud = cloud;
      this.#deployment = undefined;
      await beforeStop();
    });
  }

  deployment(): Promise<Deployment> {
    this.#deployment ??=
      this.#cloud === undefined ? testApp(this.app(), { store: this.store }) : deploymentIn(this.#cloud);
    return this.#deployment;
  }

  /** What `DurableClient.fromStack` gives: in a local cloud, a client of that stack. */
  async client(stackName?: string): Promise<DurableClient> {
    if (this.#cloud === undefined || stackName === undefined) return (await this.deployment()).client;
    const client = await DurableClient.fromStack(stackName, { environment: this.#cloud.environment });
    return watchedSchedules(client, this.schedules);
  }

  /** From here on, everything is in a local cloud that runs these templates. */
  async enterCloud(templates: string): Promise<void> {
    this.#cloud = await this.clouds.start({ templates, inMemory: true });
  }

  /** Executions lie in DynamoDB Local, and so do tables of the user's own, each with `id` as its key. The block's own clients find it. */
  async useDynamoDb(tables: readonly string[]): Promise<void> {
    const { client, documents, credentials, endpoint, region } = freshDynamo();
    await createTables(client);
    for (const TableName of tables)
      await client.send(
        new CreateTableCommand({
          TableName,
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
          BillingMode: "PAY_PER_REQUEST",
        }),
      );
    const named = { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
    this.store = createDynamoStore(named, createMemoryPayloads());
    this.#documents = documents;
    vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", endpoint);
    vi.stubEnv("AWS_REGION", region);
    vi.stubEnv("AWS_ACCESS_KEY_ID", credentials.accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", credentials.secretAccessKey);
  }

  async putItem(table: string, item: Item): Promise<void> {
    await this.#database().send(new PutCommand({ TableName: table, Item: item }));
  }

  /** All of a table, by their ids. */
  async items(table: string): Promise<Item[]> {
    const { Items: found = [] } = await this.#database().send(
      new ScanCommand({ TableName: table, ConsistentRead: true }),
    );
    return found.toSorted((one, other) => String(one.id).localeCompare(String(other.id)));
  }

  #database(): DynamoDBDocumentClient {
    if (this.#documents === undefined) throw new Error("No tables were asked for.");
    return this.#documents;
  }

  /** KMS is there, with this key alone. */
  useKms(key: string): void {
    const { generated, decrypted } = answersOfKms(key);
    this.#kms = mockClient(KMSClient);
    this.#kms.on(GenerateDataKeyCommand).callsFake(generated);
    this.#kms.on(DecryptCommand).callsFake(decrypted);
  }

  /** What KMS was asked so far, by the names of its operations. */
  askedOfKms(): string[] {
    return (this.#kms?.calls() ?? []).map(({ args: [command] }) =>
      command.constructor.name.replace(/Command$/, ""),
    );
  }

  /** Of what no caller was told. */
  async nothingFailed(): Promise<void> {
    if (this.#deployment !== undefined) expect((await this.#deployment).errors).toEqual([]);
  }

  async close(): Promise<void> {
    this.#kms?.restore();
    await this.clouds.close();
    vi.unstubAllEnvs();
  }
}

const inItsOwnTime = (): Promise<never> =>
  Promise.reject(new Error("In a local cloud, time passes by itself."));

async function deploymentIn({ stacks, environment }: Running): Promise<Deployment> {
  const client = await DurableClient.fromStack(stacks[0]?.name ?? "", { environment });
  return {
    client,
    settle: async () => {},
    advance: inItsOwnTime,
    audit: inItsOwnTime,
    runToEnd: (executionId) => client.result(executionId),
    published: [],
    errors: [],
  };
}
