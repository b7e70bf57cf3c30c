/** Retention as it is deployed: the bundled audit, told by its environment, deletes what has ended and leaves what it wrote down. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { App, Duration, Stack } from "aws-cdk-lib";
import { DurableFunctions } from "holdfast/cdk";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { greeting } from "../../functions/workflows/index.js";
import { connectionFrom } from "../../lib/aws/connection.js";
import { payloadBucket } from "../../lib/aws/payload-bucket.js";
import { DurableClient, ExecutionNotFoundError } from "../../lib/index.js";
import { type LocalCloudCore, startCloud } from "../../lib/local/cloud.js";
import { incompressible } from "../setup/text.js";
import { eventually } from "./harness.js";

/** An hour passes in six seconds. */
const TIME_SCALE = 600;

const templates = mkdtempSync(join(tmpdir(), "retention-"));
let cloud: LocalCloudCore;
let client: DurableClient;
beforeAll(async () => {
  const cdk = new App({ outdir: templates, analyticsReporting: false });
  new DurableFunctions(new Stack(cdk, "Aging"), "Holdfast", {
    app: fileURLToPath(new URL("./apps/shop.ts", import.meta.url)),
    retention: Duration.hours(1),
    archive: true,
    // The rule's own runs are not to be waited for.
    auditEvery: Duration.days(1),
    // A second and a half of real time: less, and a busy machine has not done what a turn is for.
    workerTimeout: Duration.minutes(15),
  });
  cdk.synth();
  cloud = await startCloud({
    templates,
    inMemory: true,
    timeScale: TIME_SCALE,
    dynamodbEndpoint: inject("dynamodbEndpoint"),
    accessKeyId: `T${randomBytes(8).toString("hex")}`,
  });
  client = await DurableClient.fromStack("Aging", { environment: cloud.environment });
});
afterAll(async () => {
  await cloud.stop();
  rmSync(templates, { recursive: true, force: true });
});

it("an execution that ended an hour ago is written down, and gone", { timeout: 120_000 }, async () => {
  const outputs = cloud.stacks[0]?.outputs ?? {};
  const objects = payloadBucket(outputs.HoldfastPayloadBucket ?? "", connectionFrom(cloud.environment));
  const name = incompressible(300_000);
  await client.start(greeting, { name }, { id: "g/1" });
  await eventually(async () => expect((await client.describe("g/1")).status).toBe("completed"));
  const lines: string[] = [];
  for await (const line of client.export("g/1")) lines.push(line);
  expect((await objects.listObjects("g%2F1/", 10)).length).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, (3_600_000 / TIME_SCALE) * 1.2));
  const answer = await cloud.functions.invoke(outputs.HoldfastAuditFunction ?? "", {});
  expect(answer).toMatchObject({ payload: expect.stringContaining('"deleted":1') });
  await expect(client.describe("g/1")).rejects.toBeInstanceOf(ExecutionNotFoundError);
  expect(await objects.listObjects("g%2F1/", 10)).toEqual([]);
  const [archived] = await objects.listObjects("_archive/greeting/", 10);
  expect(archived?.key).toMatch(/^_archive\/greeting\/\d{4}\/\d\d\/\d\d\/g%2F1\.jsonl\.gz$/);
  const content = (await objects.getObject(archived?.key ?? "")) ?? new Uint8Array();
  expect(gunzipSync(content).toString().trimEnd().split("\n")).toEqual(lines);
});
