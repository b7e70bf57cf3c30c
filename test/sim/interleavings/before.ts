/** What was before the two meet. */
import type { DurableClient } from "../../../lib/client/client.js";
import { deliver } from "../../../lib/runtime/bus/deliver.js";
import { type Ground, LISTENER, listener, PLACE } from "./ground.js";
import { ID, take, wake } from "./invocations.js";
import { Arrived } from "./programs.js";

const MINUTE = 60_000;

type Step = (ground: Ground) => unknown;

/** One after the other. */
export const before =
  (...steps: Step[]) =>
  async (ground: Ground): Promise<void> => {
    for (const step of steps) await step(ground);
  };

/** Created, its wake in the queue. */
export async function started({ bench }: Ground): Promise<void> {
  const [first] = bench.app.workflows.values();
  if (first !== undefined) await bench.start(first, undefined, ID);
}

/** Come as far as it comes by itself. */
export async function begun(ground: Ground): Promise<void> {
  await started(ground);
  await ground.cloud.settle();
}

/** A client has asked this, and nobody has looked at it. */
export const asked =
  (ask: (client: DurableClient) => Promise<unknown>): Step =>
  ({ bench }) =>
    ask(bench.client);

export const signalledTo = (id = ID): Step => asked((own) => own.signal(id, "go", "went", { id: "before" }));

export const looked: Step = ({ cloud }) => cloud.settle();

/** A wake beside the one that is there. */
export const another: Step = (ground) => wake(ground, "audit");

/** What can be received can be received once more. */
export const twice: Step = ({ cloud, trace }) => {
  const now = cloud.clock.now();
  const { wakeQueue, stream } = cloud;
  for (const message of [...wakeQueue.visible(now)]) wakeQueue.repeat(message, now);
  for (const message of [...stream.visible(now)]) stream.repeat(message, now);
  trace.entries.push({ kind: "fault", at: now, process: 0, what: "a message is received twice at once" });
};

/** An event is in the queue of deliver. */
export const arrives =
  (id: string): Step =>
  ({ bench }) =>
    bench.publish(Arrived, { place: PLACE, n: 1 }, [`holdfast:event:${id}`]);

/** What was in that queue is in the inboxes. */
export const delivered: Step = async (ground) => {
  const { cloud } = ground;
  const message = take(ground, cloud.deliverQueue);
  await deliver(cloud.client(), cloud.app, message.body);
  cloud.deliverQueue.delete(message);
};

export const later =
  (ms: number): Step =>
  ({ cloud: { clock } }) =>
    clock.moveTo(clock.now() + ms);

/** Somebody took it, and died. */
export const orphaned: Step = async (ground) => {
  const { bench, cloud } = ground;
  const { epoch } = await bench.head();
  const until = cloud.clock.now() + MINUTE;
  await bench.store.acquireLease({ executionId: ID, seen: { epoch }, owner: "gone", token: "gone", until });
  cloud.clock.moveTo(until + MINUTE);
};

export const withListener: Step = ({ bench }) => bench.start(listener, undefined, LISTENER);

/** What commits have sent stays in the stream. */
export const unrelayed =
  (step: Step): Step =>
  async (ground) => {
    ground.cloud.relayIsOn = false;
    await step(ground);
    ground.cloud.relayIsOn = true;
  };
