/** A pipeline on the test cloud: what its stages came to, and what they did in which order. */

import { workflow } from "../../lib/define/workflow.js";
import type { JsonObject } from "../../lib/pipeline/json-value.js";
import { type PipelineOptions, pipeline, type StageOptions } from "../../lib/pipeline/pipeline.js";
import { type PipelineResult, PipelineRun } from "../../lib/pipeline/run.js";
import type { PipelineState } from "../../lib/pipeline/state.js";
import type { TaskBody, TaskResult } from "../../lib/pipeline/task.js";
import { replayHistory } from "../../lib/testing/replay-history.js";
import { Bench } from "../runtime/bench.js";

export class PipelineBench {
  readonly bench: Bench;
  readonly pipeline;
  /** `build/task`, once for every run of its body. */
  readonly ran: string[] = [];

  constructor(stages: readonly StageOptions[], options: Partial<PipelineOptions> = {}) {
    this.pipeline = pipeline({ application: "shop", name: "release", stages, ...options });
    this.bench = new Bench([this.pipeline]);
  }

  /** Starts it and lets everything happen that can. */
  async run(ms = 0): Promise<PipelineResult | undefined> {
    await this.bench.start(this.pipeline, { version: 7 });
    await this.bench.cloud.settle();
    if (ms > 0) await this.bench.cloud.advance(ms);
    return (await this.bench.output()) as PipelineResult | undefined;
  }

  /** Of every stage that something is known of, and of the pipeline: from a replay of its history. */
  async statuses(): Promise<Record<string, string>> {
    const state = await this.state();
    return {
      pipeline: state.status,
      ...Object.fromEntries([...state.stages.values()].map(({ refId, status }) => [refId, status])),
    };
  }

  async state(): Promise<PipelineState> {
    let state: PipelineState | undefined;
    const { graph, library } = this.pipeline;
    const observed = workflow(this.pipeline.name, (ctx, trigger: JsonObject | undefined) =>
      new PipelineRun(ctx, graph, library, trigger ?? {}, (now) => {
        state = now;
      }).run(),
    );
    await replayHistory(await this.bench.client.history("x-1"), observed);
    if (state === undefined) throw new Error("The pipeline has not begun.");
    return state;
  }

  error(): Promise<unknown> {
    return this.bench.error();
  }
}

/** A stage of one task, that notes that it ran. */
export function stage(
  ran: string[],
  refId: string,
  more: Partial<StageOptions> & { readonly gives?: TaskResult; readonly run?: TaskBody } = {},
): StageOptions {
  const { gives, run, ...rest } = more;
  return {
    refId,
    tasks: [
      {
        name: "work",
        run: (task) => {
          ran.push(refId);
          return run === undefined ? gives : run(task);
        },
      },
    ],
    ...rest,
  };
}
