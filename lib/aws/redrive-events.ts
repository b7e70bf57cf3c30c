/**
 * The audit's part in dead events: what lies in the dead-letter queue without a reason had its receives used up by something that has passed
 * or will pass (an outage, a deploy), so it is sent back, a few per run (PROTOCOL A13). What has a reason is left to people.
 */
import { EXHAUSTED } from "../decide/dead-letter.js";
import type { Outside } from "../runtime/outside.js";
import { condemned, redriven, redrivesOf, verdictOf } from "./event-attributes.js";
import type { DeadLetter, EventQueue } from "./event-queue.js";

/** Of one queue, in one run: what was too much for it once must not come back all at once. */
const MOST_PER_RUN = 10;

/** Receives of ten. Those that are left to people are received, too. */
const MOST_RECEIVES = 5;

/** Each time it has ten receives more, a quarter of an hour: after some three hours it is no outage. */
export const MOST_REDRIVES = 10;

/** Longer than a run takes with them; for so long nobody else sees what is looked at. */
const HIDDEN_SECONDS = 30;

export interface EventsRedriven {
  readonly redriven: number;
  /** Events that could not be sent back: each is in the log. */
  readonly failed: number;
}

/** @param enough whether there is no time for another receive */
export async function redriveEvents(
  { clock, log }: Pick<Outside, "clock" | "log">,
  queue: EventQueue,
  enough: () => boolean,
): Promise<EventsRedriven> {
  let sentBack = 0;
  let failed = 0;
  const sendBack = async (letter: DeadLetter): Promise<void> => {
    const { body, attributes, receipt } = letter;
    const redrives = redrivesOf(attributes);
    if (redrives < MOST_REDRIVES) {
      await queue.send({ body, attributes: redriven(attributes) });
      sentBack += 1;
    } else {
      const message = `Nobody could handle it: it was sent back from here ${redrives} times, and its receives were used up each time. The log of the function that consumes the queue says why.`;
      const at = new Date(clock.now()).toISOString();
      await queue.bury({
        body,
        attributes: condemned(attributes, { code: EXHAUSTED, message, at, by: "audit" }),
      });
    }
    // Last: who dies before it leaves the event twice, and it counts once.
    await queue.delete(receipt);
  };
  for (let receives = 0; receives < MOST_RECEIVES && sentBack < MOST_PER_RUN && !enough(); receives++) {
    const letters = await queue.receive(HIDDEN_SECONDS);
    if (letters.length === 0) break;
    for (const letter of letters) {
      if (verdictOf(letter.attributes) !== undefined || sentBack >= MOST_PER_RUN) continue;
      try {
        await sendBack(letter);
      } catch (error) {
        failed += 1;
        log.write("error", "A dead event could not be sent back; the next run tries again.", {
          messageId: letter.id,
          error,
        });
      }
    }
  }
  return { redriven: sentBack, failed };
}
