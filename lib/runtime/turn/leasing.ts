/** The lease and the record that fences out whoever held it before: what all who get hold of an execution have in common. */
import type { Hooks } from "../../define/hooks.js";
import { FencedError } from "../../model/errors.js";
import type { Head } from "../../model/head.js";
import type { HistoryEvent } from "../../model/history-event.js";
import { digest } from "../../model/ids.js";
import type { OutgoingEvent } from "../../model/outgoing.js";
import type { EpochMs } from "../../model/time.js";
import type { Commit } from "../../store/ports.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";

/** More than the zombies that can race us for slots: each of them stops at its first lost one. */
const MOST_SLOT_TRIES = 20;

export interface Leased {
  readonly head: Head;
  readonly token: string;
  /** The owner before had not died: its turn failed. */
  readonly afterFailure: boolean;
}

export interface LeaseRequest {
  readonly head: Head;
  readonly owner: string;
  readonly until: EpochMs;
  /** Pins the execution to this code. */
  readonly pin?: string;
  /** Told when its history can't be read. */
  readonly hooks?: readonly Hooks[];
}

export async function acquire(
  outside: Outside,
  { head, owner, until, pin }: LeaseRequest,
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
      ...(pin === undefined ? {} : { pin }),
    }),
  );
  const afterFailure = head.lease?.failed === true;
  return result.acquired ? { head: result.head, token, afterFailure } : undefined;
}

/** Tries until it finds the slot free: while the owner before is still writing, what it writes is history. */
export async function inFreeSlot<T>({ head }: Leased, tries: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < MOST_SLOT_TRIES; attempt++) {
    const done = await tries();
    if (done !== undefined) return done;
  }
  throw new FencedError(head.executionId, `${MOST_SLOT_TRIES} slots in a row were filled by others`);
}

/** @returns the record; undefined where the slot was filled by another */
export async function recordTaken(
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

/** Throws {@link FencedError}. */
export function checkEpochs({ executionId, epoch: own }: Head, commits: readonly Commit[]): void {
  for (const { slot, epoch } of commits) {
    if (epoch > own) throw new FencedError(executionId, `slot ${slot} was written by epoch ${epoch}`);
  }
}
