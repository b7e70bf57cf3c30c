/** `holdfast demo`: sets the stage, plays the scenes one after the other, checks what they claim, and clears everything away. */
import { EXIT } from "../exit.js";
import type { Terminal } from "../terminal.js";
import { type Account, accountOf } from "./account.js";
import { Acting, type Claim, type Scene } from "./scene.js";
import { killedWorker } from "./scenes/killed-worker.js";
import { paidOrder } from "./scenes/paid-order.js";
import { startedTwice } from "./scenes/started-twice.js";
import { unpaidOrder } from "./scenes/unpaid-order.js";
import { Screen } from "./screen.js";
import { requireCheckout, type Stage, setStage } from "./stage.js";
import { printSummary, toJson } from "./summary.js";

export interface DemoOptions {
  readonly json?: boolean;
}

const SCENES: readonly Scene[] = [paidOrder, unpaidOrder, killedWorker, startedTwice];

/** What one scene left, whether it ended well or not. */
export interface Outcome {
  readonly title: string;
  readonly claims: readonly Claim[];
  readonly account?: Account;
}

export async function runDemo(options: DemoOptions, terminal: Terminal): Promise<number> {
  requireCheckout();
  // The SDK's advice about Node is for those who write against it.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const began = Date.now();
  const screen = new Screen(terminal, options.json === true);
  const interruption = interrupted();
  const undo: (() => unknown)[] = [];
  const outcomes: Outcome[] = [];
  const pids = new Set<number>();
  screen.head("Holdfast: the real functions, as processes, on the real DynamoDB Local");

  // An interruption leaves the show at once; whatever was begun is still waited for, so that it can be ended.
  const setting = setStage({
    progress: (text) => screen.progress(text),
    undo,
    signal: interruption.signal,
  });
  const show = async (): Promise<void> => {
    const stage = await setting;
    for (const [index, scene] of SCENES.entries()) {
      if (interruption.signal.aborted) return;
      outcomes.push(await play(scene, index + 1, stage, screen, interruption.signal));
      for (const { pid } of stage.cloud.functions.processes()) pids.add(pid);
    }
    outcomes.push({ title: "Afterwards", claims: [await nothingSetAside(stage)] });
  };
  try {
    await Promise.race([show(), interruption.happened]);
  } finally {
    if (interruption.signal.aborted) {
      screen.progress("\nStopping …");
      screen.mute();
    }
    await setting.catch(() => {});
    for (const step of undo.splice(0).reverse()) await step();
    interruption.forget();
  }
  if (interruption.signal.aborted) return EXIT_INTERRUPTED;

  outcomes.push({ title: "At the end", claims: [nothingLeft(pids)] });
  const ok = outcomes.every(({ claims }) => claims.every((claim) => claim.ok));
  const ms = Date.now() - began;
  if (options.json === true) terminal.out(toJson(outcomes, ok, ms));
  else printSummary(outcomes, ok, ms, terminal);
  return ok ? EXIT.ok : EXIT.error;
}

const EXIT_INTERRUPTED = 130;

async function play(
  scene: Scene,
  number: number,
  stage: Stage,
  screen: Screen,
  signal: AbortSignal,
): Promise<Outcome> {
  const { title } = scene;
  screen.scene(number, title);
  stage.effects.onEffect = (effect) => screen.effect(effect);
  stage.audience.onEvent = (event) => screen.heard(event);
  const acting = new Acting(stage, (text) => screen.say(text), signal);
  let account: Account | undefined;
  try {
    account = await accountOf(stage, await scene.play(acting), acting);
  } catch (error) {
    acting.claims.push({
      what: "the scene came to its end",
      ok: false,
      found: error instanceof Error ? error.message : String(error),
    });
  }
  screen.claims(acting.claims, stage.lastLines);
  return { title, claims: acting.claims, ...(account === undefined ? {} : { account }) };
}

async function nothingSetAside(stage: Stage): Promise<Claim> {
  const { queues, messages } = await stage.deadLetters();
  return {
    what: `no message was set aside in any of ${queues} dead-letter queues`,
    ok: queues > 0 && messages === 0,
    ...(messages === 0 ? {} : { found: `${messages} messages` }),
  };
}

function nothingLeft(pids: ReadonlySet<number>): Claim {
  const alive = [...pids].filter(isAlive);
  return {
    what: `no process is left behind, of ${pids.size} that ran functions`,
    ok: alive.length === 0,
    ...(alive.length === 0 ? {} : { found: `processes ${alive.join(", ")}` }),
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

interface Interruption {
  readonly signal: AbortSignal;
  readonly happened: Promise<void>;
  forget(): void;
}

/** The first Ctrl-C ends everything in order; the second one is obeyed at once. */
function interrupted(): Interruption {
  const abort = new AbortController();
  const happened = new Promise<void>((resolve) => {
    abort.signal.addEventListener("abort", () => resolve());
  });
  const hear = (): void => {
    if (abort.signal.aborted) process.exit(EXIT_INTERRUPTED);
    abort.abort();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, hear);
  return {
    signal: abort.signal,
    happened,
    forget: () => {
      for (const signal of signals) process.removeListener(signal, hear);
    },
  };
}
