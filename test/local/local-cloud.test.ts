/** An app in the local cloud: its bundled functions in processes of their own, on the real DynamoDB Local. */
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { DynamoDBClient, TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { OrderPlaced, OrderShipped, PaymentCompleted } from "../../functions/workflows/events.js";
import { greeting, orderSaga } from "../../functions/workflows/index.js";
import { connectionFrom } from "../../lib/aws/connection.js";
import { ExecutionNotFoundError } from "../../lib/index.js";
import { type LocalCloud, localCloud } from "../../lib/local/index.js";
import { incompressible } from "../setup/text.js";
import { eventually } from "./harness.js";

const order = {
  orderId: "o-1",
  sku: "kettle",
  quantity: 1,
  amount: 39,
  card: "visa",
  changeableFor: "1s",
} as const;

let cloud: LocalCloud;
const written: string[] = [];
const said: { readonly effect: string; readonly pid: number }[] = [];

beforeAll(async () => {
  cloud = await localCloud({
    app: fileURLToPath(new URL("./apps/shop.ts", import.meta.url)),
    inMemory: true,
    dynamodbEndpoint: inject("dynamodbEndpoint"),
    accessKeyId: `T${randomBytes(8).toString("hex")}`,
    onLog: ({ text }) => {
      written.push(text);
      if (text.startsWith('{"effect"')) said.push(JSON.parse(text));
    },
  });
});

afterAll(async () => {
  const processes = cloud.functions.processes();
  await cloud.stop();
  for (const { pid } of processes) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});

it("runs a workflow that a client starts", async () => {
  const { executionId } = await cloud.client.start(greeting, { name: "Ada" });
  expect(await cloud.client.result(executionId)).toBe("Hello, Ada!");
  const [step] = said.filter(({ effect }) => effect === "greeting.greet");
  expect(step?.pid).not.toBe(process.pid);
});

it("carries values beyond an item through its bucket, from process to process", async () => {
  const name = incompressible(5_000_000);
  const { executionId } = await cloud.client.start(greeting, { name });
  expect((await cloud.client.result(executionId)) === `Hello, ${name}!`).toBe(true);
  expect((await cloud.client.describe(executionId)).input).toHaveProperty("name.length", name.length);
});

it("starts a workflow by its name alone, through the start function, and waits for it", async () => {
  const started = await cloud.client.start("greeting", { name: "Grace" }, { wait: "20s" });
  expect(started).toMatchObject({ status: "completed", created: true, output: "Hello, Grace!" });
});

it("says in one line of the log what was wrong with what a caller gave: a minified stack helps nobody", async () => {
  await expect(cloud.client.start("nobody", {})).rejects.toThrow('no workflow "nobody"');
  await eventually(() =>
    expect(written).toContainEqual(
      expect.stringMatching(/^UnknownWorkflowError: There is no workflow "nobody"/),
    ),
  );
  expect(written.filter((line) => /^\s+at /.test(line))).toEqual([]);
});

it("hands an event from the bus to the execution that waits for it, which goes on to its end", async () => {
  const { executionId } = await cloud.client.start(orderSaga, order);
  await eventually(async () =>
    expect((await cloud.client.describe(executionId)).waits).toEqual([
      { event: "payment.completed", key: "o-1" },
    ]),
  );
  await cloud.publish(PaymentCompleted, { orderId: "o-1", amount: 39 });
  expect(await cloud.client.result(executionId)).toEqual({ status: "shipped", tracking: "parcel-o-1" });
});

it("takes what an execution sends to the bus, where it starts another one", async () => {
  await eventually(async () => {
    const [one] = (await cloud.client.list({ workflow: "follow-up" })).executions;
    expect(await cloud.client.describe(one?.executionId ?? "")).toMatchObject({
      status: "completed",
      output: "How was parcel-o-1 of o-1?",
    });
  });
});

it("starts an execution, and publishes an event, when a transaction of the user's own commits, and not when it is cancelled", async () => {
  const { region = "", endpoints, credentials } = connectionFrom(cloud.environment);
  const documents = DynamoDBDocumentClient.from(
    new DynamoDBClient({
      region,
      endpoint: endpoints?.dynamodb ?? "",
      ...(credentials === undefined ? {} : { credentials }),
    }),
  );
  const stage = async (name: string) => [
    ...(await cloud.client.outbox.startInTransaction(greeting, { name }, { id: `tx-${name}` })).items,
    ...(await cloud.client.outbox.stage(OrderShipped, { orderId: `tx-${name}`, tracking: "parcel" })).items,
  ];
  const taken = await stage("Ada");
  await documents.send(new TransactWriteCommand({ TransactItems: taken }));
  const cancelled = [...(await stage("Grace")), ...taken.slice(0, 1)];
  await expect(documents.send(new TransactWriteCommand({ TransactItems: cancelled }))).rejects.toThrow(
    TransactionCanceledException,
  );
  expect(await cloud.client.result("tx-Ada")).toBe("Hello, Ada!");
  await eventually(async () => {
    const { executions } = await cloud.client.list({ workflow: "follow-up" });
    const inputs = await Promise.all(
      executions.map(async ({ executionId }) => (await cloud.client.describe(executionId)).input),
    );
    expect(inputs).toContainEqual({ orderId: "tx-Ada", tracking: "parcel" });
    expect(inputs).not.toContainEqual(expect.objectContaining({ orderId: "tx-Grace" }));
  });
  await expect(cloud.client.describe("tx-Grace")).rejects.toThrow(ExecutionNotFoundError);
});

it("starts an execution for an event that declares one", async () => {
  await cloud.publish(OrderPlaced, { ...order, orderId: "o-2" });
  await eventually(async () => {
    const { executions } = await cloud.client.list({ workflow: "order-saga" });
    const inputs = await Promise.all(
      executions.map(async (one) => (await cloud.client.describe(one.executionId)).input),
    );
    expect(inputs).toContainEqual(expect.objectContaining({ orderId: "o-2" }));
  });
});
