/** The five functions, each with an event that is its everyday work. */
import { fileURLToPath } from "node:url";
import { QueryCommand } from "@aws-sdk/client-dynamodb";
import { appEntry, type Entry, serviceEntry } from "../../../lib/cdk/bundle.js";
import { startExecution } from "../../../lib/runtime/start.js";
import { limitsUntil } from "../../../lib/runtime/turn/work.js";
import { EXECUTIONS_TABLE } from "../../setup/tables.js";
import theApp, { order, Shipped } from "./app.js";
import type { Ground } from "./ground.js";

export interface Measured {
  readonly name: string;
  /** What its first call does, for people. */
  readonly does: string;
  readonly entry: Entry;
  /** A new one for each call. */
  event(ground: Ground, n: number): Promise<unknown>;
}

const APP = fileURLToPath(new URL("app.ts", import.meta.url));
const MINUTE_MS = 60_000;

const message = (body: unknown): unknown => ({
  Records: [{ messageId: "first", body: JSON.stringify(body), attributes: {}, messageAttributes: {} }],
});

export const FUNCTIONS: readonly Measured[] = [
  {
    name: "worker",
    does: "a whole turn: lease, three steps, an event sent, the end",
    entry: appEntry("worker", "createWorker", APP),
    async event({ outside }, n) {
      const executionId = `worker-${n}`;
      await startExecution(outside, theApp, requestOf(executionId));
      return message({ executionId, reason: "start" });
    },
  },
  {
    name: "start",
    does: "a start: the execution, and its wake",
    entry: appEntry("start", "createStart", APP),
    event: async (_, n) => requestOf(`start-${n}`),
  },
  {
    name: "deliver",
    does: "an event that nobody waits for",
    entry: appEntry("deliver", "createDeliver", APP),
    event: async (_, n) =>
      message({
        id: `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
        source: "elsewhere",
        "detail-type": Shipped.name,
        time: new Date().toISOString(),
        resources: [],
        detail: { orderId: `o-${n}` },
      }),
  },
  {
    name: "relay",
    does: "a commit with an event, published and marked",
    entry: serviceEntry("relay", "createRelay"),
    async event({ outside, client }, n) {
      const id = `relay-${n}`;
      const limits = limitsUntil(outside.clock.now() + MINUTE_MS, MINUTE_MS, 10_000);
      await startExecution(outside, theApp, requestOf(id), { owner: id, limits });
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: EXECUTIONS_TABLE,
          KeyConditionExpression: "pk = :pk",
          FilterExpression: "attribute_exists(#out)",
          ExpressionAttributeNames: { "#out": "out" },
          ExpressionAttributeValues: { ":pk": { S: id } },
        }),
      );
      return { Records: Items.map((NewImage) => ({ eventName: "INSERT", dynamodb: { NewImage } })) };
    },
  },
  {
    name: "audit",
    does: "a run that finds nothing wrong",
    entry: serviceEntry("audit", "createAudit"),
    event: async () => ({}),
  },
];

const requestOf = (id: string) => ({ workflow: order.name, input: { orderId: id }, id });
