/**
 * The next try of what was not carried. A wake of its own kind, delayed by the wake queue to the time that the mark names, brings it to the
 * worker, which tries that one outbox again. A hint like every wake: where it is lost, the audit tries. One nudge is sent for each mark that
 * a failed try left, and it is answered only while that mark stands, so that nudges never become more than the outboxes that wait.
 */
import { delaySecondsFor, INLINE_MS } from "../../decide/timer.js";
import type { EpochMs } from "../../model/time.js";
import type { Wake } from "../../model/wake.js";
import type { Outside } from "../outside.js";
import { claimDue } from "./claim.js";
import { relay } from "./relay.js";

/** What was found, in words for the log. */
export type Nudged = "tried" | "early" | "not due";

/**
 * Answers one. Throws when it could not be looked at: its message comes back.
 * @param stopAt what there is no time for by then has another nudge
 */
export async function answerNudge(outside: Outside, wake: Wake, stopAt: EpochMs): Promise<Nudged> {
  const { clock, wakes } = outside;
  const { executionId, slot = 0, dueAt = clock.now() } = wake;
  const early = dueAt - clock.now();
  if (early > INLINE_MS) {
    await wakes.send(wake, delaySecondsFor(dueAt, clock.now()));
    return "early";
  }
  if (early > 0) await clock.sleep(early);
  // What was tried since has a later mark, and that one has its own nudge.
  const claimed = await claimDue(outside, { executionId, slot }, Math.max(dueAt, clock.now()));
  if (claimed === undefined) return "not due";
  await relay(outside, [claimed], stopAt);
  return "tried";
}
