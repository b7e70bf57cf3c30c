/** The Outside of a process that is no function of the deployment: named resources, and a log that only warns, on the error stream. */

import type { Connection } from "./connection.js";
import { type Names, readTimeScale } from "./environment.js";
import { jsonLog } from "./log.js";
import { type AwsOutside, createAwsOutside } from "./outside.js";

export function clientOutside(names: Names, connection: Connection = {}): AwsOutside {
  return createAwsOutside({
    names,
    connection,
    time: readTimeScale(process.env),
    // What a client's process prints is its owner's; only what they must know is said, and not where results go.
    log: jsonLog({
      level: process.env.HOLDFAST_LOG_LEVEL ?? "warn",
      write: (line) => void process.stderr.write(line),
    }),
  });
}
