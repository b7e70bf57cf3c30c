/** `holdfast dev`: synthesize, bring the local cloud up, say what there is and what to type next, and end it cleanly. */
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type CloudOptions, startCloud } from "../../local/cloud.js";
import type { DevOptions } from "../commands/dev.js";
import { removeLocalFile, writeLocalFile } from "../local-file.js";
import type { Terminal } from "../terminal.js";
import { watchChaos } from "./chaos.js";
import { type Reloader, reloadOnChange } from "./reload.js";
import { synthesize } from "./synthesize.js";
import { seconds, type Telling, tellingOf } from "./telling.js";

export async function runDev(options: DevOptions, terminal: Terminal): Promise<void> {
  const stateDir = resolve(options.stateDir);
  const tell = tellingOf(options, terminal);
  // The SDK's advice about Node is for those who write against it.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

  const stop = stopAsked(terminal);
  const reloader =
    options.reload && options.templates === undefined
      ? reloadOnChange(process.cwd(), stateDir, tell.onUnwatchable)
      : undefined;
  try {
    await runCloud({ options, stateDir, tell, stop, ...(reloader === undefined ? {} : { reloader }) });
  } finally {
    await reloader?.stop();
  }
}

interface Running {
  readonly options: DevOptions;
  /** Absolute. */
  readonly stateDir: string;
  readonly tell: Telling;
  readonly stop: Stop;
  readonly reloader?: Reloader;
}

async function runCloud({ options, stateDir, tell, stop, reloader }: Running): Promise<void> {
  // What runs is read from where its templates are: the next ones are written beside them, and nothing into them.
  const places = [join(stateDir, "cdk.out"), join(stateDir, "cdk.out-next")] as const;
  let running: string = places[0];
  const templates = await templatesFor(options, running, tell).catch((error: unknown) => {
    // Ctrl-C reaches the CDK app, too.
    if (!stop.isAsked()) throw error;
  });
  if (templates === undefined || stop.isAsked()) return tell.stopped();
  const began = Date.now();
  tell.progress("Starting DynamoDB Local, the queues and the functions …");
  const cloud = await startCloud({ ...cloudOptions(options, tell), templates, stateDir });
  const { chaos } = cloud;
  const unwatch = chaos === undefined ? () => {} : watchChaos(() => chaos.counts, tell.chaos);
  try {
    const tellCommands = (): void =>
      writeLocalFile(stateDir, {
        pid: process.pid,
        environment: cloud.environment,
        stacks: cloud.stacks.map(({ name }) => name),
      });
    tellCommands();
    tell.ready(cloud, Date.now() - began);
    reloader?.start({
      synthesize: async () => {
        const directory = running === places[0] ? places[1] : places[0];
        await synthesize(options.app, directory);
        return directory;
      },
      deploy: async (next) => {
        await cloud.deploy(next);
        running = next;
        tellCommands();
      },
      ...tell.reloading,
    });
    await stop.asked;
    tell.progress("Stopping …");
  } finally {
    unwatch();
    await reloader?.stop();
    removeLocalFile(stateDir);
    await cloud.stop();
    if (options.inMemory === true && options.templates === undefined)
      for (const place of places) rmSync(place, { recursive: true, force: true });
  }
  if (chaos !== undefined) tell.chaos(chaos.counts);
  tell.stopped();
}

function cloudOptions(options: DevOptions, tell: Telling): Omit<CloudOptions, "templates" | "stateDir"> {
  const { timeScale, chaos: rate, chaosSeed: seed } = options;
  return {
    timeScale,
    ...(options.inMemory === true ? { inMemory: true } : {}),
    ports: {
      ...(options.port === undefined ? {} : { gateway: options.port }),
      ...(options.dynamodbPort === undefined ? {} : { dynamodb: options.dynamodbPort }),
    },
    ...(rate === undefined ? {} : { chaos: { rate, ...(seed === undefined ? {} : { seed }) } }),
    onLog: tell.log,
    onNotice: tell.notice,
  };
}

async function templatesFor(options: DevOptions, directory: string, tell: Telling): Promise<string> {
  if (options.templates !== undefined) return resolve(options.templates);
  tell.progress("Synthesizing the stacks …");
  const { ms } = await synthesize(options.app, directory);
  tell.progress(`✓ synthesized in ${seconds(ms)}`);
  return directory;
}

/** That it is to end. */
interface Stop {
  readonly asked: Promise<void>;
  isAsked(): boolean;
}

/** The first Ctrl-C ends everything in order; the second one is obeyed at once. */
function stopAsked(terminal: Terminal): Stop {
  let times = 0;
  const asked = new Promise<void>((ask) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        times += 1;
        if (times > 1) process.exit(130);
        // The terminal has echoed ^C; what follows begins on a line of its own.
        if (signal === "SIGINT" && terminal.width !== undefined) terminal.err("");
        ask();
      });
    }
  });
  return { asked, isAsked: () => times > 0 };
}
