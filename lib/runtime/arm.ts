/** Sends a wake towards its time. Always before the write that makes it needed: an orphan costs one read, a missing one an execution. */

import { carrierFor, delaySecondsFor, LONGEST_DELAY_MS, mayHaveFired } from "../decide/timer.js";
import { told } from "../model/told.js";
import type { Wake } from "../model/wake.js";
import type { Outside } from "./outside.js";

export async function arm(outside: Outside, wake: Wake): Promise<void> {
  const now = outside.clock.now();
  const dueAt = wake.dueAt ?? now;
  const carrier = carrierFor(dueAt, now, `${wake.executionId}\n${dueAt}`);
  if (carrier.by !== "schedule") return outside.wakes.send(wake, delaySecondsFor(dueAt, now));
  try {
    const scheduled = await outside.wakes.schedule(wake, carrier.at);
    if (scheduled === "created" || !mayHaveFired(carrier.at, now)) return;
  } catch (error) {
    // Throttled or down: the queue carries it in hops of 15 minutes, and each arrival tries the schedule again.
    outside.log.write("warn", "A schedule could not be created; the wake hops through the queue instead.", {
      executionId: wake.executionId,
      error: told(error),
    });
  }
  await outside.wakes.send(wake, LONGEST_DELAY_MS / 1_000);
}
