/** Outboxes: the pure part of reading and marking them. */
import { isStaged, type OutboxEntryState, type Outgoing, type OutgoingWake } from "../model/outgoing.js";
import type { EpochMs } from "../model/time.js";
import { notACursor, parseJson } from "./cursor.js";
import { type Commit, INDEX_SHARDS, type Outbox, type OutboxStore } from "./ports.js";

export { isStaged, stagedId } from "../model/outgoing.js";

type MarkRequest = Parameters<OutboxStore["markOutbox"]>[0];

/** A commit of an execution is history: nothing may delete it by itself. */
export function checkStaged(executionId: string): void {
  if (!isStaged(executionId)) throw new Error(`"${executionId}" is an execution, and not what was staged.`);
}

/** Whether nothing of it is of any use after this mark. What was given up stays, so that it can be seen and tried again. */
export function endsWith({ executionId, states, pendingAt }: MarkRequest): boolean {
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
  readonly givenUpAt?: EpochMs;
}

/** Whether the outbox is just what this mark would have made of it: our own write, whose reply was lost. */
export function isMarkedBy(mark: Mark, outbox: Outbox): boolean {
  return (
    outbox.version === mark.version + 1 &&
    outbox.pendingAt === mark.pendingAt &&
    outbox.givenUpAt === mark.givenUpAt &&
    JSON.stringify(outbox.states.map(comparable)) === JSON.stringify(mark.states.map(comparable))
  );
}

function comparable(entry: OutboxEntryState): readonly unknown[] {
  return [entry.state, entry.tries, entry.lastError ?? null, entry.claim ?? null];
}

/** Where an outbox stands in the list of its shard. */
export type OutboxPosition = readonly [at: EpochMs, executionId: string, slot: number];

export function positionText(position: OutboxPosition): string {
  return JSON.stringify(position);
}

export function parsePosition(text: string): OutboxPosition {
  const found = parseJson(text);
  if (!Array.isArray(found)) throw notACursor();
  const [at, executionId, slot]: unknown[] = found;
  if (typeof at !== "number" || typeof executionId !== "string" || typeof slot !== "number")
    throw notACursor();
  return [at, executionId, slot];
}

/** The partitions of a list: one shard, or all. */
export function outboxShards(shard: number | undefined): string[] {
  return shard === undefined
    ? Array.from({ length: INDEX_SHARDS }, (_, each) => String(each))
    : [String(shard)];
}
