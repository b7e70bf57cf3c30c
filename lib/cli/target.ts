/** Which deployment a command talks to: the local cloud of this directory while it runs, else a stack on AWS. */
import type { Command } from "commander";
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
  const local = options.aws === true ? undefined : readLocalFile(options.stateDir);
  const settings = options.deployment === undefined ? {} : { deployment: options.deployment };
  if (local === undefined) {
    if (options.profile !== undefined) process.env.AWS_PROFILE = options.profile;
    if (options.region !== undefined) process.env.AWS_REGION = options.region;
    return DurableClient.fromStack(options.stack, settings);
  }
  const stack = await stackHere(options.stack, local.stacks);
  if (terminal.width !== undefined) terminal.err(terminal.colors.dim(`local cloud, stack ${stack}`));
  return DurableClient.fromStack(stack, { ...settings, environment: local.environment });
}

/** Locally the names are few and known: the default need not fit a project that calls its stack otherwise. */
async function stackHere(wanted: string, known: readonly string[]): Promise<string> {
  if (known.includes(wanted) || wanted !== DEFAULT_STACK) return wanted;
  return known.at(-1) ?? wanted;
}
