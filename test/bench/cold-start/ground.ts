/** What functions need around them at their first call: tables, queues and a bus, of which nobody else takes anything. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { App, CfnOutput, Stack } from "aws-cdk-lib";
import { EventBus } from "aws-cdk-lib/aws-events";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { connectionFrom } from "../../../lib/aws/connection.js";
import { VARIABLES } from "../../../lib/aws/environment.js";
import { type AwsOutside, createAwsOutside } from "../../../lib/aws/outside.js";
import { startCloud } from "../../../lib/local/cloud.js";
import { startDynamoDb } from "../../../lib/local/dynamodb.js";
import { freshDynamoAt } from "../../setup/database.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../../setup/tables.js";

export interface Ground {
  /** As the construct sets it for functions. */
  readonly environment: Readonly<Record<string, string>>;
  readonly outside: AwsOutside;
  readonly client: DynamoDBClient;
  stop(): Promise<void>;
}

export async function openGround(): Promise<Ground> {
  const database = await startDynamoDb({ inMemory: true, lasting: true });
  const templates = mkdtempSync(join(tmpdir(), "holdfast-cold-"));
  const fresh = freshDynamoAt(database.endpoint);
  await createTables(fresh.client);
  synthesize(templates);
  const cloud = await startCloud({
    templates,
    inMemory: true,
    dynamodbEndpoint: database.endpoint,
    accessKeyId: fresh.credentials.accessKeyId,
  });
  const outputs = cloud.stacks[0]?.outputs ?? {};
  const names = {
    service: "bench",
    executionsTable: EXECUTIONS_TABLE,
    directoryTable: DIRECTORY_TABLE,
    wakeQueueUrl: outputs.Wakes ?? "",
    wakeDlqUrl: outputs.DeadWakes ?? "",
    busName: outputs.Bus ?? "",
  };
  const variables = Object.entries(names).map(([name, value]) => [
    VARIABLES[name as keyof typeof names],
    value,
  ]);
  return {
    environment: { ...cloud.environment, ...Object.fromEntries(variables) },
    client: fresh.client,
    outside: createAwsOutside({ names, connection: connectionFrom(cloud.environment) }),
    async stop() {
      await cloud.stop();
      await database.stop();
      rmSync(templates, { recursive: true, force: true });
    },
  };
}

function synthesize(outdir: string): void {
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(app, "Ground");
  const output = (id: string, value: string): void => void new CfnOutput(stack, id, { value });
  output("Wakes", new Queue(stack, "WakeQueue").queueUrl);
  output("DeadWakes", new Queue(stack, "DeadWakeQueue").queueUrl);
  output("Bus", new EventBus(stack, "EventBus").eventBusName);
  app.synth();
}
