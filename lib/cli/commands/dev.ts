import { InvalidArgumentError } from "commander";
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
}

/** `holdfast dev` */
export const addDev: AddCommand = (program, terminal) => {
  program
    .command("dev")
    .summary("run this project's stacks on this machine")
    .description(
      "Synthesizes this project's stacks and runs what they describe on this machine: the functions as processes, the real DynamoDB Local, and queues, bus and scheduler beside it. The other commands talk to it while it runs.",
    )
    .option("--app <command>", "the CDK app's command (default: the one in cdk.json)")
    .option("--templates <directory>", "use these templates, and synthesize nothing")
    .option("--in-memory", "keep nothing on disk; several times faster")
    .option("--time-scale <factor>", "how many times faster than the wall time runs", factor, 1)
    .option("--port <port>", "where everything but DynamoDB answers (default: a free one, kept)", port)
    .option("--dynamodb-port <port>", "where DynamoDB answers (default: a free one)", port)
    .option("--state-dir <directory>", "where the state is kept", STATE_DIRECTORY)
    .action(async (options: DevOptions) => {
      const { runDev } = await import("../dev/run.js");
      await runDev(options, terminal);
    });
};

function factor(given: string): number {
  const value = Number(given);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("Expected a number above 0, such as 60.");
}

function port(given: string): number {
  const value = Number(given);
  if (Number.isInteger(value) && value >= 1 && value <= 65_535) return value;
  throw new InvalidArgumentError("Expected a port from 1 to 65535.");
}
