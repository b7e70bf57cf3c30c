/**
 * Getting hold of an execution: the lease, its history, and, when the lease before was never released, the record that fences
 * its owner out. Only then may effects begin.
 */
import { dutiesOf } from "../../decide/duties.js";
import { lifecycleEvents, startedEvent } from "../../decide/lifecycle.js";
import { endedBeforeItsStart } from "../../decide/unbegun.js";
import { isBeforeStart } from "../../decide/wake.js";
import type { Hooks } from "../../define/hooks.js";
import { EngineError, FencedError } from "../../model/errors.js";
import type { Head } from "../../model/head.js";
import type { HistoryEvent } from "../../model/history-event.js";
import { digest } from "../../model/ids.js";
import { lifecycleEventName } from "../../model/lifecycle.js";
import type { Outgoing, OutgoingEvent } from "../../model/outgoing.js";
import type { EpochMs } from "../../model/time.js";
import { encodeThrown } from "../../model/value.js";
import type { Commit } from "../../store/ports.js";
import { allCommits, carriedTail, readableHistory } from "../history.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";
import { bringBack } from "../values/payloads.js";
import { notingFailure } from "./failed-turn.js";
import { observerOf } from "./observer.js";

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

/** More than the zombies that can race us for slots: each of them stops at its first lost one. */
const MOST_SLOT_TRIES = 20;

/** Leases a released execution. Undefined when somebody else was faster, or its history can't be read (it is stalled then). */
export async function lease(outside: Outside, request: LeaseRequest): Promise<Owned | undefined> {
  const leased = await acquire(outside, request);
  if (leased === undefined) return undefined;
  // Nobody has ever held it, so there is nothing to read.
  if (request.head.epoch === 0 && request.head.slot === 0) return ownCreated(leased.head, leased.token);
  const { executionId } = leased.head;
  return orStall(outside, leased, request, () =>
    notingFailure(outside, { executionId, leaseToken: leased.token }, () =>
      load(outside, leased.head, leased.token),
    ),
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
  const { executionId } = leased.head;
  // Until the crash of the owner before is recorded, nothing may hide it.
  return orStall(outside, leased, request, () =>
    leased.afterFailure
      ? notingFailure(outside, { executionId, leaseToken: leased.token }, () => fence(outside, leased))
      : fence(outside, leased),
  );
}

interface Leased {
  readonly head: Head;
  readonly token: string;
  /** The owner before had not died: its turn failed. */
  readonly afterFailure: boolean;
}

/** A history that can't be read names itself (P1): the execution stalls, with everything as it was found. */
async function orStall(
  outside: Outside,
  leased: Leased,
  { hooks = [], until }: LeaseRequest,
  read: () => Promise<Owned>,
): Promise<Owned | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const { head, token } = leased;
    outside.log.write("error", "The execution is stalled.", {
      executionId: head.executionId,
      error: error.message,
    });
    if (await settleIfTerminated(outside, leased, error)) return undefined;
    const at = outside.clock.now();
    const stored = encodeThrown(error);
    const stalled: HistoryEvent = { type: "ExecutionStalled", at, reason: error.message };
    const slot = await recordStalled(
      outside,
      leased,
      stalled,
      lifecycleEvents(head, stalled, { error: stored }),
    );
    await persistently(() =>
      outside.store.settle({
        executionId: head.executionId,
        from: head.status,
        epoch: head.epoch,
        leaseToken: token,
        slot: slot ?? head.slot,
        ...(slot !== undefined || head.tail === undefined ? {} : { tail: head.tail }),
        settlement: { status: "stalled", error: stored, at },
        waits: head.waits,
        waitCount: head.waitCount,
        drained: [],
        token: digest(`${token}\nstalled`, 16),
      }),
    );
    const observer = observerOf(outside, hooks, head);
    observer?.tell(observer.callsFor(stalled, { error: stored }));
    await observer?.settled(until);
    return undefined;
  }
}

/**
 * A termination that is recorded stands, though the rest can't be read (PROTOCOL E4). Whoever waits is told by the next wake, which finds it closed.
 * @returns whether there was one
 */
async function settleIfTerminated(
  outside: Outside,
  { head, token }: Leased,
  error: EngineError,
): Promise<boolean> {
  const { events, carried, slot } = await readableHistory(outside.store, head);
  const terminated = events.find(({ type }) => type === "ExecutionTerminated");
  if (terminated === undefined) return false;
  const { executionId, parent, epoch, waits, waitCount, status: from } = head;
  const status = "terminated";
  const duties = dutiesOf({ status, parent, openChildren: true, waits: waitCount > 0 });
  await persistently(() =>
    outside.store.settle({
      executionId,
      from,
      epoch,
      leaseToken: token,
      slot,
      ...(carried.length === 0 ? {} : { tail: { slot: slot + 1, events: carried } }),
      settlement: { status, closedAt: terminated.at, error: { inline: encodeThrown(error) }, duties },
      waits,
      waitCount,
      drained: [],
      token: digest(`${token}\nterminated`, 16),
    }),
  );
  return true;
}

/**
 * Nothing is written into a history that can't be read, but for what the bus is to be told of: behind the last slot that was ever filled.
 * @returns the slot; undefined where nothing was written
 */
async function recordStalled(
  outside: Outside,
  { head, token }: Leased,
  stalled: HistoryEvent,
  outgoing: readonly OutgoingEvent[],
): Promise<number | undefined> {
  if (outgoing.length === 0) return undefined;
  const { slot: last, carried } = await readableHistory(outside.store, head);
  const { executionId, epoch } = head;
  const slot = last + 1;
  const events = [...carried, stalled];
  const commit = {
    executionId,
    slot,
    epoch,
    token: digest(`${token}\n${slot}\nstalled`, 16),
    events,
    outgoing,
  };
  const { appended } = await persistently(() => outside.store.appendCommit(commit));
  if (!appended) throw new FencedError(executionId, `slot ${slot} was filled by another`);
  return slot;
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
    const history = [...owned.history, { event: taken, slot }];
    const untold = owned.untold && started.length === 0;
    return { ...owned, slot, carried: [], takenOver: true, untold, history };
  });
}

/** Tries until it finds the slot free: while the owner before is still writing, what it writes is history. */
async function inFreeSlot<T>({ head }: Leased, tries: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < MOST_SLOT_TRIES; attempt++) {
    const done = await tries();
    if (done !== undefined) return done;
  }
  throw new FencedError(head.executionId, `${MOST_SLOT_TRIES} slots in a row were filled by others`);
}

/** @returns the record; undefined where the slot was filled by another */
async function recordTaken(
  outside: Outside,
  { head: { executionId, epoch }, token, afterFailure }: Leased,
  {
    slot,
    after,
    carried,
  }: {
    readonly slot: number;
    /** All that is in history: no clock runs backwards in it, whoever's it was. */
    readonly after: readonly HistoryEvent[];
    readonly carried: readonly HistoryEvent[];
  },
  outgoing: readonly OutgoingEvent[] = [],
): Promise<HistoryEvent | undefined> {
  const taken: HistoryEvent = {
    type: "LeaseTaken",
    epoch,
    at: Math.max(outside.clock.now(), after.at(-1)?.at ?? 0),
    ...(afterFailure ? { failed: true } : {}),
  };
  const commit: Commit = {
    executionId,
    slot,
    epoch,
    token: digest(`${token}\n${slot}\ntaken`, 16),
    events: [...carried, taken],
    outgoing,
  };
  const { appended } = await persistently(() => outside.store.appendCommit(commit));
  return appended ? taken : undefined;
}

/** An execution in the hands of one who does not go on with it. */
export interface Seized extends Pick<Owned, "head" | "leaseToken"> {
  /** The last slot, with the record of the takeover. */
  readonly slot: number;
  /** All that is recorded, as far as it can be read: marks stand for large values. */
  readonly events: readonly HistoryEvent[];
  readonly unread: readonly number[];
}

/**
 * Takes an execution over to end it as it is, a stalled one too. Nothing is replayed, so what can't be read of its history is no obstacle.
 * Undefined when somebody else was faster.
 */
export async function seize(
  outside: Outside,
  request: Omit<LeaseRequest, "hooks">,
): Promise<Seized | undefined> {
  const leased = await acquire(outside, request, true);
  if (leased === undefined) return undefined;
  const { head, token: leaseToken } = leased;
  return inFreeSlot(leased, async () => {
    const { commits, events, carried, slot: last, unread } = await readableHistory(outside.store, head);
    checkEpochs(head, commits);
    const slot = last + 1;
    const taken = await recordTaken(outside, leased, { slot, after: events, carried });
    return taken && { head, leaseToken, slot, events: [...events, taken], unread };
  });
}

interface LeaseRequest {
  readonly head: Head;
  readonly owner: string;
  readonly until: EpochMs;
  /** Told when its history can't be read. */
  readonly hooks?: readonly Hooks[];
}

async function acquire(
  outside: Outside,
  { head, owner, until }: LeaseRequest,
  evenStalled = false,
): Promise<Leased | undefined> {
  const token = outside.token();
  const result = await persistently(() =>
    outside.store.acquireLease({
      executionId: head.executionId,
      seen: { epoch: head.epoch, ...(head.lease === undefined ? {} : { leaseToken: head.lease.token }) },
      owner,
      token,
      until,
      ...(evenStalled ? { evenStalled } : {}),
    }),
  );
  const afterFailure = head.lease?.failed === true;
  return result.acquired ? { head: result.head, token, afterFailure } : undefined;
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

/** Throws {@link FencedError}. */
function checkEpochs({ executionId, epoch: own }: Head, commits: readonly Commit[]): void {
  for (const { slot, epoch } of commits) {
    if (epoch > own) throw new FencedError(executionId, `slot ${slot} was written by epoch ${epoch}`);
  }
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
