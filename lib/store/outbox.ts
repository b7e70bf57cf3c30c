/** Outboxes: the pure part of reading and marking them. */
import type { OutboxEntryState, Outgoing, OutgoingWake } from "../model/outgoing.js";
import type { EpochMs } from "../model/time.js";
import type { Commit, Outbox, OutboxStore } from "./ports.js";

type OutboxMark = Parameters<OutboxStore["markOutbox"]>[0];

const STAGED = "staged#";

/** Under what a message of a user's own transaction lies. No execution can have the id: `#` is not allowed in one. */
export function stagedId(messageId: string): string {
  return STAGED + messageId;
}

export function isStaged(executionId: string): boolean {
  return executionId.startsWith(STAGED);
}

/** Whether nothing of it is of any use after this mark. What was given up stays, so that it can be seen and tried again. */
export function endsWith({ executionId, states, pendingAt }: OutboxMark): boolean {
  return (
    isStaged(executionId) && pendingAt === undefined && states.every(({ state }) => state === "published")
  );
}

/** The one slot of what is staged. */
export const STAGED_SLOT = 1;

/** Where every outgoing event stands when its commit is written: nothing of it is stored, so that a commit stays small. */
export function initialStates(outgoing: readonly (Outgoing | OutgoingWake)[]): OutboxEntryState[] {
  return outgoing.map(() => ({ state: "pending", tries: 0 }));
}

/**
 * When a new commit's outgoing events are due. A commit with outgoing events always gets a mark, even from a caller that names no time:
 * without one nobody would ever look for them.
 */
export function firstPendingAt(commit: Commit, pendingAt: EpochMs | undefined): EpochMs | undefined {
  return commit.outgoing.length === 0 ? undefined : (pendingAt ?? commit.outgoing[0]?.at);
}

export interface Mark {
  readonly version: number;
  readonly states: readonly OutboxEntryState[];
  readonly pendingAt?: EpochMs;
}

/** Whether the outbox is just what this mark would have made of it: our own write, whose reply was lost. */
export function isMarkedBy(mark: Mark, outbox: Outbox): boolean {
  return (
    outbox.version === mark.version + 1 &&
    outbox.pendingAt === mark.pendingAt &&
    JSON.stringify(outbox.states.map(comparable)) === JSON.stringify(mark.states.map(comparable))
  );
}

function comparable(entry: OutboxEntryState): readonly unknown[] {
  return [entry.state, entry.tries, entry.lastError ?? null];
}
