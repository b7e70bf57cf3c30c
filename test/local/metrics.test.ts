/** What the functions of a deployment print as metrics, in processes of their own: each fact once, and nothing else. */
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { isMetricLine } from "../../lib/aws/emf.js";
import { type LocalCloud, localCloud } from "../../lib/local/index.js";
import { problemsOf } from "../aws/emf-spec.js";
import { eventually } from "./harness.js";

let cloud: LocalCloud;
const lines: { readonly from: string; readonly text: string }[] = [];

beforeAll(async () => {
  cloud = await localCloud({
    app: fileURLToPath(new URL("./apps/mortal.ts", import.meta.url)),
    inMemory: true,
    serviceName: "orders",
    workerTimeout: "5s",
    wakeVisibilityMargin: "1s",
    dynamodbEndpoint: inject("dynamodbEndpoint"),
    accessKeyId: `T${randomBytes(8).toString("hex")}`,
    onLog: ({ logicalId, text }) => {
      if (isMetricLine(text)) lines.push({ from: /Holdfast(\w+)Function/.exec(logicalId)?.[1] ?? "", text });
    },
  });
}, 120_000);
afterAll(() => cloud.stop());

it("tells of what fails, stalls, dies and is buried, once each", { timeout: 120_000 }, async () => {
  const { client, environment, endpoints } = cloud;
  await client.start("fails", undefined, { id: "m-1" });
  await client.start("stalls", undefined, { id: "m-2" });
  await client.start("dies", undefined, { id: "m-3" });
  const bus = new EventBridgeClient({
    region: "us-east-1",
    endpoint: endpoints.AWS_ENDPOINT_URL_EVENTBRIDGE ?? "",
    credentials: { accessKeyId: environment.AWS_ACCESS_KEY_ID ?? "", secretAccessKey: "local" },
  });
  const EventBusName = cloud.stacks[0]?.outputs.HoldfastBusName;
  const entry = { EventBusName, Source: "shop", DetailType: "order.placed", Detail: '{"no":"id"}' };
  await bus.send(new PutEventsCommand({ Entries: [entry] }));

  const told = (): unknown[] =>
    lines.map(({ from, text }) => {
      const { _aws, Service, ...rest } = JSON.parse(text);
      return { from, ...rest };
    });
  const expected = [
    // The same event goes to those who wait for it, and to those whom it starts.
    { from: "Deliver", EventsBuried: 1 },
    { from: "Start", EventsBuried: 1 },
    { from: "Worker", Workflow: "fails", ExecutionsStarted: 1, ExecutionsFailed: 1 },
    { from: "Worker", Workflow: "stalls", ExecutionsStarted: 1, ExecutionsStalled: 1 },
    // Its first turn died before it could tell that it began.
    { from: "Worker", Workflow: "dies", LeaseTakeovers: 1 },
    { from: "Worker", Workflow: "dies", ExecutionsCompleted: 1 },
  ];
  await eventually(() => expect(told()).toEqual(expect.arrayContaining(expected)), 60_000);
  expect(await client.result("m-3")).toBe(2);
  const inOrder = (told: readonly unknown[]) => told.map((line) => JSON.stringify(line)).sort();
  expect(inOrder(told())).toEqual(inOrder(expected));
  for (const { text } of lines) {
    expect(JSON.parse(text).Service).toBe("orders");
    expect(problemsOf(text, Date.now())).toEqual([]);
  }
  bus.destroy();
});
