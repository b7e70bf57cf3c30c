/** An app with a codec in real processes: all functions read and write what is sealed, and nothing of it lies in the tables. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DynamoDBClient, ListTablesCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, expect, inject, it } from "vitest";
import { namesFromOutputs } from "../../lib/aws/stack-names.js";
import { writeLocalFile } from "../../lib/cli/local-file.js";
import { DurableClient } from "../../lib/index.js";
import { localCloud } from "../../lib/local/index.js";
import { runCommand } from "../cli/run.js";
import { codec } from "./apps/sealed.js";

const APP = fileURLToPath(new URL("./apps/sealed.ts", import.meta.url));
const stateDir = mkdtempSync(join(tmpdir(), "sealed-"));
afterAll(() => rmSync(stateDir, { recursive: true, force: true }));
const SECRET = "tweet-tweet";

it("goes through start, worker, relay, deliver and a client, sealed wherever it lies", {
  timeout: 120_000,
}, async () => {
  const cloud = await localCloud({
    app: APP,
    inMemory: true,
    dynamodbEndpoint: inject("dynamodbEndpoint"),
    accessKeyId: `T${randomBytes(8).toString("hex")}`,
  });
  try {
    const [{ outputs, name } = { outputs: {}, name: "" }] = cloud.stacks;
    const { environment } = cloud;
    const client = new DurableClient({
      ...namesFromOutputs(name, Object.entries(outputs)),
      environment,
      codec,
    });
    await client.start("told", undefined, { id: "told-1" });
    await client.start("asking", SECRET, { id: "asking-1" });
    expect(await client.result("asking-1", { timeout: "60s" })).toBe(SECRET);
    expect(await client.result("told-1", { timeout: "60s" })).toBe(SECRET);
    expect((await client.describe("asking-1")).input).toBe(SECRET);
    writeLocalFile(stateDir, { pid: process.pid, environment, stacks: [name] });
    const shown = ["show", "asking-1", "--json", "--state-dir", stateDir];
    expect((await runCommand(shown)).out).not.toContain(SECRET);
    expect(JSON.parse((await runCommand([...shown, "--codec", APP])).out).input).toBe(SECRET);
    const none = await runCommand([
      ...shown,
      "--codec",
      fileURLToPath(new URL("./apps/shop.ts", import.meta.url)),
    ]);
    expect([none.code, none.err]).toEqual([2, expect.stringContaining("There is no codec in")]);

    // Who has no codec is told so, in place of the values.
    expect((await cloud.client.describe("asking-1")).input).toMatchObject({ name: "SealedValueError" });

    const tables = new DynamoDBClient({
      endpoint: environment.AWS_ENDPOINT_URL_DYNAMODB ?? "",
      region: "us-east-1",
      credentials: {
        accessKeyId: environment.AWS_ACCESS_KEY_ID ?? "",
        secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? "",
      },
    });
    const { TableNames: names = [] } = await tables.send(new ListTablesCommand({}));
    expect(names.length).toBe(2);
    for (const TableName of names) {
      const { Items: items = [] } = await tables.send(new ScanCommand({ TableName }));
      expect(JSON.stringify(items)).not.toContain(SECRET);
    }
  } finally {
    await cloud.stop();
  }
});
