/** `holdfast dev`, as a process of its own: what it says to a program that reads it, and how it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
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

/** A process of the command that a program reads. */
class Dev {
  readonly lines: { type: string; [field: string]: unknown }[] = [];
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  #looks: () => void = () => {};

  constructor(args: readonly string[], cwd = process.cwd()) {
    const child = spawn(
      process.execPath,
      ["--import", import.meta.resolve("tsx"), MAIN, "dev", "--json", ...args],
      {
        cwd,
        env: { ...process.env, AWS_ENDPOINT_URL_DYNAMODB: inject("dynamodbEndpoint") },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.lines.push(JSON.parse(line));
      this.#looks();
    });
    this.ended = new Promise((resolve) => child.once("close", resolve));
    this.#child = child;
  }

  /** The line of that type that comes next, or came `nth` since the beginning. */
  async line(type: string, nth = 1): Promise<{ [field: string]: unknown }> {
    for (;;) {
      const found = this.lines.filter((line) => line.type === type)[nth - 1];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#looks = resolve;
        void this.ended.then(() => resolve());
      });
      if (this.#child.exitCode !== null && !this.lines.some((line) => line.type === type))
        throw new Error(`It ended without "${type}": ${JSON.stringify(this.lines)}`);
    }
  }

  async queues(): Promise<string[]> {
    const { endpoints } = await this.line("ready");
    const client = new SQSClient({
      region: "us-east-1",
      credentials: { accessKeyId: "x", secretAccessKey: "y" },
      endpoint: String(Object(endpoints).AWS_ENDPOINT_URL_SQS),
      maxAttempts: 1,
    });
    const { QueueUrls: urls = [] } = await client.send(new ListQueuesCommand({}));
    return urls.map((url) => url.split("/").at(-1) ?? "").sort();
  }

  interrupt(): Promise<number | null> {
    this.#child.kill("SIGINT");
    return this.ended;
  }
}

test("tells a program what happens, a line of JSON each, and at its end what went wrong", async () => {
  const queue = { Type: "AWS::SQS::Queue", Properties: { QueueName: "work" } };
  const templates = assembly({ App: { Resources: { Work: queue } } });
  const chaotic = ["--chaos", "1", "--chaos-seed", "7", "--in-memory", "--templates", templates];
  const dev = new Dev([...chaotic, "--state-dir", directory]);
  expect(await dev.line("ready")).toMatchObject({ chaos: { rate: 1, seed: 7 } });
  await dev.queues().catch(() => {});
  expect(await dev.interrupt()).toBe(0);
  const [chaos, stopped] = dev.lines.slice(-2);
  expect(chaos).toMatchObject({ type: "chaos", counts: { sqs: expect.anything() } });
  expect(stopped).toEqual({ type: "stopped" });
});

/** Stands for a project's CDK app: a stack with the queues that a file names. */
const SYNTHESIS = `
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
const { queues } = JSON.parse(readFileSync("queues.json", "utf8"));
const Resources = Object.fromEntries(queues.map((QueueName) => [QueueName, { Type: "AWS::SQS::Queue", Properties: { QueueName } }]));
const out = process.env.CDK_OUTDIR;
mkdirSync(out, { recursive: true });
const App = { type: "aws:cloudformation:stack", properties: { templateFile: "App.template.json" } };
writeFileSync(out + "/manifest.json", JSON.stringify({ version: "55.0.0", artifacts: { App } }));
writeFileSync(out + "/App.template.json", JSON.stringify({ Resources }));
`;

test("deploys what changes in the project, and goes on with what there was while that is broken", async () => {
  const project = mkdtempSync(join(tmpdir(), "holdfast-project-"));
  const write = (file: string, text: string): void => writeFileSync(join(project, file), text);
  write("synth.mjs", SYNTHESIS);
  write("queues.json", '{"queues":["first"]}');
  write("cdk.json", '{"app":"node synth.mjs"}');
  const dev = new Dev(["--in-memory"], project);
  try {
    expect(await dev.queues()).toEqual(["first"]);

    write("queues.json", '{"queues":["first","second"]}');
    expect(await dev.line("changed")).toMatchObject({ files: ["queues.json"] });
    await dev.line("deployed");
    expect(await dev.queues()).toEqual(["first", "second"]);

    write("queues.json", '{"queues":["first","seco');
    expect(await dev.line("failed")).toMatchObject({ error: expect.stringContaining("synth.mjs") });
    expect(await dev.queues()).toEqual(["first", "second"]);

    write("queues.json", '{"queues":["third"]}');
    await dev.line("deployed", 2);
    expect(await dev.queues()).toEqual(["third"]);
    expect(await dev.interrupt()).toBe(0);
  } finally {
    await dev.interrupt();
    rmSync(project, { recursive: true, force: true });
  }
});

test("deploys what changes while it comes up", async () => {
  const project = mkdtempSync(join(tmpdir(), "holdfast-project-"));
  const write = (file: string, text: string): void => writeFileSync(join(project, file), text);
  write("queues.json", '{"queues":["first"]}');
  // Once the first synthesis has read what there is, somebody saves something else.
  write(
    "synth.mjs",
    `${SYNTHESIS}\nif (queues[0] === "first") writeFileSync("queues.json", '{"queues":["second"]}');`,
  );
  write("cdk.json", '{"app":"node synth.mjs"}');
  const dev = new Dev(["--in-memory"], project);
  try {
    expect(await dev.line("changed")).toMatchObject({ files: ["queues.json"] });
    await dev.line("deployed");
    expect(await dev.queues()).toEqual(["second"]);
  } finally {
    await dev.interrupt();
    rmSync(project, { recursive: true, force: true });
  }
});

test("ends in order when it is interrupted before it is up, and the CDK app with it", async () => {
  const project = mkdtempSync(join(tmpdir(), "holdfast-project-"));
  const write = (file: string, text: string): void => writeFileSync(join(project, file), text);
  write(
    "synth.mjs",
    'import { existsSync } from "node:fs"; setInterval(() => existsSync("interrupted") && process.exit(1), 10);',
  );
  write("cdk.json", '{"app":"node synth.mjs"}');
  const dev = new Dev(["--in-memory"], project);
  try {
    await dev.line("progress");
    const ended = dev.interrupt();
    write("interrupted", "");
    expect(await ended).toBe(0);
    expect(dev.lines.at(-1)).toEqual({ type: "stopped" });
  } finally {
    write("interrupted", "");
    await dev.interrupt();
    rmSync(project, { recursive: true, force: true });
  }
});
