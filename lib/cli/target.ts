/**
 * Which deployment a command talks to: the local cloud of this directory while it runs, else a stack on AWS. The SDK and the client are
 * loaded when a command connects: help, completion and a wrong command line wait for neither.
 */
import { type Command, Option } from "commander";
import type { SystemClock } from "../aws/clock.js";
import type { Connection } from "../aws/connection.js";
import type { Names } from "../aws/environment.js";
import { SettingMissingError } from "../aws/setting-missing-error.js";
import type { DurableClient } from "../client/client.js";
import { type Duration, durationMs, LONGEST_DURATION_MS } from "../model/time.js";
import { readLocalFile, STATE_DIRECTORY } from "./local-file.js";
import type { Terminal } from "./terminal.js";

export interface TargetOptions {
  readonly stack: string;
  readonly deployment?: string;
  readonly aws?: boolean;
  readonly profile?: string;
  readonly region?: string;
  readonly stateDir: string;
  readonly codec?: string;
}

export const DEFAULT_STACK = "HoldfastRuntime";
const HEADING = "Which deployment:";

/** Adds what every command about executions can be told of where they are. */
export function withTarget(command: Command): Command {
  const options = [
    new Option("--stack <name>", "the stack that holds the DurableFunctions construct")
      .env("HOLDFAST_STACK")
      .default(DEFAULT_STACK),
    new Option("--deployment <prefix>", "which construct, when a stack holds several: its outputs' prefix"),
    new Option("--aws", "talk to AWS even while a local cloud runs here"),
    new Option("--profile <name>", "AWS profile (default: AWS_PROFILE)"),
    new Option("--region <name>", "AWS region (default: AWS_REGION)"),
    new Option("--state-dir <directory>", "where the local cloud keeps its state").default(STATE_DIRECTORY),
    new Option("--codec <file>", "the app's codec, or the app, where values are sealed").env(
      "HOLDFAST_CODEC",
    ),
  ];
  for (const option of options) command.addOption(option.helpGroup(HEADING));
  return command;
}

export async function connect(options: TargetOptions, terminal: Terminal): Promise<DurableClient> {
  const target = findTarget(options, terminal);
  checkIsHere(target);
  const { stack, environment } = target;
  const { DurableClient: Client } = await import("../client/client.js");
  const codec =
    options.codec === undefined ? undefined : await (await import("./codec.js")).loadCodec(options.codec);
  return Client.fromStack(stack, {
    ...(codec === undefined ? {} : { codec }),
    ...(options.deployment === undefined ? {} : { deployment: options.deployment }),
    ...(environment === undefined ? {} : { environment }),
  });
}

/** The names of the deployment's resources, and how they are reached. */
export async function targetOf(
  options: TargetOptions,
  terminal: Terminal,
): Promise<{ readonly names: Names; readonly connection: Connection }> {
  const target = findTarget(options, terminal);
  checkIsHere(target);
  const { namesOfStack } = await import("../aws/stack-names.js");
  const connection = await connectionOf(target);
  const { deployment } = options;
  return { names: await namesOfStack(target.stack, { deployment, connection }), connection };
}

export interface Target {
  readonly stack: string;
  /** Of a local cloud; undefined on AWS. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The stacks of a local cloud. */
  readonly known?: readonly string[];
}

/** Who was told which deployment it is: a command may look it up more than once. */
const informed = new WeakSet<Terminal>();

/** Asks nobody: whether the stack is there is found out by who connects. */
export function findTarget(options: TargetOptions, terminal: Terminal): Target {
  const local = options.aws === true ? undefined : readLocalFile(options.stateDir);
  if (local === undefined) {
    if (options.profile !== undefined) process.env.AWS_PROFILE = options.profile;
    if (options.region !== undefined) process.env.AWS_REGION = options.region;
    return { stack: options.stack };
  }
  const stack = stackHere(options.stack, local.stacks);
  if (terminal.width !== undefined && !informed.has(terminal)) {
    informed.add(terminal);
    terminal.err(terminal.colors.dim(`local cloud, stack ${stack}`));
  }
  return { stack, environment: local.environment, known: local.stacks };
}

/** A name that is meant for AWS, such as that of HOLDFAST_STACK, is not sought in an account that is none. Throws `SettingMissingError`. */
export function checkIsHere({ stack, known }: Target): void {
  if (known === undefined || known.includes(stack)) return;
  throw new SettingMissingError(
    `There is no stack "${stack}" in the local cloud of this directory, which has ${known.join(", ") || "none"}.`,
    "Check the name (--stack, or HOLDFAST_STACK); for a stack on AWS, add --aws.",
  );
}

/** The deployment's time: that of a local cloud may run faster. */
export async function deploymentNow(options: TargetOptions): Promise<number> {
  return (await deploymentClock(options)).now();
}

/** Tells the deployment's time, and how much of it passes in a person's. */
export async function deploymentClock(
  options: TargetOptions,
): Promise<Pick<SystemClock, "now" | "fromReal">> {
  const local = options.aws === true ? undefined : readLocalFile(options.stateDir);
  const [{ systemClock }, { readTimeScale }] = await Promise.all([
    import("../aws/clock.js"),
    import("../aws/environment.js"),
  ]);
  return systemClock(readTimeScale(local?.environment ?? process.env));
}

/** As long as that of a person's time, in the deployment's. */
export async function personsTime(options: TargetOptions, length: Duration): Promise<Duration> {
  const clock = await deploymentClock(options);
  return { milliseconds: Math.min(clock.fromReal(durationMs(length)), LONGEST_DURATION_MS) };
}

/** The connection of what was found. */
export async function connectionOf({ environment }: Target): Promise<Connection> {
  const { reachedBy } = await import("../aws/client-outside.js");
  return reachedBy(environment);
}

/** Locally the names are few and known: the default need not fit a project that calls its stack otherwise. */
function stackHere(wanted: string, known: readonly string[]): string {
  if (known.includes(wanted) || wanted !== DEFAULT_STACK) return wanted;
  return known.at(-1) ?? wanted;
}
