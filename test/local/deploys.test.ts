/** Deploying changed workflows while executions sleep: those that are pinned run on what they began with, the others on what was deployed. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DeleteFunctionCommand, LambdaClient, ListVersionsByFunctionCommand } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { clientSettings, connectionFrom } from "../../lib/aws/connection.js";
import { writeLocalFile } from "../../lib/cli/local-file.js";
import { type LocalCloud, localCloud } from "../../lib/local/index.js";
import { runCommand } from "../cli/run.js";
import { Paid } from "./apps/deploys/march.js";
import { eventually } from "./harness.js";

const appOf = (month: string): string =>
  fileURLToPath(new URL(`./apps/deploys/${month}.ts`, import.meta.url));
const stateDir = mkdtempSync(join(tmpdir(), "deploys-"));
const start = (month: string, timeScale = 1): Promise<LocalCloud> =>
  localCloud({
    timeScale,
    app: appOf(month),
    stateDir,
    // The tables outlive the cloud here, as its state does.
    dynamodbEndpoint: inject("dynamodbEndpoint"),
    accessKeyId,
  });
const accessKeyId = `T${randomBytes(8).toString("hex")}`;

let cloud: LocalCloud;
beforeAll(async () => {
  cloud = await start("march");
});
afterAll(async () => {
  await cloud.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

const begin = async (workflow: string, id: string): Promise<void> => {
  await cloud.client.start(workflow, undefined, { id });
  await eventually(async () => expect((await cloud.client.describe(id)).status).toBe("suspended"));
};
const end = async (id: string): Promise<unknown> => {
  await cloud.publish(Paid, { id });
  return cloud.client.result(id, { timeout: "30s" });
};
const codeOf = async (id: string): Promise<string | undefined> => (await cloud.client.describe(id)).pinnedTo;

it("goes on with March's code in June where the workflow is pinned, and with June's where it follows the latest", async () => {
  for (const workflow of ["pinned", "patched", "changed"]) await begin(workflow, `${workflow}-of-march`);
  const marchs = await codeOf("pinned-of-march");
  expect(marchs).toMatch(/^HoldfastLocal-HoldfastWorker\w*-\w+:1$/);

  await cloud.deploy({ app: appOf("june") });
  for (const workflow of ["pinned", "patched"]) await begin(workflow, `${workflow}-of-june`);
  expect(await codeOf("pinned-of-june")).toBe(marchs?.replace(/:1$/, ":2"));

  expect(await end("pinned-of-march")).toBe("March, March");
  expect(await end("pinned-of-june")).toBe("June, June");
  expect(await end("patched-of-march")).toBe("March, checked in June, June");
  expect(await end("patched-of-june")).toBe("June, checked in June, June");
  await cloud.publish(Paid, { id: "changed-of-march" });
  await eventually(async () =>
    expect(await cloud.client.describe("changed-of-march")).toMatchObject({
      status: "stalled",
      error: { name: "NonDeterminismError" },
    }),
  );
}, 120_000);

it("has March's code after the cloud was stopped and started again, and what is moved runs June's", async () => {
  // Pinned in March: by going back to March's app, and to June's once more.
  await cloud.deploy({ app: appOf("march") });
  await begin("pinned", "kept");
  await begin("pinned", "moved");
  await cloud.stop();
  cloud = await start("june");

  const inUse = await cloud.client.versions.inUse();
  expect(inUse.map(({ workflow, executions }) => [workflow, executions])).toEqual([
    ["changed", 1],
    ["pinned", 2],
  ]);
  expect(await end("kept")).toBe("March, March");

  await cloud.client.versions.moveToLatest("moved");
  await cloud.publish(Paid, { id: "moved" });
  await eventually(async () =>
    expect(await cloud.client.describe("moved")).toMatchObject({
      status: "stalled",
      error: { name: "NonDeterminismError" },
    }),
  );
}, 120_000);

it("is told by the command which code is needed by how many, and moves one to the latest", async () => {
  writeLocalFile(stateDir, {
    pid: process.pid,
    environment: cloud.environment,
    stacks: cloud.stacks.map(({ name }) => name),
  });
  await begin("pinned", "asked-for");
  const here = ["--state-dir", stateDir];
  const listed = await runCommand(["versions", "list", ...here]);
  expect(listed.out).toMatch(/^pinned +version 2 \(live\) +\S+ +1 +\d{4}-/m);
  const { needless, deleted } = JSON.parse((await runCommand(["versions", "prune", "--json", ...here])).out);
  // Both were replaced within the last hour.
  expect([needless, deleted]).toEqual([[], []]);
  expect((await runCommand(["versions", "move", "asked-for", ...here])).out).toMatch(
    /asked-for was pinned to .*:2, and goes on with the latest code/,
  );
  expect(await codeOf("asked-for")).toBe("next");
  expect(await end("asked-for")).toBe("June, June");
  const unpinned = await runCommand(["versions", "move", "changed-of-march", ...here]);
  expect([unpinned.code, unpinned.err]).toEqual([4, expect.stringContaining("is not pinned to any code")]);
}, 60_000);

it("says of an event that is sent whether anybody takes it", async () => {
  const send = (event: string) =>
    runCommand(["send", event, "--data", '{"id":"nobody"}', "--state-dir", stateDir]);
  const mistyped = await send("deploys.piad");
  expect([mistyped.code, mistyped.out, mistyped.err]).toEqual([
    0,
    expect.stringContaining("published deploys.piad"),
    expect.stringMatching(
      /^No rule of the bus "\S+" takes "deploys\.piad", so no workflow here waits for it/,
    ),
  ]);
  expect(await send("deploys.paid")).toMatchObject({ code: 0, err: "" });
});

it("says so, and stalls, where a version that somebody needs was deleted", async () => {
  await begin("pinned", "orphan");
  const [functionName = "", version = ""] = (await codeOf("orphan"))?.split(":") ?? [];
  await cloud.deploy({ app: appOf("march") });
  const lambda = new LambdaClient(clientSettings("lambda", connectionFrom(cloud.environment)));
  const listed = await lambda.send(new ListVersionsByFunctionCommand({ FunctionName: functionName }));
  expect(listed.Versions?.map(({ Version }) => Version)).toEqual(["$LATEST", "1", "2"]);
  await lambda.send(new DeleteFunctionCommand({ FunctionName: functionName, Qualifier: version }));
  await cloud.publish(Paid, { id: "orphan" });
  await eventually(async () =>
    expect(await cloud.client.describe("orphan")).toMatchObject({
      status: "stalled",
      error: { name: "PinnedCodeGoneError" },
    }),
  );
}, 120_000);

it("deletes what nobody needs when a person says yes, and ends with 1 when one says no", async () => {
  await cloud.stop();
  cloud = await start("june", 36_000);
  writeLocalFile(stateDir, {
    pid: process.pid,
    environment: cloud.environment,
    stacks: cloud.stacks.map(({ name }) => name),
  });
  const prune = (answer: boolean) =>
    runCommand(["versions", "prune", "--state-dir", stateDir], 100, { confirm: async () => answer });
  // An hour passes in a tenth of a second.
  await eventually(async () => expect((await prune(false)).out).toContain("no open or stalled execution"));
  const declined = await prune(false);
  expect([declined.code, declined.out]).toEqual([1, expect.stringContaining("Nothing was deleted.")]);
  expect(declined.err.match(/local cloud, stack/g)).toHaveLength(1);
  const agreed = await prune(true);
  expect([agreed.code, agreed.out]).toEqual([0, expect.stringMatching(/^deleted .*:\d+$/m)]);
  expect((await prune(true)).out).toBe(
    "Every version of the worker is needed, or was replaced within the last hour.",
  );
}, 120_000);

it("waits for an update's answer as long as the person said, however fast the cloud's time is", async () => {
  // No turn of a function ends in time here, so nobody answers.
  await cloud.client.start("patched", undefined, { id: "asked" });
  const asking = ["update", "asked", "nobody-handles-it", "--state-dir", stateDir, "--timeout", "2s"];
  const { code, err } = await runCommand([...asking, "--id", "u-1"]);
  expect(code).toBe(5);
  const [, waited] = /has not answered update "nobody-handles-it" after (\d+) ms/.exec(err) ?? [];
  expect(Number(waited)).toBeGreaterThanOrEqual(72_000_000);
  expect(err).toContain('with the id "u-1"');
}, 60_000);
