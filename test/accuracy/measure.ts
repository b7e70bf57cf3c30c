/** How late timers fire in the local cloud: real processes, its own SQS and Scheduler, and the clock of the worker that fires. */
import { fileURLToPath } from "node:url";
import { type LocalCloud, localCloud } from "../../lib/local/index.js";
import { type Kind, type Timer, timed } from "./app.js";

/** By how many milliseconds a timer fired after its time, by a clock that runs `scale` times as fast as the wall. */
export interface Fired {
  readonly kind: Kind;
  readonly ms: number;
  readonly lateMs: number;
}

export interface FireOptions {
  /** By the cloud's clock. */
  readonly patience: { readonly seconds: number };
  readonly overMs?: number;
  readonly name?: string;
}

export interface Lateness {
  readonly timers: number;
  readonly early: number;
  /** Of a hundred, how many were at most a real second late. */
  readonly withinASecond: number;
  /** Real milliseconds. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly most: number;
}

interface Output {
  readonly dueAt: number;
  readonly firedAt: number;
}

/** Starts that are under way at one time. */
const AT_ONCE = 10;

export function openCloud(options: {
  readonly timeScale: number;
  readonly dynamodbEndpoint?: string;
  readonly accessKeyId?: string;
}): Promise<LocalCloud> {
  return localCloud({
    app: fileURLToPath(new URL("./app.ts", import.meta.url)),
    inMemory: true,
    // A message is hidden for as long as its function may run. On a fast clock a minute is a part of a second, and shows while the function still
    // runs; on a true one a turn that failed, for whatever is slow here, should not come back a quarter of an hour later.
    workerTimeout: { minutes: options.timeScale === 1 ? 1 : 15 },
    ...options,
  });
}

/**
 * Starts all of them, evenly over some real time, and waits until every one of them has fired. A burst of starts would be measured instead of
 * the timers.
 */
export async function fire(
  cloud: LocalCloud,
  timers: readonly Timer[],
  { patience, overMs = 0, name = "timer" }: FireOptions,
): Promise<Fired[]> {
  const ids = timers.map((_, index) => `${name}-${index}`);
  const began = Date.now();
  await inTurn(timers, async ({ kind, ms }, index) => {
    const waitMs = began + (index / timers.length) * overMs - Date.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const delay = kind === "delayed start" ? { delay: { milliseconds: ms } } : {};
    await cloud.client.start(timed, { kind, ms }, { id: ids[index] ?? "", ...delay });
  });
  const fired: Fired[] = [];
  await inTurn(timers, async ({ kind, ms }, index) => {
    const id = ids[index] ?? "";
    const { dueAt, firedAt } = await cloud.client.result<Output>(id, { timeout: patience });
    const lateMs = firedAt - (kind === "retry" ? await retryOf(cloud, id) : dueAt);
    fired.push({ kind, ms, lateMs });
  });
  return fired;
}

/** @param scale how many times as fast as the wall their clock ran */
export function latenessOf(fired: readonly Fired[], scale: number): Lateness {
  const late = fired.map(({ lateMs }) => lateMs / scale).sort((one, other) => one - other);
  const percentile = (part: number): number => late[Math.ceil(part * late.length) - 1] ?? Number.NaN;
  return {
    timers: late.length,
    early: late.filter((ms) => ms < 0).length,
    withinASecond: (100 * late.filter((ms) => ms <= 1_000).length) / late.length,
    p50: percentile(0.5),
    p90: percentile(0.9),
    p99: percentile(0.99),
    most: percentile(1),
  };
}

/** When a step's second attempt was due. */
async function retryOf(cloud: LocalCloud, id: string): Promise<number> {
  const history = await cloud.client.history(id);
  const failed = history.map(({ event }) => event).find((event) => event.type === "StepAttemptFailed");
  if (failed?.type !== "StepAttemptFailed") throw new Error(`${id} did not fail at its first attempt.`);
  return failed.retryAt;
}

/** A few at a time, in their order. */
async function inTurn<Item>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of entries) await work(item, index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
