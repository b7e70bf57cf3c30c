import { setTimeout as sleep } from "node:timers/promises";
import { InvokeCommand, ResourceNotFoundException, TooManyRequestsException } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lambda, type TestCloud, testCloud } from "./harness.js";

let t: TestCloud;

beforeAll(async () => {
  t = await testCloud({
    Echo: lambda("echo", { FunctionName: "echo" }),
    Unruly: lambda("unruly", { FunctionName: "unruly", Timeout: 1 }),
    Missing: lambda("missing", { FunctionName: "missing" }),
    Single: lambda("unruly", { FunctionName: "single", Timeout: 2, ReservedConcurrentExecutions: 1 }),
    Inline: {
      Type: "AWS::Lambda::Function",
      Properties: {
        FunctionName: "inline",
        Code: { ZipFile: "exports.handler = (event, context, callback) => callback(null, event.n + 1);" },
        Handler: "index.handler",
        Runtime: "nodejs22.x",
      },
    },
  });
});
afterAll(() => t.stop());

const invoke = async (name: string, payload: unknown = {}) => {
  const answer = await t.lambda.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(payload) }),
  );
  return { error: answer.FunctionError, value: JSON.parse(answer.Payload?.transformToString() || "null") };
};

describe("a function", () => {
  test("answers with its value, its context and the cloud's environment", async () => {
    const { value, error } = await invoke("echo", { a: 1 });
    expect(error).toBeUndefined();
    expect(value).toMatchObject({ event: { a: 1 }, name: "echo", scale: "1", region: "us-east-1" });
    expect(value.remaining).toBeGreaterThan(5_000);
    expect(value.remaining).toBeLessThanOrEqual(10_000);
  });

  test("is kept warm, and its log lines carry its name", async () => {
    const first = await invoke("echo", { n: 1 });
    const second = await invoke("arn:aws:lambda:us-east-1:000000000000:function:echo", { n: 2 });
    expect(second.value.pid).toBe(first.value.pid);
    expect(t.logs).toContainEqual({
      functionName: "echo",
      logicalId: "Echo",
      stream: "stdout",
      text: 'echoing {"n":2}',
    });
    expect(t.logs.filter((line) => line.text.includes("NodeVersionSupportWarning"))).toEqual([]);
  });

  test("runs several invocations at once, each in a process of its own", async () => {
    const answers = await Promise.all([1, 2, 3].map((n) => invoke("echo", { n, ms: 200 })));
    expect(new Set(answers.map((answer) => answer.value.pid)).size).toBe(3);
  });

  test("may answer through a callback, and may be inline code", async () => {
    expect((await invoke("inline", { n: 1 })).value).toBe(2);
  });

  test.each<[string, object, { errorType: string; errorMessage?: RegExp }]>([
    ["throws", { how: "throw" }, { errorType: "TypeError", errorMessage: /no such thing/ }],
    ["ends its process", { how: "exit" }, { errorType: "Runtime.ExitError", errorMessage: /exit status 3/ }],
    ["leaves a rejection unhandled", { how: "stray" }, { errorType: "Runtime.UnhandledPromiseRejection" }],
    [
      "waits past its timeout",
      { how: "hang" },
      { errorType: "Sandbox.Timedout", errorMessage: /Task timed out after 1\.00 seconds/ },
    ],
    ["spins past its timeout", { how: "spin" }, { errorType: "Sandbox.Timedout" }],
  ])(
    "that %s is answered with a function error, and the next invocation works",
    async (_what, payload, expected) => {
      const { error, value } = await invoke("unruly", payload);
      expect(error).toBe("Unhandled");
      expect(value.errorType).toBe(expected.errorType);
      if (expected.errorMessage !== undefined) expect(value.errorMessage).toMatch(expected.errorMessage);
      expect((await invoke("unruly", { how: "fine" })).value).toBe("fine");
    },
  );

  test("that is killed from outside ends as an exit error", async () => {
    const running = invoke("echo").then(() => invoke("unruly", { how: "hang" }));
    await expect
      .poll(() => t.cloud.functions.processes().some((p) => p.functionName === "unruly" && p.requestId))
      .toBe(true);
    await sleep(50);
    expect(t.cloud.functions.kill("Unruly", "SIGKILL")).toBeGreaterThan(0);
    expect((await running).value).toMatchObject({
      errorType: "Runtime.ExitError",
      errorMessage: /signal: SIGKILL/,
    });
  });

  test("whose handler does not exist says so", async () => {
    expect((await invoke("missing")).value).toMatchObject({ errorType: "Runtime.HandlerNotFound" });
  });

  test("refuses a waiting caller beyond its reserved concurrency", async () => {
    const first = invoke("single", { how: "hang" });
    await expect
      .poll(() => t.cloud.functions.processes().some((p) => p.functionName === "single" && p.requestId))
      .toBe(true);
    await expect(invoke("single")).rejects.toBeInstanceOf(TooManyRequestsException);
    expect((await first).value.errorType).toBe("Sandbox.Timedout");
  });

  test("that is unknown is a ResourceNotFoundException", async () => {
    await expect(invoke("nobody")).rejects.toBeInstanceOf(ResourceNotFoundException);
  });
});
