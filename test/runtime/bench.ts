/** A workbench for runtime tests: a test cloud on the memory store, and what its executions look like. */
import { DurableClient } from "../../lib/client/client.js";
import { app } from "../../lib/define/app.js";
import type { AnyEventType } from "../../lib/define/event.js";
import type { AnyWorkflow } from "../../lib/define/workflow.js";
import type { Head } from "../../lib/model/head.js";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import { decode } from "../../lib/model/value.js";
import { recordDefinition } from "../../lib/runtime/definitions.js";
import type { Log, Outside } from "../../lib/runtime/outside.js";
import { type StartRequest, startExecution } from "../../lib/runtime/start.js";
import { loadValue } from "../../lib/runtime/values/values.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import type { Director } from "../../lib/testing/director.js";
import type { ReplayWhen } from "../../lib/testing/rehearsal.js";
import { TestCloud } from "../../lib/testing/test-cloud.js";

export class Bench {
  readonly store: Store;
  readonly app;
  cloud: TestCloud;

  constructor(
    workflows: readonly AnyWorkflow[],
    events: readonly AnyEventType[] = [],
    options: {
      readonly store?: Store;
      readonly seed?: number;
      readonly workerTimeoutMs?: number;
      /** Off where calls are counted: a rehearsal reads what it checks. Default: at every suspension. */
      readonly replay?: ReplayWhen;
      readonly log?: Log;
      readonly skewMs?: () => number;
      readonly director?: Director;
    } = {},
  ) {
    this.store = options.store ?? createMemoryStore();
    this.app = app({ workflows, events });
    this.cloud = new TestCloud({
      app: this.app,
      store: this.store,
      replay: options.replay ?? "every-suspension",
      ...(options.log === undefined ? {} : { log: options.log }),
      ...(options.director === undefined ? {} : { director: options.director }),
      ...(options.skewMs === undefined ? {} : { skewMs: options.skewMs }),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(options.workerTimeoutMs === undefined ? {} : { workerTimeoutMs: options.workerTimeoutMs }),
    });
  }

  get client(): DurableClient {
    return new DurableClient({ outside: this.cloud.client() });
  }

  /** A process that has started each of the workflows before: what a first start does beside is done. */
  async process(): Promise<Outside> {
    const process = this.cloud.client();
    for (const workflow of this.app.workflows.values()) await recordDefinition(process, workflow);
    return process;
  }

  /** Starts by a client, as `DurableClient.start` does. */
  async start(
    workflow: AnyWorkflow,
    input: unknown,
    id = "x-1",
    more: Partial<StartRequest> = {},
  ): Promise<Head> {
    const started = await startExecution(this.cloud.client(), this.app, {
      workflow: workflow.name,
      input,
      id,
      ...more,
    });
    return started.head;
  }

  publish(event: AnyEventType, detail: unknown, resources: readonly string[] = []): void {
    this.cloud.publish({
      name: event.name,
      detail: JSON.stringify(detail),
      at: this.cloud.clock.now(),
      resources,
    });
  }

  async head(id = "x-1"): Promise<Head> {
    const head = await this.store.readHead(id);
    if (head === undefined) throw new Error(`no execution ${id}`);
    return head;
  }

  async status(id = "x-1"): Promise<string> {
    return (await this.head(id)).status;
  }

  async output(id = "x-1"): Promise<unknown> {
    const { output } = await this.head(id);
    return output === undefined ? undefined : decode(await loadValue(this.store, id, output));
  }

  async error(id = "x-1"): Promise<unknown> {
    const { error } = await this.head(id);
    return error === undefined ? undefined : decode(await loadValue(this.store, id, error));
  }

  async history(id = "x-1"): Promise<HistoryEvent[]> {
    const head = await this.head(id);
    const commits = await this.store.loadHistory(id, 0);
    const last = commits.at(-1)?.slot ?? 0;
    const tail = head.tail !== undefined && head.tail.slot > last ? head.tail.events : [];
    return [...commits.flatMap((commit) => commit.events), ...tail];
  }

  /** How many wait records of this event and key stand in the directory. */
  async waitRecords(event: AnyEventType, key: string): Promise<number> {
    return (await this.store.findWaits({ name: event.name, key, limit: 100 })).items.length;
  }

  async story(id = "x-1"): Promise<string[]> {
    return (await this.history(id)).map((event) =>
      "op" in event ? `${event.type} ${event.op}` : event.type,
    );
  }
}
