/** Damage done to a log, and how much of it a replay notices. */
import { type HistoryEvent, isNotedEvent } from "../../lib/model/history-event.js";
import type { Recording, Trial } from "./trial.js";

export const MUTATIONS = ["dropped", "swapped", "renamed", "replaced"] as const;
export type Mutation = (typeof MUTATIONS)[number];

export type Tally = Record<Mutation, { tried: number; noticed: number }>;

export function newTally(): Tally {
  return {
    dropped: { tried: 0, noticed: 0 },
    swapped: { tried: 0, noticed: 0 },
    renamed: { tried: 0, noticed: 0 },
    replaced: { tried: 0, noticed: 0 },
  };
}

/** One of each kind, somewhere in the log; `draw` from 0 to 1 says where. */
export async function damage(trial: Trial, { log }: Recording, draw: number, tally: Tally): Promise<void> {
  for (const mutation of MUTATIONS) {
    const damaged = damagedBy(mutation, log, draw);
    if (damaged === undefined) continue;
    tally[mutation].tried += 1;
    if (await trial.refuses(damaged)) tally[mutation].noticed += 1;
  }
}

/**
 * Undefined where the log has no place for it. Only events that answer the code are damaged, and not the last: the log without it is a
 * prefix, which is as good a log. One that ended from outside says nothing about where its code stood.
 */
function damagedBy(
  mutation: Mutation,
  log: readonly HistoryEvent[],
  draw: number,
): HistoryEvent[] | undefined {
  if (log.at(-1)?.type === "ExecutionTerminated") return undefined;
  const places = [...log.keys()].filter((position) => {
    const event = log[position];
    return event !== undefined && position < log.length - 1 && "op" in event && !isNotedEvent(event);
  });
  const at = places[Math.floor(draw * places.length)];
  const event = at === undefined ? undefined : log[at];
  if (at === undefined || event === undefined || !("op" in event)) return undefined;
  switch (mutation) {
    case "dropped":
      return log.toSpliced(at, 1);
    case "swapped": {
      const next = log[at + 1];
      if (next === undefined || !("op" in next) || isNotedEvent(next)) return undefined;
      return log.toSpliced(at, 2, next, event);
    }
    case "renamed":
      return log.with(at, { ...event, op: `${event.op}#9` });
    case "replaced": {
      // The place of this event is taken by the end of something else.
      const other = log.findLast(
        (one) => one !== event && "op" in one && one.op !== event.op && !isNotedEvent(one),
      );
      return other === undefined ? undefined : log.with(at, other);
    }
  }
}
