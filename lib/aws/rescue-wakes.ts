/** The wakes in the dead-letter queue of the wake queue: each is taken out again, and what becomes of it is decided. */
import { told } from "../model/told.js";
import { rescue } from "../runtime/rescue.js";
import type { DeadWakes } from "./dead-wakes.js";
import type { AwsOutside } from "./outside.js";
import { parseWake } from "./wake-body.js";

/** Receives of ten: a hundred poisoned wakes per run; more wait for the next. */
const MOST_RECEIVES = 10;

/**
 * @param requestId the owner of what has to be taken over
 * @param enough whether there is no time for another receive
 * @returns how many it took out
 */
export async function rescueWakes(
  outside: AwsOutside,
  deadWakes: DeadWakes,
  requestId: string,
  enough: () => boolean,
): Promise<number> {
  let rescued = 0;
  for (let receives = 0; receives < MOST_RECEIVES && !enough(); receives++) {
    const messages = await deadWakes.receive();
    if (messages.length === 0) break;
    for (const { id, body, receipt } of messages) {
      try {
        await rescue(outside, parseWake(body), requestId);
        await deadWakes.delete(receipt);
        rescued += 1;
        outside.meter?.note("WakesRescued", 1);
      } catch (error) {
        // It stays in the queue, where it can be seen, and is tried again by the next run.
        const said = "A wake from the dead-letter queue could not be rescued.";
        outside.log.write("error", said, { messageId: id, error: told(error) });
      }
    }
  }
  return rescued;
}
