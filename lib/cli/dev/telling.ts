/** What `holdfast dev` says while it runs: to people, or to programs. */
import { isMetricLine } from "../../aws/emf.js";
import type { LocalCloudCore } from "../../local/cloud.js";
import type { LogLine, Notice } from "../../local/notices.js";
import type { Ignored } from "../../local/template/plan.js";
import type { DevOptions } from "../commands/dev.js";
import { messageOf } from "../exit.js";
import type { Terminal } from "../terminal.js";
import { type ChaosCounts, shownChaos } from "./chaos.js";
import { printIgnored } from "./ignored.js";
import { shortName, shownLogLine } from "./log-lines.js";
import type { Reloading } from "./reload.js";

export interface Telling {
  progress(text: string): void;
  log(line: LogLine): void;
  notice(notice: Notice): void;
  ready(cloud: LocalCloudCore, tookMs: number): void;
  /** What has gone wrong on purpose until now. */
  chaos(counts: ChaosCounts): void;
  onUnwatchable(error: Error): void;
  /** What becomes of changes in the project's files. */
  readonly reloading: Omit<Reloading, "synthesize" | "deploy">;
  stopped(): void;
}

export function tellingOf(options: DevOptions, terminal: Terminal): Telling {
  return options.json === true ? toPrograms(options, terminal) : toPeople(options, terminal);
}

export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

function toPeople(options: DevOptions, terminal: Terminal): Telling {
  const { colors } = terminal;
  return {
    progress: (text) => terminal.err(colors.dim(text)),
    // Metrics are for CloudWatch; programs get them with the rest.
    log: (line) => {
      if (!isMetricLine(line.text)) terminal.out(shownLogLine(line, colors));
    },
    notice: ({ level, text }) => {
      if (level === "error") terminal.err(`${colors.red("error")} ${text}`);
      else terminal.err(level === "warning" ? `${colors.yellow("warning")} ${text}` : text);
    },
    ready: (cloud, tookMs) => {
      printIgnored(cloud.ignored, terminal);
      printReady(cloud, options, tookMs, terminal);
    },
    chaos: (counts) => terminal.err(`${colors.yellow("chaos")} ${shownChaos(counts)}`),
    reloading: {
      onChange: (files) => terminal.err(colors.dim(`${shownFiles(files)} changed: deploying …`)),
      onDeployed: (ms) =>
        terminal.err(
          `${colors.green("✓")} deployed in ${seconds(ms)}; executions go on with it from their next turn`,
        ),
      onFailure: (error) =>
        terminal.err(
          `${colors.red("error")} ${messageOf(error)}\n${colors.dim("What was deployed before goes on. The next change is tried again.")}`,
        ),
    },
    onUnwatchable: (error) =>
      terminal.err(
        `${colors.yellow("warning")} Files can't be watched (${error.message}), so what changes is not deployed. Stop this, and start it again, to deploy.`,
      ),
    stopped: () =>
      terminal.err(
        options.inMemory === true
          ? "Stopped. Nothing was kept."
          : `Stopped. The state is kept in ${options.stateDir}; executions go on with the next holdfast dev.`,
      ),
  };
}

function shownFiles(files: readonly string[]): string {
  const [first = "a file", ...others] = files;
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

function printReady(cloud: LocalCloudCore, options: DevOptions, tookMs: number, terminal: Terminal): void {
  const { colors } = terminal;
  terminal.err(`${colors.green("✓")} the local cloud is up, in ${seconds(tookMs)}`);
  terminal.err("");
  const line = (name: string, value: string) => terminal.err(`  ${colors.dim(name.padEnd(11))}${value}`);
  line("stacks", cloud.stacks.map(({ name }) => name).join(", "));
  line("functions", functionsOf(cloud).join(", ") || "none");
  line("DynamoDB", cloud.endpoints.AWS_ENDPOINT_URL_DYNAMODB ?? "");
  line("the rest", `${cloud.endpoints.AWS_ENDPOINT_URL ?? ""} (SQS, EventBridge, Scheduler, Lambda)`);
  line("state", options.inMemory === true ? "in memory" : options.stateDir);
  if (options.timeScale !== 1) line("time", `${options.timeScale} times faster`);
  if (cloud.chaos !== undefined) {
    const { rate, seed } = cloud.chaos.settings;
    line("chaos", `at a rate of ${rate}; the same again: --chaos ${rate} --chaos-seed ${seed}`);
  }
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

/** Each line is an object, and `type` says what happened. */
function toPrograms(options: DevOptions, terminal: Terminal): Telling {
  const tell = (type: string, fields: object): void => terminal.out(JSON.stringify({ type, ...fields }));
  return {
    progress: (text) => tell("progress", { text }),
    log: (line) => tell("log", line),
    notice: (notice) => tell("notice", notice),
    ready: (cloud, tookMs) => {
      const { endpoints, chaos } = cloud;
      const ignored: readonly Ignored[] = cloud.ignored;
      tell("ready", {
        tookMs,
        stacks: cloud.stacks.map(({ name }) => name),
        functions: functionsOf(cloud),
        endpoints,
        timeScale: options.timeScale,
        ...(options.inMemory === true ? {} : { stateDir: options.stateDir }),
        ...(chaos === undefined ? {} : { chaos: chaos.settings }),
        ignored,
      });
    },
    chaos: (counts) => tell("chaos", { counts }),
    reloading: {
      onChange: (files) => tell("changed", { files }),
      onDeployed: (tookMs) => tell("deployed", { tookMs }),
      onFailure: (error) => tell("failed", { error: messageOf(error) }),
    },
    onUnwatchable: (error) => tell("unwatchable", { error: error.message }),
    stopped: () => tell("stopped", {}),
  };
}
