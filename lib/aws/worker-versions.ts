/** The worker's published versions on AWS: which there are, and deleting those that nobody needs. */
import type { EpochMs } from "../model/time.js";
import { type CodeName, codeName } from "./code-name.js";
import { type Connection, clientSettings } from "./connection.js";

export interface WorkerVersion extends CodeName {
  /** What executions that are pinned to it have as their `pinnedTo`. */
  readonly code: string;
  readonly publishedAt: EpochMs;
}

/** Oldest first; without `$LATEST`. */
export async function listVersions(
  functionName: string,
  connection: Connection = {},
): Promise<WorkerVersion[]> {
  const { LambdaClient, ListVersionsByFunctionCommand } = await import("./holdfast-part-lambda.js");
  const client = new LambdaClient(clientSettings("lambda", connection));
  try {
    const found: WorkerVersion[] = [];
    for (let marker: string | undefined, first = true; first || marker !== undefined; first = false) {
      const page = await client.send(
        new ListVersionsByFunctionCommand({
          FunctionName: functionName,
          ...(marker === undefined ? {} : { Marker: marker }),
        }),
      );
      for (const { Version: version = "", LastModified: at = "" } of page.Versions ?? []) {
        const name = { functionName, version };
        if (/^\d+$/.test(version)) found.push({ ...name, code: codeName(name), publishedAt: Date.parse(at) });
      }
      marker = page.NextMarker;
    }
    return found.sort((one, other) => Number(one.version) - Number(other.version));
  } finally {
    client.destroy();
  }
}

export async function deleteVersion(
  { functionName, version }: CodeName,
  connection: Connection = {},
): Promise<void> {
  const { DeleteFunctionCommand, LambdaClient } = await import("./holdfast-part-lambda.js");
  const client = new LambdaClient(clientSettings("lambda", connection));
  try {
    await client.send(new DeleteFunctionCommand({ FunctionName: functionName, Qualifier: version }));
  } finally {
    client.destroy();
  }
}
