/** `holdfast dev`: synthesize, bring the local cloud up, say what there is and what to type next, and end it cleanly. */
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type LocalCloudCore, startCloud } from "../../local/cloud.js";
import type { Notice } from "../../local/notices.js";
import type { DevOptions } from "../commands/dev.js";
import { removeLocalFile, writeLocalFile } from "../local-file.js";
import type { Terminal } from "../terminal.js";
import { printIgnored } from "./ignored.js";
import { shortName, shownLogLine } from "./log-lines.js";
import { synthesize } from "./synthesize.js";

export async function runDev(options: DevOptions, terminal: Terminal): Promise<void> {
  const { colors } = terminal;
  const stateDir = resolve(options.stateDir);
  // The SDK's advice about Node is for those who write against it.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

  const asked = stopAsked(terminal);
  const templates = await templatesFor(options, stateDir, terminal);
  const began = Date.now();
  terminal.err(colors.dim("Starting DynamoDB Local, the queues and the functions …"));
  const cloud = await startCloud({
    templates,
    stateDir,
    timeScale: options.timeScale,
    ...(options.inMemory === true ? { inMemory: true } : {}),
    ports: {
      ...(options.port === undefined ? {} : { gateway: options.port }),
      ...(options.dynamodbPort === undefined ? {} : { dynamodb: options.dynamodbPort }),
    },
    onLog: (line) => terminal.out(shownLogLine(line, colors)),
    onNotice: (notice) => terminal.err(shownNotice(notice, terminal)),
  });
  try {
    writeLocalFile(stateDir, {
      pid: process.pid,
      environment: cloud.environment,
      stacks: cloud.stacks.map(({ name }) => name),
    });
    printIgnored(cloud.ignored, terminal);
    printReady(cloud, options, Date.now() - began, terminal);
    await asked;
    terminal.err(colors.dim("Stopping …"));
  } finally {
    removeLocalFile(stateDir);
    await cloud.stop();
    if (options.inMemory === true && options.templates === undefined)
      rmSync(templates, { recursive: true, force: true });
  }
  terminal.err(
    options.inMemory === true
      ? "Stopped. Nothing was kept."
      : `Stopped. The state is kept in ${options.stateDir}; executions go on with the next holdfast dev.`,
  );
}

async function templatesFor(options: DevOptions, stateDir: string, terminal: Terminal): Promise<string> {
  if (options.templates !== undefined) return resolve(options.templates);
  terminal.err(terminal.colors.dim("Synthesizing the stacks …"));
  const directory = join(stateDir, "cdk.out");
  const { ms } = await synthesize(options.app, directory);
  terminal.err(`${terminal.colors.green("✓")} synthesized in ${seconds(ms)}`);
  return directory;
}

/** The first Ctrl-C ends everything in order; the second one is obeyed at once. */
function stopAsked(terminal: Terminal): Promise<void> {
  return new Promise((asked) => {
    let times = 0;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        times += 1;
        if (times > 1) process.exit(130);
        // The terminal has echoed ^C; what follows begins on a line of its own.
        if (signal === "SIGINT" && terminal.width !== undefined) terminal.err("");
        asked();
      });
    }
  });
}

function shownNotice({ level, text }: Notice, { colors }: Terminal): string {
  if (level === "error") return `${colors.red("error")} ${text}`;
  return level === "warning" ? `${colors.yellow("warning")} ${text}` : text;
}

function printReady(cloud: LocalCloudCore, options: DevOptions, ms: number, terminal: Terminal): void {
  const { colors } = terminal;
  terminal.err(`${colors.green("✓")} the local cloud is up, in ${seconds(ms)}`);
  terminal.err("");
  const line = (name: string, value: string) => terminal.err(`  ${colors.dim(name.padEnd(11))}${value}`);
  line("stacks", cloud.stacks.map(({ name }) => name).join(", "));
  line("functions", functionsOf(cloud).join(", ") || "none");
  line("DynamoDB", cloud.endpoints.AWS_ENDPOINT_URL_DYNAMODB ?? "");
  line("the rest", `${cloud.endpoints.AWS_ENDPOINT_URL ?? ""} (SQS, EventBridge, Scheduler, Lambda)`);
  line("state", options.inMemory === true ? "in memory" : options.stateDir);
  if (options.timeScale !== 1) line("time", `${options.timeScale} times faster`);
  terminal.err("");
  terminal.err("Next, in another terminal of this directory:");
  terminal.err(`  ${colors.bold("holdfast start <workflow> --input '{…}'")}   then: holdfast list`);
  terminal.err(colors.dim("Ctrl-C stops it. What the functions log follows."));
  terminal.err("");
}

/** Of the stacks' outputs: the names that the functions go by. */
function functionsOf(cloud: LocalCloudCore): string[] {
  return cloud.stacks.flatMap(({ outputs }) =>
    Object.keys(outputs).flatMap((key) => (key.endsWith("Function") ? [shortName(key)] : [])),
  );
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
