/** The Outside of a process that is no function of the deployment: named resources, and a log that only warns, on the error stream. */
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { type Connection, connectionFrom } from "./connection.js";
import { type Names, readTimeScale } from "./environment.js";
import { jsonLog } from "./log.js";
import { type AwsOutside, createAwsOutside } from "./outside.js";

/** How a client reaches the deployment. */
export interface Reach {
  /** `AWS_…` and `HOLDFAST_…` variables to use instead of the process's own: those of a local cloud. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A document client of yours, with its own credentials, retries and middleware. */
  readonly documents?: DynamoDBDocumentClient;
}

export function clientOutside(names: Names, { environment, documents }: Reach = {}): AwsOutside {
  return createAwsOutside({
    names,
    connection: reachedBy(environment),
    time: readTimeScale(environment ?? process.env),
    ...(documents === undefined ? {} : { documents }),
    // What a client's process prints is its owner's; only what they must know is said, and not where results go.
    log: jsonLog({
      level: process.env.HOLDFAST_LOG_LEVEL ?? "warn",
      write: (line) => void process.stderr.write(line),
    }),
  });
}

/** Without an environment of its own, the SDK looks around by itself. */
export function reachedBy(environment: Readonly<Record<string, string>> | undefined): Connection {
  return environment === undefined ? {} : connectionFrom(environment);
}
