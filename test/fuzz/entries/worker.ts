/** The worker: wakes, as the queue's own senders and Scheduler send them. */
import { createWorker } from "../../../functions/worker.js";
import { startExecution } from "../../../lib/runtime/start.js";
import { fuzzed } from "../app.js";
import { damagedText } from "../rubbish.js";
import { invocation, openWorld } from "../world.js";
import { type Entry, shuffled } from "./entry.js";
import { outcomeOf } from "./start.js";

/** Those of the queue, and what a schedule has as its input, which is the same. */
const WAKES = [
  { executionId: "x-1", reason: "timer", dueAt: 1_767_268_800_000, puts: 1, rescues: 2, epoch: 3 },
  { executionId: "x-1", reason: "start" },
  { executionId: "nobody", reason: "message", puts: 3 },
  { executionId: "staged#e-1", reason: "relay", slot: 1, dueAt: 5 },
];

export const workerMessages: Entry = {
  name: "worker: wakes",
  async run(dice, fresh) {
    const store = fresh();
    const world = openWorld(store);
    for (const id of ["x-1", "good-a", "good-b"])
      await startExecution(world.outside, fuzzed, {
        workflow: "strict",
        input: { orderId: id, amount: 3 },
        id,
      });
    world.wakes.length = 0;
    const bodies = Array.from({ length: 1 + dice.below(3) }, () =>
      damagedText(dice, dice.pick<object>(WAKES)),
    );
    const good = ["good-a", "good-b"].map((executionId) => ({
      messageId: executionId,
      body: JSON.stringify({ executionId, reason: "start" }),
    }));
    const bad = bodies.map((body, index) => ({ messageId: `bad-${index + 1}`, body }));
    const work = createWorker(fuzzed, () => world.outside);
    const isDone = async (id: string) => (await store.readHead(id))?.status === "completed";
    const tried = await outcomeOf(
      world,
      bodies,
      () => work({ Records: shuffled(dice, [...good, ...bad]) }, invocation("request-1")),
      good.map(({ messageId }) => [messageId, () => isDone(messageId)] as const),
    );
    // One message becomes one at most: what grows in the queue never ends.
    const tooMany = world.wakes.length > bad.length ? ["a wake that is put back is one wake"] : [];
    return { ...tried, broken: [...tried.broken, ...tooMany] };
  },
};
