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
 * | earlier, or the same        | allow           |                      | start, or start it again                     |
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
  readonly started: { readonly executionId: string; readonly at: EpochMs };
}

/** The execution of the last firing that started one. */
export interface Before {
  /** Those included that it was continued as. */
  readonly stands: "open" | "ended" | "missing";
  /** The last of these, as far as they were looked at. */
  readonly executionId: string;
}

export type FiringAction =
  /** Nobody has decided on it: cancel the one before, if it is named here, write the record, then start. */
  | { readonly do: "begin"; readonly cancel?: string }
  /** Nobody has decided on it: write the record, with how far the one before has come. */
  | { readonly do: "skip"; readonly latest: string }
  /** It is the one that was to start last: where it is not there, write anew when that was, then start. */
  | { readonly do: "repeat" }
  /** It starts, whatever became of others: a repeat of the start is harmless. */
  | { readonly do: "start" }
  /** It was decided on, or a later one was: start it again only if it is there. */
  | { readonly do: "repeat if there" };

/** @param before is asked for only where it matters */
export async function decideFiring<Known extends Decided>(
  firing: { readonly scheduledAt: EpochMs; readonly executionId: string; readonly overlap: Overlap },
  known: Known | undefined,
  now: EpochMs,
  before: (known: Known) => Promise<Before>,
): Promise<FiringAction> {
  const { scheduledAt, overlap } = firing;
  if (known === undefined) return { do: "begin" };
  if (firing.executionId === known.started.executionId) return { do: "repeat" };
  if (scheduledAt <= known.decidedFor) return { do: overlap === "allow" ? "start" : "repeat if there" };
  if (overlap === "allow") return { do: "begin" };
  const { stands, executionId } = await before(known);
  const open = stands === "open" || (stands === "missing" && now - known.started.at < ON_ITS_WAY_MS);
  if (!open) return { do: "begin" };
  return overlap === "skip" ? { do: "skip", latest: executionId } : { do: "begin", cancel: executionId };
}
