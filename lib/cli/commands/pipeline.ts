import { type Command, Option } from "commander";
import { checkListing } from "../../client/list.js";
import { checkExecutionId, checkName } from "../../model/ids.js";
import { checkedLabels, labelsOf } from "../../model/labels.js";
import type { PipelineClient, PipelineListOptions } from "../../pipeline/client/client.js";
import type { ListedStatus } from "../../pipeline/client/summary.js";
import type { JsonObject } from "../../pipeline/json-value.js";
import { UsageError } from "../exit.js";
import { json, painted } from "../format.js";
import { checkIdArgument, durationOption, instantArgument, readJson, readLimit } from "../input.js";
import { connect, deploymentNow, type TargetOptions, withTarget } from "../target.js";
import type { Terminal } from "../terminal.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions {
  readonly json?: boolean;
  readonly reason?: string;
}

interface StartOptions extends Options {
  readonly trigger?: string;
  readonly id?: string;
  readonly delay?: string;
  readonly application?: string;
  readonly pipelineConfig?: string;
}

interface ListOptions extends Options {
  readonly pipeline?: string;
  readonly application?: string;
  readonly pipelineConfig?: string;
  readonly status?: readonly ListedStatus[];
  readonly startedAfter?: Date;
  readonly startedBefore?: Date;
  readonly limit: number;
  readonly cursor?: string;
}

interface SignalOptions extends Options {
  readonly name: string;
  readonly data?: string;
  readonly transient?: boolean;
}

interface CancelOptions extends Options {
  readonly stage?: string;
  readonly cancelRegion?: string;
}

const STATUSES: readonly ListedStatus[] = ["RUNNING", "PAUSED", "SUCCEEDED", "TERMINAL", "CANCELED"];

/** What reads pipelines is loaded when it is needed: no other command waits for it. */
async function open(options: Options, terminal: Terminal): Promise<PipelineClient> {
  const [{ PipelineClient: Client }, client] = await Promise.all([
    import("../../pipeline/client/client.js"),
    connect(options, terminal),
  ]);
  return new Client(client);
}

/** `holdfast pipeline` */
export const addPipeline: AddCommand = (program, terminal) => {
  const pipeline = program
    .command("pipeline")
    .summary("start, look at and steer pipelines")
    .description(
      "Executions of pipelines: what their stages have come to, why they do not go on, and what to do.",
    );
  const sub = (name: string, summary: string): Command =>
    withTarget(pipeline.command(name)).summary(summary).description(summary).option("--json", "print JSON");
  addStart(sub("start", "start a pipeline"), terminal);
  addShow(sub("show", "draw a pipeline's stages: how they stand, and what they wait for"), terminal);
  addList(sub("list", "list executions of pipelines, newest first").alias("ls"), terminal);
  addControls(sub, terminal);
  addSignal(sub("signal", "signal a stage: one that is suspended goes on with it"), terminal);
};

function addStart(command: Command, terminal: Terminal): void {
  command
    .argument("<pipeline>", "the pipeline's name")
    .option("-t, --trigger <json>", "what its tasks see as pipeline.trigger: JSON, @file, or -")
    .option("--id <id>", "the execution's id, a natural key of yours (default: a new one)")
    .option("--delay <duration>", "begin after this long, such as 90s, 15m or 3d")
    .option("-a, --application <name>", "the application to be listed by (default: the pipeline's)")
    .option("--pipeline-config <id>", "the configuration to be listed by (default: the pipeline's)")
    .action(async (name: string, options: StartOptions) => {
      const trigger = options.trigger === undefined ? {} : await readObject(options.trigger, "--trigger");
      checkName("a pipeline", name);
      const { id, delay, application, pipelineConfig } = options;
      const asked = {
        ...(id === undefined ? {} : { id: checkExecutionId(id) }),
        ...(delay === undefined ? {} : { delay: durationOption(delay, "--delay") }),
        ...checkedLabels({ application, pipelineConfigId: pipelineConfig }),
      };
      const started = await (await open(options, terminal)).start(name, trigger, asked);
      if (options.json) return terminal.out(json(started));
      const { executionId, status, created } = started;
      const { colors } = terminal;
      terminal.out(
        `${executionId}  ${painted(colors, status)}${created ? "" : colors.dim("  (existed already)")}`,
      );
      terminal.err(colors.dim(`Look at it with: holdfast pipeline show ${executionId}`));
    });
}

function addShow(command: Command, terminal: Terminal): void {
  command
    .argument("<id>", "the execution's id")
    .option("--all", "leave nothing out: wide fans, many instances, parts that have not begun")
    .action(async (id: string, options: Options & { readonly all?: boolean }) => {
      checkIdArgument(id);
      const shown = await (await open(options, terminal)).show(id);
      if (options.json) return terminal.out(json(shown));
      const { printPipeline } = await import("../pipeline/print.js");
      const now = await deploymentNow(options);
      printPipeline(terminal, shown, { now, all: options.all ?? false });
    });
}

function addList(command: Command, terminal: Terminal): void {
  command
    .option("-f, --pipeline <name>", "only of this pipeline, those that have ended, too")
    .option("-a, --application <name>", "only of this application, those that have ended, too")
    .option("--pipeline-config <id>", "only by this configuration, those that have ended, too")
    .addOption(new Option("-s, --status <status...>", "only of these statuses").choices(STATUSES))
    .option("--started-after <instant>", "2026-01-31, or 2026-01-31 17:05, or later", instantArgument)
    .option("--started-before <instant>", "earlier", instantArgument)
    .option("-n, --limit <count>", "how many", readLimit, 20)
    .option("--cursor <cursor>", "where the page before ended")
    .action(async (options: ListOptions) => {
      const filter = filterOf(options);
      const { listingOf } = await import("../../pipeline/client/client.js");
      checkListing(listingOf(filter));
      const page = await (await open(options, terminal)).list(filter);
      if (options.json) return terminal.out(json(page));
      const { printPipelines } = await import("../pipeline/print.js");
      printPipelines(terminal, page);
    });
}

function filterOf(options: ListOptions): PipelineListOptions {
  const { pipeline, application, pipelineConfig, status, startedAfter, startedBefore, limit, cursor } =
    options;
  return {
    ...(pipeline === undefined ? {} : { pipeline }),
    ...labelsOf({ application, pipelineConfigId: pipelineConfig }),
    ...(status === undefined ? {} : { statuses: status }),
    ...(startedAfter === undefined ? {} : { startedAfter }),
    ...(startedBefore === undefined ? {} : { startedBefore }),
    limit,
    ...(cursor === undefined ? {} : { cursor }),
  };
}

function addControls(sub: (name: string, summary: string) => Command, terminal: Terminal): void {
  const why = (command: Command): Command =>
    command.argument("<id>", "the execution's id").option("-r, --reason <text>", "why, for its history");
  const said = (options: Options, answer: object, words: string): void =>
    terminal.out(options.json ? json(answer) : words);

  for (const [name, summary, words] of [
    ["pause", "let a pipeline begin nothing new", "pause"],
    ["resume", "let a paused pipeline go on", "go on"],
  ] as const)
    why(sub(name, summary)).action(async (id: string, options: Options) => {
      checkIdArgument(id);
      const { status } = await (await open(options, terminal))[name](id, byAndWhy(options));
      said(options, { executionId: id, status }, `asked ${id} to ${words}; it was ${status}`);
    });

  why(sub("cancel", "cancel a pipeline, or one of its stages, or those of a region"))
    .option("--stage <refId>", "only this stage, and what waits for it does not begin")
    // --region is AWS's.
    .option("--cancel-region <name>", "only the stages of this cancel region")
    .action(async (id: string, options: CancelOptions) => {
      checkIdArgument(id);
      const { stage, cancelRegion: region } = options;
      if (stage !== undefined && region !== undefined)
        throw new UsageError(
          "--stage and --cancel-region were both given. Expected one of them, or neither.",
        );
      const client = await open(options, terminal);
      if (stage === undefined && region === undefined) {
        const { status } = await client.cancel(id, byAndWhy(options));
        return said(options, { executionId: id, status }, `asked ${id} to cancel; it was ${status}`);
      }
      const stages =
        stage === undefined
          ? await client.cancelRegion(id, region ?? "", reasonIn(options))
          : await client.cancelStage(id, stage, reasonIn(options));
      said(options, { executionId: id, stages }, stagesIn(stages));
    });

  why(sub("skip", "end a stage SKIPPED: what waits for it goes on"))
    .argument("<stage>", "its refId")
    .action(async (id: string, stage: string, options: Options) => {
      checkIdArgument(id);
      const stages = await (await open(options, terminal)).skip(id, stage, reasonIn(options));
      said(options, { executionId: id, stages }, stagesIn(stages));
    });

  why(sub("restart", "make a stage that has ended anew, and all that comes after it"))
    .argument(
      "[stage]",
      "its refId (of an execution that has ended, by default: whatever failed or was canceled)",
    )
    .action(async (id: string, stage: string | undefined, options: Options) => {
      checkIdArgument(id);
      const answer = await (await open(options, terminal)).restart(id, stage, reasonIn(options));
      const { executionId } = answer;
      const words =
        executionId === id
          ? `${id} goes on from stage ${stage}`
          : `${id} has ended; ${executionId} goes on in its place${answer.created ? "" : " already"}`;
      said(options, answer, words);
      if (options.json !== true)
        terminal.err(terminal.colors.dim(`Look at it with: holdfast pipeline show ${executionId}`));
    });
}

function addSignal(command: Command, terminal: Terminal): void {
  command
    .argument("<id>", "the execution's id")
    .argument("<stage>", "its refId")
    .requiredOption("--name <name>", "what its task sees as signaled.name")
    .option("-d, --data <json>", "what it sees as signaled.data: a JSON object, @file, or -")
    .option("--transient", "refuse it where the stage does not wait, instead of keeping it until it does")
    .action(async (id: string, stage: string, options: SignalOptions) => {
      checkIdArgument(id);
      const { name, transient = false } = options;
      const data = options.data === undefined ? undefined : await readObject(options.data, "--data");
      const signal = { name, ...(data === undefined ? {} : { data }) };
      await (await open(options, terminal)).signal(id, stage, signal, { transient });
      const answer = { executionId: id, stage, ...signal };
      terminal.out(options.json ? json(answer) : `signalled stage ${stage} of ${id}: ${name}`);
    });
}

async function readObject(given: string, option: string): Promise<JsonObject> {
  const found = await readJson(given, option);
  if (typeof found === "object" && found !== null && !Array.isArray(found)) return found as JsonObject;
  throw new UsageError(`${option} is no JSON object. Expected one such as '{"version":7}'. Found: ${given}`);
}

function reasonIn({ reason }: Options): { readonly reason?: string } {
  return reason === undefined ? {} : { reason };
}

function byAndWhy(options: Options): { readonly by: string; readonly reason?: string } {
  return { by: "holdfast", ...reasonIn(options) };
}

function stagesIn(stages: Readonly<Record<string, string>>): string {
  return Object.entries(stages)
    .map(([refId, status]) => `stage ${refId} is ${status}`)
    .join("\n");
}
