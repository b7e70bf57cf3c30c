/** What meets: invocations of the deployment's functions, each with a message that it has received, and calls of clients. */
import type { DurableClient } from "../../../lib/client/client.js";
import type { App } from "../../../lib/define/app.js";
import type { Wake } from "../../../lib/model/wake.js";
import { audit } from "../../../lib/runtime/audit.js";
import { deliver, PAGES_OF_A_PASS } from "../../../lib/runtime/bus/deliver.js";
import { relayNew } from "../../../lib/runtime/bus/relay.js";
import type { Outside } from "../../../lib/runtime/outside.js";
import { rescue } from "../../../lib/runtime/rescue.js";
import { startExecution } from "../../../lib/runtime/start.js";
import { handleWake } from "../../../lib/runtime/turn/handle-wake.js";
import { type Limits, limitsUntil } from "../../../lib/runtime/turn/work.js";
import type { Store } from "../../../lib/store/ports.js";
import type { TestProcess } from "../../../lib/testing/process.js";
import type { QueueMessage, TestQueue } from "../../../lib/testing/queues.js";
import type { Weather } from "../simulator/weather.js";
import type { Ground } from "./ground.js";
import type { Programs } from "./programs.js";

export const ID = "x-1";
const WORKER_MS = 60_000;
const SETTLING_MS = 10_000;

/** What an invocation works with. */
export interface Hold {
  readonly process: TestProcess;
  readonly outside: Outside;
  readonly app: App;
  readonly client: DurableClient;
}

export type Work = (hold: Hold) => Promise<unknown>;

export interface Invocation {
  readonly name: string;
  /** Of a client one knows what it was answered. */
  readonly by: "function" | "client";
  /** Of the calls that it has under way at once, only the first goes on: there are too many orders of them. */
  readonly isInOrder?: true;
  /** Takes its message. */
  readonly receives: (ground: Ground) => Work;
}

export interface Pair {
  readonly name: string;
  /** The first of them is started as `x-1`, unless it prepares something else. */
  readonly workflows: Programs;
  readonly prepares: (ground: Ground) => Promise<void>;
  readonly one: Invocation;
  readonly other: Invocation;
  /** The other one begins when the lease of the first has ended, which it may at any moment. */
  readonly isZombie?: boolean;
  /** What was promised to the client, in words where it does not hold. */
  readonly promises?: (met: Met) => readonly string[];
  /** What stands in the store's place: to break one of its rules, and see that this is noticed. */
  readonly breaks?: (store: Store) => Store;
  /** What the sentences are to know of it. */
  readonly weather?: Weather;
}

/** How it ended. */
export interface Met {
  /** In the order of the two. */
  readonly answers: readonly unknown[];
  readonly status: string;
  readonly output: unknown;
  /** The history of `x-1`, a line for each event. */
  readonly story: readonly string[];
}

/** A worker with the oldest wake for this execution. */
export function worker(id = ID): Invocation {
  return {
    name: "worker",
    by: "function",
    receives: (ground) => {
      const message = take(ground, ground.cloud.wakeQueue, ({ executionId }) => executionId === id);
      return async ({ outside, app }) => {
        await handleWake(outside, app, message.body, message.id, limits(ground));
        ground.cloud.wakeQueue.delete(message);
      };
    },
  };
}

export const deliverer: Invocation = {
  name: "deliver",
  by: "function",
  receives: (ground) => {
    const { deliverQueue } = ground.cloud;
    const event = take(ground, deliverQueue);
    return async ({ outside, app, process }) => {
      const { handOn } = process.port("deliverQueue", {
        handOn: async (part: object) => {
          deliverQueue.send({ ...event.body, part: part as never }, ground.cloud.clock.now());
        },
      });
      const { stopAt } = limits(ground);
      await deliver(outside, app, event.body, { stopAt, pages: PAGES_OF_A_PASS, handOn });
      deliverQueue.delete(event);
    };
  },
};

export const relayer: Invocation = {
  name: "relay",
  by: "function",
  receives: (ground) => {
    const { stream } = ground.cloud;
    const record = take(ground, stream);
    return async ({ outside }) => {
      await relayNew(outside, [record.body], limits(ground).stopAt);
      stream.delete(record);
    };
  },
};

export const auditor: Invocation = {
  name: "audit",
  by: "function",
  // It reads all shards of an index at once.
  isInOrder: true,
  receives:
    () =>
    ({ outside }) =>
      audit(outside),
};

/** The audit's look at a wake that was received too often. @param rescues in how many lives of it owners have died before */
export function rescuer(rescues: number): Invocation {
  const dead = { executionId: ID, reason: "timer", epoch: 0, rescues } as const;
  return {
    name: "rescue",
    by: "function",
    receives:
      () =>
      ({ outside }) =>
        rescue(outside, dead, "rescue-1"),
  };
}

export function starting(workflow: string): Invocation {
  return {
    name: "start",
    by: "client",
    receives:
      () =>
      async ({ outside, app }) => {
        const { head } = await startExecution(outside, app, { workflow, input: undefined, id: ID });
        return head.executionId;
      },
  };
}

export function client(
  name: string,
  call: (client: DurableClient, ground: Ground) => Promise<unknown>,
): Invocation {
  return { name, by: "client", receives: (ground) => (hold) => call(hold.client, ground) };
}

/** A wake that is there beside all others. */
export function wake(ground: Ground, reason: Wake["reason"], id = ID): void {
  ground.cloud.wakeQueue.send({ executionId: id, reason }, ground.cloud.clock.now());
}

function limits({ cloud }: Ground): Limits {
  return limitsUntil(cloud.clock.now() + WORKER_MS, WORKER_MS, SETTLING_MS);
}

/** The oldest message that this fits, received. */
export function take<Body>(
  { cloud }: Ground,
  queue: TestQueue<Body>,
  fits: (body: Body) => boolean = () => true,
): QueueMessage<Body> {
  const now = cloud.clock.now();
  const message = queue.visible(now).find(({ body }) => fits(body));
  if (message === undefined) throw new Error(`Nothing can be received from ${queue.name} now.`);
  queue.receive(message, now);
  return message;
}
