/** Announces the next try of an outbox: the nudge that `nudge.ts` answers. */

import { delaySecondsFor } from "../../decide/timer.js";
import type { EpochMs } from "../../model/time.js";
import { told } from "../../model/told.js";
import type { Outbox } from "../../store/ports.js";
import type { Outside } from "../outside.js";

/** For a mark that stands. Where the nudge can't be sent, the audit makes the try, some minutes later. */
export async function announce(
  { clock, log, wakes }: Pick<Outside, "clock" | "log" | "wakes">,
  { executionId, slot }: Pick<Outbox, "executionId" | "slot">,
  dueAt: EpochMs,
): Promise<void> {
  try {
    await wakes.send({ executionId, reason: "relay", slot, dueAt }, delaySecondsFor(dueAt, clock.now()));
  } catch (error) {
    const said = "The next try of an outgoing message could not be announced; the audit makes it.";
    log.write("warn", said, { executionId, slot, error: told(error) });
  }
}
