/** What a deployment's functions could do next. */
import type { App } from "../define/app.js";
import type { EpochMs } from "../model/time.js";
import type { Outside } from "../runtime/outside.js";
import type { TestProcess } from "./process.js";
import type { QueueMessage, TestQueue } from "./queues.js";

/** One message, and the function that takes it. */
export interface Task {
  /** The queue's name. */
  readonly from: string;
  receive(now: EpochMs): void;
  /** Another function may receive the same message now: every queue delivers at least once. */
  readonly repeat: (now: EpochMs) => void;
  readonly delete: () => void;
  readonly run: (process: TestProcess, outside: Outside, app: App) => Promise<unknown>;
}

/** The tasks that a queue's visible messages are, each made only when it is chosen. */
export function tasksOf<Body>(
  queue: TestQueue<Body>,
  now: EpochMs,
  runOf: (message: QueueMessage<Body>) => Task["run"],
): { readonly count: number; task(index: number): Task | undefined } {
  const visible = queue.visible(now);
  return {
    count: visible.length,
    task(index) {
      const message = visible[index];
      if (message === undefined) return undefined;
      return {
        from: queue.name,
        receive: (at) => queue.receive(message, at),
        repeat: (at) => queue.repeat(message, at),
        delete: () => queue.delete(message),
        run: runOf(message),
      };
    },
  };
}
