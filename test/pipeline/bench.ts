/** A pipeline on the test cloud: what its stages came to, and which of their tasks ran in which order. */
import { describe } from "vitest";
import { workflow } from "../../lib/define/workflow.js";
import { CONTROL, type Control } from "../../lib/pipeline/control.js";
import type { JsonObject } from "../../lib/pipeline/json-value.js";
import {
  type Pipeline,
  type PipelineOptions,
  pipeline,
  type StageOptions,
} from "../../lib/pipeline/pipeline.js";
import { interpret } from "../../lib/pipeline/run.js";
import { signalNameOf } from "../../lib/pipeline/signals.js";
import { type PipelineState, stageIn } from "../../lib/pipeline/state.js";
import type { TaskBody, TaskResult } from "../../lib/pipeline/task.js";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads, createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { replayHistory } from "../../lib/testing/replay-history.js";
import { Bench } from "../runtime/bench.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Stages that note in `ran` whenever one of their tasks runs. */
export type Make = (ran: string[]) => readonly StageOptions[];
export type Open = (make: Make, options?: Partial<PipelineOptions>) => Promise<PipelineBench>;

const OPENERS = {
  memory: async (): Promise<Store> => createMemoryStore(),
  "DynamoDB Local": async (): Promise<Store> => {
    const { client, documents } = freshDynamo();
    await createTables(client);
    const tables = { executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
    return createDynamoStore({ documents, ...tables }, createMemoryPayloads());
  },
};

/** The same scenarios on both. */
export function onEachStore(scenarios: (open: Open, name: keyof typeof OPENERS) => void): void {
  for (const name of ["memory", "DynamoDB Local"] as const)
    describe(`on ${name}`, () => {
      scenarios(async (make, options) => new PipelineBench(make, options, await OPENERS[name]()), name);
    });
}

export class PipelineBench {
  readonly bench: Bench;
  readonly pipeline: Pipeline;
  readonly ran: string[] = [];

  constructor(make: Make, options: Partial<PipelineOptions> = {}, store: Store = createMemoryStore()) {
    this.pipeline = pipeline({ application: "shop", name: "release", stages: make(this.ran), ...options });
    this.bench = new Bench([this.pipeline], [], { store });
  }

  /** Starts it, and lets everything happen that can, for so long. */
  async run(ms = 0, id = "x-1", trigger: JsonObject = { version: 7 }): Promise<this> {
    await this.bench.start(this.pipeline, trigger, id);
    await this.pass(ms);
    return this;
  }

  async pass(ms = 0): Promise<void> {
    await this.bench.cloud.settle();
    if (ms > 0) await this.bench.cloud.advance(ms);
  }

  /** For a suspended stage. It is kept until the stage waits for one. */
  async signal(stage: string, name: string, data?: JsonObject): Promise<void> {
    await this.bench.client.signal("x-1", signalNameOf(stage), {
      name,
      ...(data === undefined ? {} : { data }),
    });
    await this.pass();
  }

  /** Asks for something, lets everything happen that can, and gives the answer. */
  async ask(control: Control): Promise<unknown> {
    const answer = this.bench.client.update("x-1", CONTROL, control);
    answer.catch(() => {});
    await this.pass();
    await this.bench.cloud.advance(2 * SECOND);
    return answer;
  }

  /** Of every stage that something is known of, and of the pipeline. */
  async statuses(id = "x-1"): Promise<Record<string, string>> {
    const { status, stages } = await this.state(id);
    return {
      pipeline: status,
      ...Object.fromEntries([...stages.values()].map((stage) => [stage.refId, stage.status])),
    };
  }

  async stage(refId: string) {
    return stageIn(await this.state(), refId);
  }

  /** From a replay of its history. */
  async state(id = "x-1"): Promise<PipelineState> {
    let state: PipelineState | undefined;
    const { graph, library } = this.pipeline;
    const observed = interpret(graph, library, (now) => {
      state = now;
    });
    await replayHistory(await this.bench.client.history(id), workflow(this.pipeline.name, observed));
    if (state === undefined) throw new Error("The pipeline has not begun.");
    return state;
  }
}

/** A stage of one task, which notes that it ran. */
export function stage(
  ran: string[],
  refId: string,
  more: Partial<StageOptions> & {
    readonly gives?: TaskResult;
    readonly run?: TaskBody;
    readonly onCancel?: (stage: string) => void;
    /** More than one where processes die: each that dies over it costs one. Default 1. */
    readonly tries?: number;
  } = {},
): StageOptions {
  const { gives, run, onCancel, tries = 1, ...rest } = more;
  return {
    refId,
    tasks: [
      {
        name: "work",
        retry: { maxAttempts: tries },
        run: (task) => {
          ran.push(task.stage.refId);
          return run === undefined ? gives : run(task);
        },
        ...(onCancel === undefined ? {} : { onCancel: () => onCancel(refId) }),
      },
    ],
    ...rest,
  };
}

/** A stage that waits for a signal, and is done with it. */
export function waiting(ran: string[], refId: string, more: Parameters<typeof stage>[2] = {}): StageOptions {
  return stage(ran, refId, {
    run: ({ signaled }) => (signaled === undefined ? { status: "SUSPENDED" } : {}),
    ...more,
  });
}

/** A stage whose one task fails at once. */
export function broken(ran: string[], refId: string, more: Parameters<typeof stage>[2] = {}): StageOptions {
  return stage(ran, refId, {
    run: () => {
      throw new TypeError("it broke");
    },
    ...more,
  });
}
