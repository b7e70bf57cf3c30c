/** `holdfast dev`, as a process of its own: what it says to a program that reads it, and how it ends. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, describe, expect, inject, test } from "vitest";
import { shownChaos } from "../../lib/cli/dev/chaos.js";
import { assembly } from "../local/harness.js";
import { runCommand } from "./run.js";

const MAIN = fileURLToPath(new URL("../../lib/cli/main.ts", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "holdfast-dev-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("the chaos of holdfast dev", () => {
  test.each([
    [["--chaos", "1.5"], "Expected a probability from 0 to 1"],
    [["--chaos", "often"], "Expected a probability from 0 to 1"],
    [["--chaos", ""], "Expected a probability from 0 to 1"],
    [["--chaos", "0.1", "--chaos-seed", "-1"], "Expected a whole number from 0 to 4294967295"],
    [["--chaos-seed", "7"], "nothing does without --chaos"],
  ])("is refused as %j", async (args, message) => {
    const { err } = await runCommand(["dev", ...args]);
    expect(err).toContain(message);
  });

  test("is shown in a line", () => {
    expect(shownChaos({})).toBe("nothing went wrong yet");
    expect(shownChaos({ sqs: { throttled: 2, late: 1 }, lambda: { killed: 1 } })).toBe(
      "4 in all: sqs 2 throttled, 1 late; lambda 1 killed",
    );
  });
});

test("tells a program what happens, a line of JSON each, and at its end what went wrong", async () => {
  const queue = { Type: "AWS::SQS::Queue", Properties: { QueueName: "work" } };
  const templates = assembly({ App: { Resources: { Work: queue } } });
  const args = ["--chaos", "1", "--chaos-seed", "7", "--json", "--in-memory", "--templates", templates];
  const child = spawn(process.execPath, ["--import", "tsx", MAIN, "dev", ...args, "--state-dir", directory], {
    env: { ...process.env, AWS_ENDPOINT_URL_DYNAMODB: inject("dynamodbEndpoint") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: { type: string; [field: string]: unknown }[] = [];
  const ready = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(JSON.parse(line));
      if (lines.at(-1)?.type === "ready") resolve();
    });
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  await Promise.race([ready, ended]);
  const up = lines.find(({ type }) => type === "ready");
  expect(up).toMatchObject({ chaos: { rate: 1, seed: 7 } });
  const client = new SQSClient({
    region: "us-east-1",
    credentials: { accessKeyId: "x", secretAccessKey: "y" },
    endpoint: String(Object(up?.endpoints).AWS_ENDPOINT_URL_SQS),
    maxAttempts: 1,
  });
  await client.send(new ListQueuesCommand({})).catch(() => {});
  child.kill("SIGINT");
  expect(await ended).toBe(0);
  const [chaos, stopped] = lines.slice(-2);
  expect(chaos).toMatchObject({ type: "chaos", counts: { sqs: expect.anything() } });
  expect(stopped).toEqual({ type: "stopped" });
});
