import type { StartedExecution, StartOptions } from "../../client/types.js";
import { checkExecutionId, checkName } from "../../model/ids.js";
import { checkedLabels } from "../../model/labels.js";
import { EXIT } from "../exit.js";
import { json, painted, shownValue } from "../format.js";
import { durationOption, readJson } from "../input.js";
import { connect, personsTime, type TargetOptions, withTarget } from "../target.js";
import type { Terminal } from "../terminal.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions {
  readonly input?: string;
  readonly id?: string;
  readonly delay?: string;
  readonly application?: string;
  readonly pipelineConfig?: string;
  readonly wait?: string | true;
  readonly failIfExists?: boolean;
  readonly json?: boolean;
}

/** `holdfast start`: through the start function, which knows the workflows and checks the input. */
export const addStart: AddCommand = (program, terminal) => {
  withTarget(program.command("start"))
    .summary("start an execution")
    .description("Starts an execution, or finds the one that an earlier start with the same id began.")
    .argument("<workflow>", "the workflow's name")
    .option("-i, --input <json>", "its input: JSON, @file, or - for standard input")
    .option("--id <id>", "the execution's id, a natural key of yours (default: a new one)")
    .option("--delay <duration>", "begin after this long, such as 90s, 15m or 3d")
    .option("-a, --application <name>", "the application that it runs for, to be listed by")
    .option("--pipeline-config <id>", "the configuration of a pipeline that it runs by, to be listed by")
    .option("-w, --wait [duration]", "wait for the end (default: as long as the function runs)")
    .option("--fail-if-exists", "refuse an id that is taken, even by the same workflow and input")
    .option("--json", "print JSON")
    .action(async (workflow: string, options: Options) => {
      const input = options.input === undefined ? undefined : await readJson(options.input, "--input");
      checkName("a workflow", workflow);
      const asked = startOptions(options);
      const client = await connect(options, terminal);
      const { wait } = asked;
      const started = await client.start(workflow, input, {
        ...asked,
        ...(wait === undefined || wait === true ? {} : { wait: await personsTime(options, wait) }),
      });
      if (options.json) terminal.out(json(started));
      else print(terminal, started, options.wait !== undefined);
      if (options.wait !== undefined) terminal.endWith(codeOf(started));
    });
};

function startOptions(options: Options): StartOptions {
  const { id, delay, wait, failIfExists, application, pipelineConfig } = options;
  return {
    ...(id === undefined ? {} : { id: checkExecutionId(id) }),
    ...(delay === undefined ? {} : { delay: durationOption(delay, "--delay") }),
    ...(wait === undefined ? {} : { wait: wait === true ? true : durationOption(wait, "--wait") }),
    ...(failIfExists === true ? { onConflict: "fail" as const } : {}),
    ...checkedLabels({ application, pipelineConfigId: pipelineConfig }),
  };
}

function print(terminal: Terminal, started: StartedExecution, waited: boolean): void {
  const { executionId, status, created, error } = started;
  const { colors } = terminal;
  terminal.out(
    `${executionId}  ${painted(colors, status)}${created ? "" : colors.dim("  (existed already)")}`,
  );
  if ("output" in started) terminal.out(shownValue(started.output));
  if (error !== undefined) terminal.out(`${colors.red(error.name)}: ${error.message}`);
  if (!waited) terminal.err(colors.dim(`Look at it with: holdfast show ${executionId}`));
}

function codeOf({ status }: StartedExecution): number {
  switch (status) {
    case "completed":
      return EXIT.ok;
    case "failed":
    case "cancelled":
    case "terminated":
    case "stalled":
      return EXIT.error;
    default:
      return EXIT.timeout;
  }
}
