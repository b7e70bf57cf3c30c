/** Lets time pass, from one thing that falls due to the next, until an execution has ended. */
import { progressOf } from "../client/progress.js";
import { ExecutionNotFoundError } from "../model/errors.js";
import { hasStopped } from "../runtime/watch.js";
import { DoesNotEndError } from "./errors.js";
import type { TestCloud } from "./test-cloud.js";

/** More than any test means to see: what does more is a loop. */
const MOST_INSTANTS = 10_000;

/**
 * Resolves when the execution is closed or stalled.
 * @throws DoesNotEndError when nothing falls due any more, or not within that time
 * @throws ExecutionNotFoundError
 */
export function runToEnd(cloud: TestCloud, executionId: string, withinMs: number): Promise<void> {
  return cloud.asOne(() => run(cloud, executionId, withinMs));
}

async function run(cloud: TestCloud, executionId: string, withinMs: number): Promise<void> {
  const until = cloud.clock.now() + withinMs;
  for (let instants = 0; ; instants++) {
    await cloud.settle();
    const head = await cloud.bare.store.readHead(executionId);
    if (head === undefined) throw new ExecutionNotFoundError(executionId);
    if (hasStopped(head)) return;
    const { reason, freedBy } = progressOf(head, cloud.clock.now());
    const next = cloud.nextInstant();
    if (next === undefined) throw new DoesNotEndError(executionId, reason, freedBy);
    if (next > until || instants === MOST_INSTANTS) {
      const bound = next > until ? `${withinMs / 1_000} s of virtual time` : `${MOST_INSTANTS} instants`;
      throw new DoesNotEndError(
        executionId,
        `After ${bound}: ${reason}`,
        `${freedBy} Or more time: { within }.`,
      );
    }
    await cloud.advance(Math.max(0, next - cloud.clock.now()));
  }
}
