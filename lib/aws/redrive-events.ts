/**
 * The audit's part in dead events: what lies in the dead-letter queue without a reason had its receives used up by something that has passed
 * or will pass (an outage, a deploy), so it is sent back, a few per run (PROTOCOL A13). What has a reason is left to people.
 */

import { EXHAUSTED } from "../decide/dead-letter.js";
import { told } from "../model/told.js";
import type { Outside } from "../runtime/outside.js";
import { condemned, redriven, redrivesOf, verdictOf } from "./event-attributes.js";
import type { DeadLetter, EventQueue } from "./event-queue.js";

/** Of one queue, in one run: what was too much for it once must not come back all at once. */
const MOST_PER_RUN = 10;

/** Receives of ten: those that are left to people are received, too, and must not keep the others from their turn. */
export const MOST_RECEIVES = 100;

/** SQS answers with what the servers that it asked have: one empty answer is not yet the end. */
const EMPTY_ANSWERS = 2;

/** Each time it has ten receives more, a quarter of an hour: after some three hours it is no outage. */
export const MOST_REDRIVES = 10;

/** So long nobody else sees what is looked at. */
const HIDDEN_SECONDS = 30;

/** No receive begins later: what was looked at is hidden until the run is over, and comes to it once. */
const LONGEST_MS = (HIDDEN_SECONDS - 5) * 1_000;

export interface EventsRedriven {
  readonly redriven: number;
  /** Events that could not be sent back: each is in the log. */
  readonly failed: number;
}

/** @param enough whether there is no time for another receive */
export async function redriveEvents(
  { clock, log, meter }: Pick<Outside, "clock" | "log" | "meter">,
  queue: EventQueue,
  enough: () => boolean,
): Promise<EventsRedriven> {
  const begun = clock.now();
  let sentBack = 0;
  let failed = 0;
  let seen = 0;
  let leftToPeople = 0;
  const sendBack = async (letter: DeadLetter): Promise<void> => {
    const { body, attributes, receipt } = letter;
    const redrives = redrivesOf(attributes);
    if (redrives < MOST_REDRIVES) {
      await queue.send({ body, attributes: redriven(letter) });
      sentBack += 1;
      meter?.note("EventsRedriven", 1);
    } else {
      const message = `Nobody could handle it: it was sent back from here ${redrives} times, and its receives were used up each time. The log of the function that consumes the queue says why.`;
      const at = new Date(clock.now()).toISOString();
      await queue.bury({
        body,
        attributes: condemned(attributes, { code: EXHAUSTED, message, at, by: "audit" }),
      });
      meter?.note("EventsBuried", 1);
    }
    // Last: who dies before it leaves the event twice, and it counts once.
    await queue.delete(receipt);
  };
  const isOver = () => sentBack >= MOST_PER_RUN || enough() || clock.now() - begun >= LONGEST_MS;
  let empty = 0;
  for (let receives = 0; receives < MOST_RECEIVES && empty < EMPTY_ANSWERS && !isOver(); receives++) {
    const letters = await queue.receive(HIDDEN_SECONDS);
    if (letters.length === 0) empty += 1;
    seen += letters.length;
    for (const letter of letters) {
      if (verdictOf(letter.attributes) !== undefined) {
        leftToPeople += 1;
        continue;
      }
      if (sentBack >= MOST_PER_RUN) continue;
      try {
        await sendBack(letter);
      } catch (error) {
        failed += 1;
        log.write("error", "A dead event could not be sent back; the next run tries again.", {
          messageId: letter.id,
          error: told(error),
        });
      }
    }
  }
  if (seen > 0 && leftToPeople === seen && empty < EMPTY_ANSWERS)
    log.write(
      "info",
      "All the dead events that were looked at have a reason; others behind them may wait to be sent back. Retry or delete those with a reason: holdfast dead-letters list shows them.",
      { lookedAt: seen },
    );
  return { redriven: sentBack, failed };
}
