/** A store with a meter on it, and the engine around it: what is measured is what the functions call. */
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { type App, app, event, workflow } from "holdfast";
import type { Outside } from "../../lib/runtime/outside.js";
import { startExecution } from "../../lib/runtime/start.js";
import { handleWake } from "../../lib/runtime/turn/handle-wake.js";
import { limitsUntil } from "../../lib/runtime/turn/work.js";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads } from "../../lib/store/memory/index.js";
import { TestCloud } from "../../lib/testing/test-cloud.js";
import { type CapacityMeter, meter } from "../setup/capacity.js";
import { freshDynamoAt } from "../setup/database.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";

export const Paid = event<{ orderId: string; amount: number }>("payment.completed", {
  key: ({ orderId }) => orderId,
});

/** Two steps, a wait, and a step more. An order has the id of its execution. */
export const order = workflow("order", async (ctx, { orderId }: { orderId: string }) => {
  const hold = await ctx.step("reserve", () => ({ id: `hold for ${orderId}` }));
  await ctx.step("price", () => ({ hold: hold.id, total: 1_299 }));
  const paid = await ctx.waitForEvent(Paid, { key: orderId, timeout: "300d" });
  return ctx.step("ship", () => paid.amount);
});

export interface Ground {
  readonly documents: DynamoDBDocumentClient;
  readonly capacity: CapacityMeter;
  readonly outside: Outside;
  readonly app: App;
}

export async function openGround(endpoint: string): Promise<Ground> {
  const { client, documents } = freshDynamoAt(endpoint);
  await createTables(client);
  const capacity = meter(documents);
  const tables = { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
  const theApp = app({ workflows: [order], events: [Paid] });
  const cloud = new TestCloud({ app: theApp, store: createDynamoStore(tables, createMemoryPayloads()) });
  return { documents, capacity, outside: cloud.bare, app: theApp };
}

export async function start({ outside, app: theApp }: Ground, id: string): Promise<void> {
  await startExecution(outside, theApp, { workflow: order.name, input: { orderId: id }, id });
}

/** One turn, as the worker runs it for a wake. */
export async function turn({ outside, app: theApp }: Ground, executionId: string): Promise<void> {
  const limits = limitsUntil(outside.clock.now() + 60_000, 60_000, 10_000);
  const handled = await handleWake(
    outside,
    theApp,
    { executionId, reason: "start" },
    outside.token(),
    limits,
  );
  if (handled.did !== "turn") throw new Error(`The wake of ${executionId} made no turn: ${handled.detail}.`);
}
