import { InvalidArgumentError } from "commander";
import { UsageError } from "../exit.js";
import { STATE_DIRECTORY } from "../local-file.js";
import type { AddCommand } from "./command.js";

export interface DevOptions {
  readonly app?: string;
  readonly templates?: string;
  readonly inMemory?: boolean;
  readonly timeScale: number;
  readonly port?: number;
  readonly dynamodbPort?: number;
  readonly stateDir: string;
  readonly chaos?: number;
  readonly chaosSeed?: number;
  readonly reload: boolean;
  readonly json?: boolean;
}

/** `holdfast dev` */
export const addDev: AddCommand = (program, terminal) => {
  program
    .command("dev")
    .summary("run this project's stacks on this machine")
    .description(
      "Synthesizes this project's stacks and runs what they describe on this machine: the functions as processes, the real DynamoDB Local, and queues, bus and scheduler beside it. What changes in the project is deployed under the executions that run. The other commands talk to it while it runs.",
    )
    .option("--app <command>", "the CDK app's command (default: the one in cdk.json)")
    .option("--templates <directory>", "use these templates, and synthesize nothing")
    .option("--no-reload", "deploy nothing anew when files of the project change")
    .option("--in-memory", "keep nothing on disk; several times faster")
    .option("--time-scale <factor>", "how many times faster than the wall time runs", factor, 1)
    .option("--port <port>", "where everything but DynamoDB answers (default: a free one, kept)", port)
    .option("--dynamodb-port <port>", "where DynamoDB answers (default: a free one)", port)
    .option("--state-dir <directory>", "where the state is kept", STATE_DIRECTORY)
    .option("--chaos <rate>", "let that part of all calls and deliveries go wrong, such as 0.05", rate)
    .option("--chaos-seed <seed>", "what went wrong before goes wrong again (default: a random one)", seed)
    .option("--json", "print JSON, a line for each thing that happens")
    .action(async (options: DevOptions) => {
      if (options.chaosSeed !== undefined && options.chaos === undefined)
        throw new UsageError(
          "--chaos-seed says which things go wrong, and nothing does without --chaos. Add, for example, --chaos 0.05.",
        );
      const { runDev } = await import("../dev/run.js");
      await runDev(options, terminal);
    });
};

function factor(given: string): number {
  const value = Number(given);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("Expected a number above 0, such as 60.");
}

function rate(given: string): number {
  const value = Number(given);
  if (given.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("Expected a probability from 0 to 1, such as 0.05.");
}

function seed(given: string): number {
  const value = Number(given);
  if (/^\d+$/.test(given) && value < 2 ** 32) return value;
  throw new InvalidArgumentError("Expected a whole number from 0 to 4294967295.");
}

function port(given: string): number {
  const value = Number(given);
  if (Number.isInteger(value) && value >= 1 && value <= 65_535) return value;
  throw new InvalidArgumentError("Expected a port from 1 to 65535.");
}
