/**
 * What becomes of a schedule's firing. The record says which firings were decided on, and which one was the last to start an execution:
 *
 * | scheduled for               | overlap         | the execution before | then                                         |
 * |-----------------------------|-----------------|----------------------|----------------------------------------------|
 * | later than all decided on   | any             | ended, or none yet   | start                                        |
 * |                             | allow           | open                 | start                                        |
 * |                             | skip            | open                 | start nothing, and count it                  |
 * |                             | cancel-previous | open                 | cancel that one, and start                   |
 * | what the last one started was | any           |                      | start it again: it may have died on its way  |
 * | earlier                     | allow           |                      | start, or start it again                     |
 * |                             | skip, cancel-…  |                      | start it again if it is there, else nothing  |
 *
 * The record is written before the execution is created. So one that is not there is on its way, and counts as open, for as long as the process
 * that wrote the record can live. Whoever starts it again, perhaps a day later, first writes the record anew: it is on its way from then on.
 */
import type { Overlap } from "../model/firing.js";
import type { EpochMs } from "../model/time.js";

/** No invocation lives longer than 15 minutes: whoever wrote the record before is not at work any more. */
export const ON_ITS_WAY_MS = 20 * 60_000;

/** What is known of the schedule's firings. */
export interface Decided {
  readonly decidedFor: EpochMs;
  readonly started: { readonly scheduledFor: EpochMs; readonly at: EpochMs };
}

/** Where the execution of the last firing that started one stands, those included that it was continued as. */
export type Before = "open" | "ended" | "missing";

export type FiringAction =
  /** Nobody has decided on it: `cancel` the one before, write the record, then start. */
  | { readonly do: "begin"; readonly cancel: boolean }
  /** Nobody has decided on it: write the record. */
  | { readonly do: "skip" }
  /** It is the one that was to start last: where it is not there, write anew when that was, then start. */
  | { readonly do: "repeat" }
  /** It starts, whatever became of others: a repeat of the start is harmless. */
  | { readonly do: "start" }
  /** It was decided on, or a later one was: start it again only if it is there. */
  | { readonly do: "repeat if there" };

/** @param before is asked for only where it matters */
export async function decideFiring(
  firing: { readonly scheduledAt: EpochMs; readonly overlap: Overlap },
  known: Decided | undefined,
  now: EpochMs,
  before: () => Promise<Before>,
): Promise<FiringAction> {
  const { scheduledAt, overlap } = firing;
  if (known === undefined) return { do: "begin", cancel: false };
  if (scheduledAt === known.started.scheduledFor) return { do: "repeat" };
  if (scheduledAt <= known.decidedFor) return { do: overlap === "allow" ? "start" : "repeat if there" };
  if (overlap === "allow") return { do: "begin", cancel: false };
  const found = await before();
  const open = found === "open" || (found === "missing" && now - known.started.at < ON_ITS_WAY_MS);
  if (!open) return { do: "begin", cancel: false };
  return overlap === "skip" ? { do: "skip" } : { do: "begin", cancel: true };
}
