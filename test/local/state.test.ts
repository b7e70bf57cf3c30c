import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CreateScheduleCommand, ListSchedulesCommand } from "@aws-sdk/client-scheduler";
import { GetQueueUrlCommand, ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterEach, describe, expect, test } from "vitest";
import { chooseOrigin, scaledClock } from "../../lib/local/clock.js";
import { assembly, lambda, openCloud, ROLE, SEEN, type Template, type TestCloud } from "./harness.js";

const clouds: TestCloud[] = [];
const directories: string[] = [];
afterEach(async () => {
  for (const t of clouds.splice(0)) await t.stop();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

const directory = (): string => {
  const path = mkdtempSync(join(tmpdir(), "state-"));
  directories.push(path);
  return path;
};
const open = async (options: Parameters<typeof openCloud>[0]): Promise<TestCloud> => {
  const t = await openCloud(options);
  clouds.push(t);
  return t;
};
const template: Template = {
  Resources: {
    Seen: SEEN,
    Role: ROLE,
    Queue: { Type: "AWS::SQS::Queue", Properties: { QueueName: "queue" } },
    Observer: lambda("observe"),
  },
};

describe("state on disk", () => {
  test("outlives the cloud: messages, their delays and schedules go on, at the same address", async () => {
    const stateDir = directory();
    const options = { stateDir, accessKeyId: `T${Date.now()}`, timeScale: 60 };
    const first = await openCloud({ ...options, templates: assembly({ App: template }) });
    const { QueueUrl } = await first.sqs.send(new GetQueueUrlCommand({ QueueName: "queue" }));
    await first.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "now" }));
    await first.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "later", DelaySeconds: 60 }));
    const later = new Date(first.cloud.now() + 3_600_000).toISOString().slice(0, 19);
    await first.scheduler.send(
      new CreateScheduleCommand({
        Name: "later",
        ScheduleExpression: `at(${later})`,
        FlexibleTimeWindow: { Mode: "OFF" },
        Target: {
          Arn: "arn:aws:sqs:us-east-1:000000000000:queue",
          RoleArn: "arn:aws:iam::000000000000:role/x",
        },
      }),
    );
    const stoppedAt = first.cloud.now();
    await first.stop();

    const second = await open({ ...options, templates: assembly({ App: template }) });
    expect(second.cloud.now()).toBeGreaterThanOrEqual(stoppedAt);
    expect(second.cloud.endpoints).toEqual(first.cloud.endpoints);
    const bodies: (string | undefined)[] = [];
    while (bodies.length < 2) {
      const request = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5, VisibilityTimeout: 600 });
      const answer = await second.sqs.send(request);
      for (const message of answer.Messages ?? []) bodies.push(message.Body);
    }
    expect(bodies).toEqual(["now", "later"]);
    const { Schedules: schedules } = await second.scheduler.send(new ListSchedulesCommand({}));
    expect(schedules?.map((schedule) => schedule.Name)).toEqual(["later"]);
  });

  test("is not shared by two clouds at once", async () => {
    const stateDir = directory();
    const script = `require("fs").writeFileSync(${JSON.stringify(join(stateDir, "cloud.lock"))}, String(process.pid)); console.log("locked"); setInterval(() => {}, 1000)`;
    const other = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
    await new Promise((locked) => other.stdout.once("data", locked));
    try {
      await expect(open({ stateDir, templates: assembly({ App: template }) })).rejects.toThrow(
        /belongs to a local cloud/,
      );
    } finally {
      other.kill();
    }
  });
});

describe("stopping", () => {
  test("leaves no process and no open port behind", async () => {
    const t = await openCloud({ templates: assembly({ App: template }), inMemory: true });
    const invoked = await t.cloud.functions.invoke("Observer", {});
    expect(invoked.ok).toBe(true);
    const pids = t.cloud.functions.processes().map((process) => process.pid);
    expect(pids).toHaveLength(1);
    await t.stop();
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
    const port = Number(new URL(t.cloud.endpoints.AWS_ENDPOINT_URL_SQS ?? "").port);
    expect(await connects("127.0.0.1", port)).toBe(false);
  });

  test("of the process, even by SIGKILL, takes functions and the database along", async () => {
    const script = fileURLToPath(new URL("./fixtures/orphan.ts", import.meta.url));
    const templates = assembly({ App: { Resources: { Role: ROLE, Seen: SEEN, Echo: lambda("echo") } } });
    const env = { ...process.env };
    delete env.AWS_ENDPOINT_URL_DYNAMODB;
    const child = spawn(process.execPath, ["--import", "tsx", script, templates, directory()], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const line = await new Promise<string>((resolve) =>
      child.stdout.once("data", (text) => resolve(String(text))),
    );
    const { pid, dynamodbPort }: { pid: number; dynamodbPort: number } = JSON.parse(line);
    expect(await connects("127.0.0.1", dynamodbPort)).toBe(true);
    child.kill("SIGKILL");
    await expect.poll(() => connects("127.0.0.1", dynamodbPort), { timeout: 5_000 }).toBe(false);
    await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false);
  });
});

describe("what listens", () => {
  test("can't be reached but over loopback", async () => {
    const t = await open({ templates: assembly({ App: template }), inMemory: true });
    const port = Number(new URL(t.cloud.endpoints.AWS_ENDPOINT_URL_SQS ?? "").port);
    expect(await connects("127.0.0.1", port)).toBe(true);
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter((address) => !address.internal && address.family === "IPv4");
    for (const { address } of outside) expect(await connects(address, port)).toBe(false);
  });
});

describe("the scaled clock", () => {
  test("runs faster from its origin on", () => {
    const clock = scaledClock({ scale: 60, originMs: 1_000 }, () => 2_000);
    expect(clock.now()).toBe(61_000);
    expect(clock.realMsUntil(121_000)).toBe(1_000);
  });

  test.each([
    ["first start", undefined, 60, 5_000],
    ["same scale: time went on", { scale: 60, originMs: 1_000, nowMs: 9_000 }, 60, 1_000],
    ["back to the wall's pace", { scale: 60, originMs: 1_000, nowMs: 9_000 }, 1, 5_000],
    ["another scale: goes on where it stood", { scale: 60, originMs: 1_000, nowMs: 9_000 }, 3, 3_000],
  ])("%s", (_what, saved, scale, originMs) => {
    expect(chooseOrigin(saved, scale, 5_000)).toBe(originMs);
  });
});

const connects = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    const end = (result: boolean) => () => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", end(true)).once("error", end(false)).once("timeout", end(false));
  });

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
