/**
 * The testing kit: a whole deployment in the test's own process, on virtual time. The same runtime that runs on Lambda (worker, deliver,
 * relay, start, audit) between twins of the tables, the queues and the bus; time passes when the test says so.
 */
import { DurableClient } from "../client/client.js";
import type { App } from "../define/app.js";
import type { EventType } from "../define/event.js";
import { type Duration, durationMs } from "../model/time.js";
import { createMemoryStore } from "../store/memory/index.js";
import type { Store } from "../store/ports.js";
import type { CrashPoint } from "./faults.js";
import { type PublishedEvent, TestCloud } from "./test-cloud.js";

export { type CrashPoint, ProcessDiedError, type When } from "./faults.js";
export type { PublishedEvent } from "./test-cloud.js";

export interface TestAppOptions {
  /** Where executions are kept: the memory twin (default), or any store that keeps the engine's contract. */
  readonly store?: "memory" | Store;
  /** Chooses, repeatably, between things that could happen at the same time. Without it the oldest happens first. */
  readonly seed?: number;
}

export interface TestApp {
  /** The client that production code uses. What it starts moves with {@link TestApp.settle} and {@link TestApp.advance}. */
  readonly client: DurableClient;
  /** What is on the bus so far, published by the test or by workflows. */
  readonly published: readonly PublishedEvent[];
  /** What invocations of functions threw: empty when all is well. */
  readonly errors: readonly unknown[];
  /** Virtual now. */
  now(): Date;
  /** Puts an event on the bus, checked against its schema. Delivered by the next `settle` or `advance`. */
  publish<Input, Data>(event: EventType<Input, Data>, data: NoInfer<Input>): Promise<void>;
  /** Runs until nothing can move now. */
  settle(): Promise<void>;
  /** Lets virtual time pass; what falls due fires, in order. Long sleeps cost no real time. */
  advance(duration: Duration): Promise<void>;
  /** Ends the process that makes the `call`th outside call from here, just before it or after it, or loses the call's reply. */
  crash(point: CrashPoint): void;
  /** Ends every process at once, wherever it is. */
  killAll(): void;
  /** One run of the audit. */
  audit(): Promise<void>;
}

/** A deployment of `app` to test against. Nothing has to be stopped: it is gone with its last reference. */
export async function testApp(app: App, options: TestAppOptions = {}): Promise<TestApp> {
  const store =
    options.store === undefined || options.store === "memory" ? createMemoryStore() : options.store;
  const cloud = new TestCloud({
    app,
    store,
    replay: (options as { replay?: never }).replay ?? "every-suspension",
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  });
  const client = new DurableClient({
    outside: () => cloud.client(),
    workflows: [...app.workflows.values()],
    errors: [...app.errors.values()],
  });
  return {
    client,
    published: cloud.published,
    errors: cloud.errors,
    now: () => new Date(cloud.clock.now()),
    publish: async (event, data) => {
      await client.publish(event, data);
    },
    settle: () => cloud.settle(),
    advance: (duration) => cloud.advance(durationMs(duration)),
    crash: (point) => cloud.faults.plan(point),
    killAll: () => cloud.killAll(),
    audit: () => cloud.audit(),
  };
}
