/**
 * The local cloud: reads synthesized templates, starts what they describe, and ends it without a trace.
 *
 * Owns the order of things. Up: the JVM (the slowest) starts while the templates are read; targets exist
 * before anything can fire at them; what polls starts last. Down: what polls stops first, functions get a
 * short grace with all services still up, state is saved, then the services end.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { REGION } from "./arn.js";
import { Chaos, type ChaosCounts } from "./chaos/chaos.js";
import { startDynamoDbProxy } from "./chaos/dynamodb-proxy.js";
import { type ChaosOptions, type ChaosSettings, chaosSettings } from "./chaos/settings.js";
import { chooseOrigin, scaledClock } from "./clock.js";
import type { StackInfo } from "./cloudformation.js";
import { startDynamoDb } from "./dynamodb.js";
import { endpointVariables, environmentOf } from "./environment.js";
import { Gateway } from "./gateway.js";
import { begun, refused } from "./lambda/not-begun.js";
import type { ProcessInfo } from "./lambda/pool.js";
import type { Outcome } from "./lambda/sandbox.js";
import type { LogLine, Notice, Notify } from "./notices.js";
import { type Ground, prepare, run } from "./running.js";
import { StateFile } from "./state.js";
import { readAssembly } from "./template/assembly.js";
import type { Ignored } from "./template/plan.js";

/** What runs, where its state is kept, and how fast its time goes. */
export interface CloudOptions {
  /** A directory of synthesized templates: the output of `cdk synth`. */
  readonly templates: string;
  /** Nothing is read from or written to the disk's state, which is also several times faster. */
  readonly inMemory?: boolean;
  /** Where the state is kept; `.holdfast` by default. */
  readonly stateDir?: string;
  /** How many times faster than the wall delays, visibility and schedules run; 1 by default. */
  readonly timeScale?: number;
  readonly ports?: { readonly gateway?: number; readonly dynamodb?: number };
  /** A DynamoDB that runs already (or a proxy before one), instead of one that is started here. */
  readonly dynamodbEndpoint?: string;
  /** What goes wrong on purpose; nothing by default. */
  readonly chaos?: ChaosOptions;
  /** Letters and digits only. DynamoDB Local keeps a separate database for each. */
  readonly accessKeyId?: string;
  /** How long running functions may go on once the cloud is told to stop; 2 s by default. */
  readonly graceMs?: number;
  /** Told of each line that a function logs. */
  readonly onLog?: (line: LogLine) => void;
  /** Told what whoever runs the cloud should know. */
  readonly onNotice?: (notice: Notice) => void;
}

/** The functions of the templates, as processes. */
export interface LocalFunctions {
  /** Invokes by physical name or logical id, and waits for the end. */
  invoke(name: string, payload: unknown): Promise<Outcome>;
  /** Sends a signal to every process of a function; says to how many. */
  kill(name: string, signal?: NodeJS.Signals): number;
  /** All that are there now, busy or warm. */
  processes(): ProcessInfo[];
}

/** A local cloud that runs. */
export interface LocalCloudCore {
  /** `AWS_ENDPOINT_URL_*` variables. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** The endpoints, fake credentials, the region and the clock: all that a client's process needs. */
  readonly environment: Readonly<Record<string, string>>;
  readonly stacks: readonly StackInfo[];
  /** What of the templates has no effect here. */
  readonly ignored: readonly Ignored[];
  readonly functions: LocalFunctions;
  /** What went wrong on purpose until now, and by which settings; `undefined` without chaos. */
  readonly chaos:
    | {
        readonly settings: ChaosSettings;
        readonly counts: ChaosCounts;
        /** Nothing more goes wrong from here on; clocks stay as wrong as they are. */
        calm(): void;
      }
    | undefined;
  /** The cloud's own time, in ms since 1970. */
  now(): number;
  /**
   * Replaces what runs by what the templates of another directory describe. Functions that run may end first, for as long as at a stop; calls from
   * outside wait for a moment. Tables, queues and schedules keep what they hold, and versions of functions that were published stay.
   * @throws TemplateError, AssemblyError: what ran before goes on
   */
  deploy(templates: string): Promise<void>;
  /** Ends all processes; what is under way is kept on the disk, unless it is in memory. */
  stop(): Promise<void>;
}

const ACCESS_KEY_ID = "holdfastlocal";
const GRACE_MS = 2_000;

/**
 * Runs synthesized templates on this machine. What was begun is ended again when the start fails.
 * @throws TemplateError, AssemblyError for templates that would be misread; JavaMissingError, DynamoDbLocalMissingError for what must be installed;
 * StateError when another cloud uses the directory
 */
export const startCloud = async (options: CloudOptions): Promise<LocalCloudCore> => {
  const timeScale = options.timeScale ?? 1;
  if (!(timeScale > 0)) throw new Error(`The time scale must be a number above 0, and was ${timeScale}.`);
  const disturbance = chaosSettings(options.chaos);
  const chaos = disturbance === undefined ? undefined : new Chaos(disturbance);
  const templates = readAssembly(options.templates);
  const undo: (() => unknown)[] = [];
  const unwind = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return await start({ ...options, timeScale, disturbedBy: chaos }, templates, undo, unwind);
  } catch (error) {
    await unwind();
    throw error;
  }
};

type Settled = CloudOptions & { readonly timeScale: number; readonly disturbedBy: Chaos | undefined };

const start = async (
  options: Settled,
  templates: ReturnType<typeof readAssembly>,
  undo: (() => unknown)[],
  unwind: () => Promise<void>,
): Promise<LocalCloudCore> => {
  const notify: Notify = (level, text) => options.onNotice?.({ level, text });
  const { timeScale, disturbedBy: chaos, graceMs = GRACE_MS } = options;
  const { file, workDir, versionsDir, objectsDir, database } = openStorage(options, undo);
  const saved = file?.load();

  const clock = scaledClock({
    scale: timeScale,
    originMs: chooseOrigin(saved?.clock, timeScale, Date.now()),
  });
  const gateway = await Gateway.listen(options.ports?.gateway ?? saved?.port, notify);
  undo.push(() => gateway.close());
  let changed = (): void => {};
  const accessKeyId = options.accessKeyId ?? ACCESS_KEY_ID;
  const before = { clock, gateway, workDir, versionsDir, objectsDir, chaos, notify };
  const unconnected = {
    ...before,
    onLog: options.onLog ?? (() => {}),
    changed: () => changed(),
    durable: (): Promise<void> => file?.saved() ?? Promise.resolve(),
  };
  // Before the database is there: what is wrong with the templates is told at once.
  const first = prepare(unconnected, templates, saved);

  const dynamodb = await database;
  let reached = dynamodb.endpoint;
  if (chaos !== undefined) {
    const proxy = await startDynamoDbProxy(reached, options.ports?.dynamodb ?? 0, chaos, notify);
    undo.push(() => proxy.close());
    reached = proxy.endpoint;
  }
  const endpoints = endpointVariables(gateway.endpoint, reached);
  const environment = environmentOf(endpoints, accessKeyId, clock);

  const credentials = { accessKeyId, secretAccessKey: "local" };
  const tables = new DynamoDBClient({ endpoint: dynamodb.endpoint, region: REGION, credentials });
  const streams = new DynamoDBStreamsClient({ endpoint: dynamodb.endpoint, region: REGION, credentials });
  undo.push(() => [tables.destroy(), streams.destroy()]);
  const ground: Ground = { ...unconnected, tables, streams, environment };

  let running = await run(ground, first, saved);
  undo.push(() => running.services.functions.stop(0));
  if (file !== undefined) {
    const onFailure = (error: unknown): void =>
      notify("error", `The state could not be saved: ${String(error)}`);
    changed = () => file.saveSoon(() => running.snapshot(), onFailure);
  }
  changed();

  const replace = async (directory: string): Promise<void> => {
    const next = readAssembly(directory);
    prepare(ground, next, running.snapshot());
    const left = await running.stop(graceMs);
    try {
      running = await run(ground, prepare(ground, next, left), left);
    } catch (error) {
      running = await run(ground, prepare(ground, templates, left), left);
      throw error;
    }
    templates = next;
    changed();
  };
  // One after the other, and the end after the last of them.
  let last: Promise<unknown> = Promise.resolve();
  const inOrder = (action: () => Promise<void>): Promise<void> => {
    const done = last.then(action);
    last = done.catch(() => {});
    return done;
  };

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    gateway.end();
    const left = await running.stop(graceMs);
    changed = () => {};
    file?.save(left);
    await unwind();
  };
  return {
    endpoints,
    environment,
    get stacks() {
      return running.stacks;
    },
    get ignored() {
      return running.ignored;
    },
    functions: {
      invoke: (name, payload) =>
        gateway
          .ask(async ({ functions }) => begun(await functions.invoke(name, JSON.stringify(payload ?? {}))))
          .catch(refused),
      kill: (name, signal = "SIGKILL") => running.services.functions.kill(name, signal),
      processes: () => running.services.functions.processes(),
    },
    chaos,
    now: () => clock.now(),
    deploy: (directory) => inOrder(() => replace(directory)),
    stop: () => {
      stopped ??= inOrder(stop);
      return stopped;
    },
  };
};

/** The directory, and the JVM, which starts at once: everything else is faster. */
const openStorage = (options: Settled, undo: (() => unknown)[]) => {
  const inMemory = options.inMemory ?? false;
  const directory = inMemory
    ? mkdtempSync(join(tmpdir(), "holdfast-"))
    : resolve(options.stateDir ?? ".holdfast");
  const file = inMemory ? undefined : StateFile.open(directory);
  undo.push(() => (file === undefined ? rmSync(directory, { recursive: true, force: true }) : file.close()));
  const objectsDir = inMemory ? undefined : join(directory, "s3");
  const workDir = join(directory, "work");
  const versionsDir = join(directory, "versions");
  mkdirSync(workDir, { recursive: true });
  // With chaos, it is the proxy that everybody is to meet there.
  const port = options.disturbedBy === undefined ? options.ports?.dynamodb : undefined;
  const given = options.dynamodbEndpoint;
  const database =
    given === undefined
      ? startDynamoDb({
          inMemory,
          dataDir: join(directory, "dynamodb"),
          ...(port === undefined ? {} : { port }),
        })
      : Promise.resolve({ endpoint: given, pid: undefined, stop: async () => {} });
  // Its failure is reported where it is awaited; until then it must not count as unhandled.
  database.catch(() => {});
  undo.push(() =>
    database.then(
      (running) => running.stop(),
      () => {},
    ),
  );
  return { file, workDir, versionsDir, objectsDir, database };
};
