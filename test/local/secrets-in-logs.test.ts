/**
 * Nothing that a user stores gets into the functions' logs by itself: real processes, all that they write to stdout and stderr, at the level
 * `debug`, over successes, failures, retries, stalls, refused events and what code throws. One text stands in every value, and in no line.
 */
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { clientSettings, connectionFrom } from "../../lib/aws/connection.js";
import { type LocalCloud, localCloud } from "../../lib/local/index.js";
import { Begun, Failing, failing, keeper, Quoting, stalling, Told } from "./apps/secretive.js";
import { eventually } from "./harness.js";

const CANARY = "canary-4711-0815";
const secret = CANARY;

let cloud: LocalCloud;
const written: string[] = [];

beforeAll(async () => {
  cloud = await localCloud({
    app: fileURLToPath(new URL("./apps/secretive.ts", import.meta.url)),
    inMemory: true,
    dynamodbEndpoint: inject("dynamodbEndpoint"),
    accessKeyId: `T${randomBytes(8).toString("hex")}`,
    logLevel: "debug",
    onLog: ({ functionName, text }) => written.push(`${functionName}: ${text}`),
  });
}, 120_000);

afterAll(() => cloud.stop());

/** It must have been said that this happened: a test of lines that nobody wrote shows nothing. */
const says = (text: string) =>
  eventually(() => expect(written.join("\n")).toContain(text), 60_000).catch(() => {
    throw new Error(`No function has said "${text}". Said was:\n${written.join("\n")}`);
  });

it("not of one that ends well, after events, signals, updates, a callback and a child that failed", async () => {
  const { executionId } = await cloud.client.start(keeper, { secret });
  await eventually(async () => {
    const { status, waits } = await cloud.client.describe(executionId);
    expect({ status, waits }).toMatchObject({ status: "suspended", waits: [{ event: "told" }] });
  }, 60_000);
  const exchange = { secret };
  const answer = await cloud.client.update<{ was: string; token: string }>(executionId, "exchange", exchange);
  expect(answer.was).toBe(CANARY);
  const { token } = answer;
  await cloud.publish(Told, { secret });
  await cloud.client.signal(executionId, "say", secret);
  await cloud.client.completeCallback(token, secret);
  expect(await cloud.client.result(executionId, { timeout: "60s" })).toMatchObject({ done: CANARY });
  await eventually(async () => {
    const { executions } = await cloud.client.list({ workflow: "begun", status: "completed" });
    expect(executions).toHaveLength(1);
  }, 60_000);
  expect(written.join("\n")).not.toContain(token);
  await says("[redacted]");
  await says("A wake was handled.");
  await says("An event was delivered.");
}, 180_000);

it("not of one that fails after retries, with a compensation, a rejection and a hook that throw", async () => {
  await cloud.client.start(failing, { secret }, { id: "f" });
  await expect(cloud.client.result("f", { timeout: "60s" })).rejects.toThrow(CANARY);
  await says("A promise of the app was rejected");
  await says("A hook failed");
}, 120_000);

it("not of one that stalls", async () => {
  await cloud.client.start(stalling, { secret }, { id: "s" });
  await says("The execution is stalled.");
}, 120_000);

it("not of events that are refused, by a schema that quotes them, or that fails with them", async () => {
  await cloud.client.publish(Quoting.name, { secret });
  await cloud.client.publish(Begun.name, { hidden: secret });
  await cloud.client.publish(Failing.name, { secret });
  await says("An event went to the dead-letter queue");
  await says("A message failed, and goes back to its queue.");
}, 120_000);

it("not of a start whose input is refused, which Lambda itself writes down", async () => {
  const [stack] = cloud.stacks;
  const lambda = new LambdaClient(clientSettings("lambda", connectionFrom(cloud.environment)));
  const { FunctionError } = await lambda.send(
    new InvokeCommand({
      FunctionName: stack?.outputs.HoldfastStartFunction,
      Payload: Buffer.from(JSON.stringify({ workflow: "keeper", input: { hidden: secret } })),
    }),
  );
  lambda.destroy();
  expect(FunctionError).toBeDefined();
  await says("InvalidInputError");
}, 120_000);

it("and nowhere in all that was written", () => {
  expect(written.length).toBeGreaterThan(20);
  const base64 = Buffer.from(CANARY).toString("base64").slice(0, 16);
  expect(written.filter((line) => line.includes(CANARY) || line.includes(base64))).toEqual([]);
});
