/** What is wrong with a command line is told before anybody asks which AWS account and region are meant: none is configured here. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { callbackToken } from "../../lib/model/callback-token.js";
import { runCommand } from "./run.js";

const TOKEN = callbackToken({ executionId: "o-1", op: "callback:approve" });
const NIGHTLY = ["-w", "nightly"];
const LONG = "x".repeat(300);

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "holdfast-arguments-"));
  writeFileSync(join(directory, "big.json"), JSON.stringify("x".repeat(32_100_000)));
  writeFileSync(join(directory, "wide.json"), JSON.stringify({ text: "x".repeat(300_000) }));
  const nowhere = join(directory, "nowhere");
  vi.stubEnv("AWS_REGION", undefined);
  vi.stubEnv("AWS_DEFAULT_REGION", undefined);
  vi.stubEnv("AWS_PROFILE", undefined);
  vi.stubEnv("AWS_CONFIG_FILE", nowhere);
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", nowhere);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

const holdfast = (args: readonly string[]) =>
  runCommand([...args.map((arg) => arg.replace("@", `@${directory}/`)), "--aws"]);

describe("a command line that is right, without a region,", () => {
  test.each([
    ["start", "order", "--input", "{}", "--id", "o-1", "--delay", "1h", "--wait", "10s"],
    ["list", "--status", "suspended", "failed", "--application", "shop", "--created-after", "2026-01-31"],
    ["start", "order", "--application", "shop", "--pipeline-config", "nightly"],
    ["waiting", "payment.completed", "--key", "o-1", "--limit", "5"],
    ["show", "o-1"],
    ["show", "child--x_1:run2"],
    ["history", "o-1"],
    ["outbox", "list", "--given-up"],
    ["outbox", "retry", "o-1/1"],
    ["schedules", "list"],
    ["schedules", "show", "tenant-42"],
    ["schedules", "put", "t-1", "-w", "nightly", "-e", "rate(5 minutes)"],
    [
      ...["schedules", "put", "t.1", "-w", "reports/nightly", "-e", "cron(0 9 ? * MON-FRI *)"],
      ...["--timezone", "Europe/Vienna", "--overlap", "cancel-previous", "--input", "null", "--paused"],
      ...["--start-at", "2026-01-31", "--end-at", "2099-01-31T08:00Z"],
    ],
    ["schedules", "pause", "t-1"],
    ["schedules", "resume", "t-1"],
    ["schedules", "delete", "t-1"],
    ["dead-letters", "list", "--limit", "5"],
    ["dead-letters", "retry", "m-1", "m-2"],
    ["dead-letters", "retry", "--all"],
    ["send", "payment.completed", "--data", "{}", "--target", "o-1"],
    ["signal", "o-1", "go", "--data", "1", "--id", "m-1"],
    ["update", "o-1", "double", "--input", "1", "--id", "u-1", "--timeout", "1m"],
    ["callback", "complete", TOKEN, "--result", "1"],
    ["callback", "fail", TOKEN, "--reason", "late"],
    ["callback", "heartbeat", TOKEN],
    ["cancel", "o-1"],
    ["terminate", "o-1"],
    ["pause", "o-1"],
    ["resume", "o-1"],
    ["redrive", "o-1"],
    ["fork", "o-1", "--from", "charge", "--id", "o-2"],
    ["pipeline", "start", "release", "--trigger", '{"version":7}', "--id", "r-1"],
    ["pipeline", "list", "--application", "shop", "--status", "TERMINAL", "SUCCEEDED"],
    ["pipeline", "show", "r-1", "--all"],
    ["pipeline", "restart", "r-1"],
    ["pipeline", "signal", "r-1", "judge", "--name", "go", "--data", "{}"],
  ])("is told that: %s %s", async (...args) => {
    const { err, code } = await holdfast(args);
    expect(err).toContain("Region is missing");
    expect(code).toBe(1);
  });
});

describe("a command line that is wrong is told so first:", () => {
  test.each([
    [["callback", "complete", "rubbish"], "not a callback token"],
    [["callback", "complete", TOKEN.slice(0, -1), "--result", "1"], "not a callback token"],
    [["callback", "complete", TOKEN, "--result", "{"], "--result is no JSON"],
    [["callback", "complete", TOKEN, "--result", "@big.json"], "at most 32000000 can be stored"],
    [["callback", "fail", "rubbish", "--reason", "late"], "not a callback token"],
    [["callback", "heartbeat", ""], "not a callback token"],
    [["start", "", "--input", "{}"], "can't be the name of a workflow"],
    [["start", "order", "--application", ""], "application: expected text"],
    [["start", "order", "--pipeline-config", LONG], "pipelineConfigId: expected text of 1 to 256 bytes"],
    [["start", "order", "--id", "o 1"], "The execution id is not valid"],
    [["start", "order", "--delay", "500d"], "longer than 366 days"],
    [["start", "order", "--input", "@big.json"], "at most 32000000 can be stored"],
    [["list", "--status", "completed"], "expected a workflow name"],
    [["list", "--cursor", "rubbish"], "The cursor is not valid"],
    [["waiting", "payment.completed", "--cursor", "rubbish"], "The cursor is not valid"],
    [["waiting", ""], "can't be the name of an event"],
    [["outbox", "list", "--cursor", "rubbish"], "The cursor is not valid"],
    [["outbox", "retry", "o-1"], "as a listing of outgoing messages names it"],
    [["schedules", "show", "t/1"], "The schedule's id is not valid"],
    [["schedules", "put", "t 1", ...NIGHTLY, "-e", "rate(1 day)"], "The schedule's id is not valid"],
    [["schedules", "put", "x".repeat(65), ...NIGHTLY, "-e", "rate(1 day)"], "The schedule's id is not valid"],
    [["schedules", "put", "t-1", "-w", "", "-e", "rate(1 day)"], "can't be the name of a workflow"],
    [["schedules", "put", "t-1", "-e", "rate(1 day)"], "--workflow <name>' not specified"],
    [["schedules", "put", "t-1", ...NIGHTLY], "--expression <text>' not specified"],
    [["schedules", "put", "t-1", ...NIGHTLY, "-e", "rate(5 minute)"], "write rate(5 minutes)"],
    [["schedules", "put", "t-1", ...NIGHTLY, "-e", "every day"], "neither rate(…) nor cron(…)"],
    [["schedules", "put", "t-1", ...NIGHTLY, "-e", "rate(1 day)", "--overlap", "queue"], "Allowed choices"],
    [["schedules", "put", "t-1", ...NIGHTLY, "-e", "rate(1 day)", "--timezone", "Mars"], "no time zone"],
    [["schedules", "put", "t-1", ...NIGHTLY, "-e", "rate(1 day)", "-i", "{"], "--input is no JSON"],
    [["schedules", "put", "t-1", ...NIGHTLY, "-e", "rate(1 day)", "--start-at", "soon"], "--start-at"],
    [
      [
        ...["schedules", "put", "t-1", ...NIGHTLY, "-e", "rate(1 day)"],
        ...["--start-at", "2099-02-01", "--end-at", "2099-01-01"],
      ],
      "is before startAt",
    ],
    [["schedules", "pause", ""], "The schedule's id is not valid"],
    [["schedules", "resume", ".t"], "The schedule's id is not valid"],
    [["schedules", "delete", "t/1"], "The schedule's id is not valid"],
    [["dead-letters", "list", "--limit", "0"], "--limit"],
    [["dead-letters", "retry"], "Which dead letters?"],
    [["dead-letters", "retry", "m-1", "--all"], "Which dead letters?"],
    [["show", ""], "is no execution id"],
    [["show", LONG], "is no execution id"],
    [["history", "o 1"], "is no execution id"],
    [["send", "", "--data", "{}"], "can't be the name of an event"],
    [["send", "paid", "--data", "[1]"], "expected an object"],
    [["send", "paid", "--data", "@wide.json"], "at most 255000 can be stored"],
    [["send", "paid", "--data", "{}", "--target", ""], "The execution id is not valid"],
    [["signal", "", "go"], "The execution id is not valid"],
    [["signal", "o-1", LONG], "Expected text of 1 to 256 bytes"],
    [["signal", "o-1", "go", "--id", ""], "The message's id is not valid"],
    [["signal", "o-1", "go", "--data", "@big.json"], "at most 32000000 can be stored"],
    [["update", "", "double"], "is no execution id"],
    [["update", "o-1", ""], "Expected text of 1 to 256 bytes"],
    [["update", "o-1", "double", "--id", LONG], "The message's id is not valid"],
    [["update", "o-1", "double", "--timeout", "soon"], "--timeout is no duration"],
    [["update", "o-1", "double", "--input", "@big.json"], "at most 32000000 can be stored"],
    [["pipeline", "start", ""], "can't be the name of a pipeline"],
    [["pipeline", "start", "release", "--trigger", "[7]"], "--trigger is no JSON object"],
    [["pipeline", "list", "--status", "completed"], "Allowed choices"],
    [["pipeline", "list", "--status", "SUCCEEDED"], "expected a workflow name"],
    [["pipeline", "list", "--cursor", "rubbish"], "The cursor is not valid"],
    [["pipeline", "show", ""], "is no execution id"],
    [["pipeline", "skip", "r-1"], "missing required argument 'stage'"],
    [["pipeline", "signal", "r-1", "judge"], "--name <name>' not specified"],
    [["pipeline", "signal", "r-1", "judge", "--name", "go", "--data", "7"], "--data is no JSON object"],
    [["pipeline", "cancel", "r-1", "--stage", "a", "--cancel-region", "b"], "Expected one of them"],
    [["cancel", ""], "is no execution id"],
    [["terminate", ""], "is no execution id"],
    [["pause", ""], "is no execution id"],
    [["resume", ""], "is no execution id"],
    [["redrive", ""], "is no execution id"],
    [["fork", "", "--from", "charge"], "is no execution id"],
    [["fork", "o-1", "--from", ""], "--from names no step"],
    [["fork", "o-1", "--from", "charge", "--id", "o 2"], "The execution id is not valid"],
  ])("%j", async (args, message) => {
    const { err, code } = await holdfast(args);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });
});

test("what the parser refuses looks like every other error, and names the help of that very command", async () => {
  const { err, code } = await runCommand(["schedules", "show"]);
  expect(err).toMatch(
    /^error missing required argument 'id'\n\(holdfast schedules show --help says what it takes\)$/,
  );
  expect(code).toBe(2);
  expect((await runCommand(["shwo"])).err).toContain(
    "(Did you mean show?)\n(holdfast --help says what it takes)",
  );
});
