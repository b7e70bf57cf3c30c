/**
 * Getting hold of an execution: the lease, its history, and, when the lease before was never released, the record that fences
 * its owner out. Only then may effects begin.
 */
import { startedEvent } from "../../decide/lifecycle.js";
import { endedBeforeItsStart } from "../../decide/unbegun.js";
import { isBeforeStart } from "../../decide/wake.js";
import type { Head } from "../../model/head.js";
import type { HistoryEvent } from "../../model/history-event.js";
import { lifecycleEventName } from "../../model/lifecycle.js";
import type { Outgoing } from "../../model/outgoing.js";
import { orStall } from "../ending/unreadable.js";
import { allCommits, carriedTail } from "../history.js";
import type { Outside } from "../outside.js";
import { bringBack } from "../values/payloads.js";
import { notingFailure } from "./failed-turn.js";
import { acquire, checkEpochs, inFreeSlot, type Leased, type LeaseRequest, recordTaken } from "./leasing.js";

/** An execution in the hands of this process. */
export interface Owned {
  /** As the lease left it. */
  readonly head: Head;
  readonly leaseToken: string;
  readonly history: readonly { readonly event: HistoryEvent; readonly slot: number }[];
  /** The last committed slot. */
  readonly slot: number;
  /** The head's tail, when no commit has superseded it. */
  readonly carried: readonly HistoryEvent[];
  /** The owner before never settled: what it left outside of history can't be relied upon. */
  readonly takenOver: boolean;
  /** Its workflow wants the bus to be told when it starts, and no commit has told of it yet. */
  readonly untold: boolean;
}

/** Leases a released execution. Undefined when somebody else was faster, or its history can't be read (it is stalled then). */
export async function lease(outside: Outside, request: LeaseRequest): Promise<Owned | undefined> {
  const leased = await acquire(outside, request);
  if (leased === undefined) return undefined;
  // Nobody has ever held it, so there is nothing to read.
  if (request.head.epoch === 0 && request.head.slot === 0) return ownCreated(leased.head, leased.token);
  return orStall(outside, leased, request, () =>
    notingFailure(outside, leased.head, leased.token, () => load(outside, leased.head, leased.token)),
  );
}

/** An execution that nobody held before: nothing is in its history. */
export function ownCreated(head: Head, leaseToken: string): Owned {
  const untold = tellsOfStart(head);
  return { head, leaseToken, history: [], slot: 0, carried: [], takenOver: false, untold };
}

/** Takes an execution over whose lease was never released. Undefined when somebody else was faster, or its history can't be read. */
export async function takeOver(outside: Outside, request: LeaseRequest): Promise<Owned | undefined> {
  const leased = await acquire(outside, request);
  if (leased === undefined) return undefined;
  // Until the crash of the owner before is recorded, nothing may hide it.
  return orStall(outside, leased, request, () =>
    leased.afterFailure
      ? notingFailure(outside, leased.head, leased.token, () => fence(outside, leased))
      : fence(outside, leased),
  );
}

/** Writes the takeover record into the next slot: from here on the owner before can write no more. */
async function fence(outside: Outside, leased: Leased): Promise<Owned> {
  return inFreeSlot(leased, async () => {
    const owned = await load(outside, leased.head, leased.token);
    const slot = owned.slot + 1;
    const now = outside.clock.now();
    const events = owned.history.map(({ event }) => event);
    const begins = !isBeforeStart(leased.head, now) && !endedBeforeItsStart(leased.head, events);
    const started = owned.untold && begins ? startedEvent(leased.head, now) : [];
    const taken = await recordTaken(
      outside,
      leased,
      { slot, after: events, carried: owned.carried },
      started,
    );
    if (taken === undefined) return undefined;
    if (!leased.afterFailure) noteTakeover(outside, leased.head);
    const history = [...owned.history, { event: taken, slot }];
    const untold = owned.untold && started.length === 0;
    return { ...owned, slot, carried: [], takenOver: true, untold, history };
  });
}

/** Told at once: who takes over may well die of the same. */
function noteTakeover({ meter }: Outside, { workflow }: Head): void {
  meter?.note("LeaseTakeovers", 1, workflow);
  meter?.tell();
}

async function load(outside: Outside, head: Head, leaseToken: string): Promise<Owned> {
  const commits = await allCommits(outside.store, head);
  checkEpochs(head, commits);
  const slot = commits.at(-1)?.slot ?? 0;
  const carried = carriedTail(head, slot);
  return {
    head,
    leaseToken,
    slot,
    carried,
    takenOver: false,
    untold: tellsOfStart(head) && !commits.some(({ outgoing }) => outgoing.some(isOfStart)),
    history: await whole(outside, head.executionId, [
      ...commits.flatMap((commit) => commit.events.map((event) => ({ event, slot: commit.slot }))),
      ...carried.map((event) => ({ event, slot: slot + 1 })),
    ]),
  };
}

function tellsOfStart({ lifecycleEvents: asked = [] }: Head): boolean {
  return asked.includes("started");
}

function isOfStart(message: Outgoing): boolean {
  return message.kind === "event" && message.name === lifecycleEventName("started");
}

/** With the values that were put away: replay knows nothing of marks. */
async function whole(
  { store }: Outside,
  executionId: string,
  history: Owned["history"],
): Promise<Owned["history"]> {
  const events = await bringBack(
    store,
    executionId,
    history.map(({ event }) => event),
  );
  return history.map(({ event, slot }, index) => ({ event: events[index] ?? event, slot }));
}
