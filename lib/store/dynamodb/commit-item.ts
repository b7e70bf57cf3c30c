/**
 * Commits as items, and the outbox that some of them carry. The states of the outgoing events stand beside them and are absent until the
 * first mark; `ob` and `obAt` are the sparse `pending` mark by which the index finds the commit.
 */

import { CorruptHistoryError } from "../../model/errors.js";
import type { HistoryEvent } from "../../model/history-event.js";
import type { OutboxEntryState, OutgoingEvent } from "../../model/outgoing.js";
import type { EpochMs } from "../../model/time.js";
import { initialStates } from "../outbox.js";
import type { Commit, Outbox } from "../ports.js";
import { type Item, ItemReader } from "./item.js";
import { commitKey, indexKey, PENDING, slotOf } from "./keys.js";
import { packed } from "./packed.js";

export function commitItem(commit: Commit, pendingAt: EpochMs | undefined): Item {
  return {
    ...commitKey(commit.executionId, commit.slot),
    epoch: commit.epoch,
    token: commit.token,
    events: packed(JSON.stringify(commit.events)),
    ...(commit.outgoing.length === 0 ? {} : { out: JSON.stringify(commit.outgoing) }),
    ...(pendingAt === undefined ? {} : pendingMark(commit.executionId, pendingAt)),
  };
}

export function pendingMark(executionId: string, pendingAt: EpochMs): { ob: string; obAt: EpochMs } {
  return { ob: indexKey(PENDING, executionId), obAt: pendingAt };
}

export function readCommitItem(item: Item): Commit {
  const read = new ItemReader(item);
  return {
    ...identityOf(read),
    epoch: read.number("epoch"),
    token: read.text("token"),
    events: read.list<HistoryEvent>("events"),
    outgoing: read.list<OutgoingEvent>("out"),
  };
}

/** Undefined for a commit without outgoing events. */
export function readOutboxItem(item: Item): Outbox | undefined {
  if (item.out === undefined) return undefined;
  const read = new ItemReader(item);
  const outgoing = read.list<OutgoingEvent>("out");
  const pendingAt = read.optionalNumber("obAt");
  return {
    ...identityOf(read),
    outgoing,
    states: item.outStates === undefined ? initialStates(outgoing) : read.list<OutboxEntryState>("outStates"),
    version: read.optionalNumber("outVersion") ?? 0,
    ...(pendingAt === undefined ? {} : { pendingAt }),
  };
}

/** Which commit an item (or the keys of one, from an index) is of. */
export function readCommitKey(item: Item): { executionId: string; slot: number } {
  return identityOf(new ItemReader(item));
}

function identityOf(read: ItemReader): { executionId: string; slot: number } {
  const executionId = read.text("pk");
  const slot = slotOf(read.text("sk"));
  if (slot !== undefined) return { executionId, slot };
  throw new CorruptHistoryError(
    executionId,
    `the item pk "${executionId}", sk "${read.text("sk")}" should be a commit`,
  );
}
