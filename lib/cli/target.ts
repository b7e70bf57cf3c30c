/** Which deployment a command talks to: the local cloud of this directory while it runs, else a stack on AWS. */
import type { Command } from "commander";
import { reachedBy } from "../aws/client-outside.js";
import type { Connection } from "../aws/connection.js";
import type { Names } from "../aws/environment.js";
import { type EventQueue, eventQueue } from "../aws/event-queue.js";
import { type EventConsumer, eventQueuesIn, eventQueueUrls } from "../aws/outside.js";
import { namesOfStack } from "../aws/stack-names.js";
import { DurableClient } from "../client/client.js";
import { readLocalFile, STATE_DIRECTORY } from "./local-file.js";
import type { Terminal } from "./terminal.js";

export interface TargetOptions {
  readonly stack: string;
  readonly deployment?: string;
  readonly aws?: boolean;
  readonly profile?: string;
  readonly region?: string;
  readonly stateDir: string;
}

const DEFAULT_STACK = "HoldfastRuntime";

/** Adds what every command about executions can be told of where they are. */
export function withTarget(command: Command): Command {
  return command
    .option("--stack <name>", "the stack that holds the DurableFunctions construct", DEFAULT_STACK)
    .option("--deployment <prefix>", "which construct, when a stack holds several: the prefix of its outputs")
    .option("--aws", "talk to AWS even while a local cloud runs here")
    .option("--profile <name>", "AWS profile (default: AWS_PROFILE)")
    .option("--region <name>", "AWS region (default: AWS_REGION)")
    .option("--state-dir <directory>", "where the local cloud keeps its state", STATE_DIRECTORY);
}

export async function connect(options: TargetOptions, terminal: Terminal): Promise<DurableClient> {
  const { stack, environment } = await find(options, terminal);
  return DurableClient.fromStack(stack, {
    ...(options.deployment === undefined ? {} : { deployment: options.deployment }),
    ...(environment === undefined ? {} : { environment }),
  });
}

/** The deployment's queues of events: those of deliver, and those of start, as far as its app declares any. */
export async function connectEvents(
  options: TargetOptions,
  terminal: Terminal,
): Promise<ReadonlyMap<EventConsumer, EventQueue>> {
  const { stack, connection } = await find(options, terminal);
  const names = await namesOfStack(stack, { deployment: options.deployment, connection });
  return new Map(
    eventQueuesIn(names).map((which) => [which, eventQueue(eventQueueUrls(names, which), connection)]),
  );
}

/** The names of the deployment's resources, and how they are reached. */
export async function targetOf(
  options: TargetOptions,
  terminal: Terminal,
): Promise<{ readonly names: Names; readonly connection: Connection }> {
  const { stack, connection } = await find(options, terminal);
  return { names: await namesOfStack(stack, { deployment: options.deployment, connection }), connection };
}

interface Found {
  readonly stack: string;
  /** Of a local cloud; undefined on AWS. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly connection: Connection;
}

async function find(options: TargetOptions, terminal: Terminal): Promise<Found> {
  const local = options.aws === true ? undefined : readLocalFile(options.stateDir);
  if (local === undefined) {
    if (options.profile !== undefined) process.env.AWS_PROFILE = options.profile;
    if (options.region !== undefined) process.env.AWS_REGION = options.region;
    return { stack: options.stack, connection: {} };
  }
  const stack = await stackHere(options.stack, local.stacks);
  if (terminal.width !== undefined) terminal.err(terminal.colors.dim(`local cloud, stack ${stack}`));
  const { environment } = local;
  return { stack, environment, connection: reachedBy(environment) };
}

/** Locally the names are few and known: the default need not fit a project that calls its stack otherwise. */
async function stackHere(wanted: string, known: readonly string[]): Promise<string> {
  if (known.includes(wanted) || wanted !== DEFAULT_STACK) return wanted;
  return known.at(-1) ?? wanted;
}
