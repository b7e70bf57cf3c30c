/**
 * Commits as items, and the outbox that some of them carry. The states of the outgoing events stand beside them and are absent until the
 * first mark; `ob` and `obAt` are the sparse `pending` mark by which the index finds the commit.
 */

import { CorruptHistoryError } from "../../model/errors.js";
import type { HistoryEvent } from "../../model/history-event.js";
import type { OutboxEntryState, Outgoing, OutgoingWake } from "../../model/outgoing.js";
import { historyEvents, outboxStates, outgoingMessages } from "../../model/stored-forms.js";
import type { EpochMs } from "../../model/time.js";
import { initialStates } from "../outbox.js";
import type { Commit, Outbox, OutboxMark } from "../ports.js";
import { type Item, ItemReader } from "./item.js";
import { commitKey, groupOf, HEAD, indexKey, OUTBOX_GROUPS, recordSlotOf } from "./keys.js";
import { packed } from "./packed.js";

export function commitItem(commit: Commit, pendingAt: EpochMs | undefined): Item {
  return {
    ...commitKey(commit.executionId, commit.slot),
    epoch: commit.epoch,
    token: commit.token,
    events: packed(JSON.stringify(commit.events)),
    ...(commit.outgoing.length === 0 ? {} : { out: JSON.stringify(commit.outgoing) }),
    ...(pendingAt === undefined ? {} : markAttributes("pending", commit.executionId, pendingAt)),
  };
}

export function markAttributes(
  mark: OutboxMark,
  executionId: string,
  at: EpochMs,
): { ob: string; obAt: EpochMs } {
  return { ob: indexKey(OUTBOX_GROUPS[mark], executionId), obAt: at };
}

export function readCommitItem(item: Item): Commit {
  const read = new ItemReader(item);
  // Named, and not spread: a history of thousands is read at each turn.
  const { executionId, slot } = identityOf(read);
  return {
    executionId,
    slot,
    epoch: read.count("epoch"),
    token: read.text("token"),
    events: read.json<HistoryEvent[]>("events", historyEvents),
    outgoing: read.list<Outgoing>("out", outgoingMessages),
  };
}

/** Undefined for a commit without outgoing messages, and for a head without a mark. */
export function readOutboxItem(item: Item): Outbox | undefined {
  const read = new ItemReader(item);
  const { pendingAt, givenUpAt } = markOf(read);
  const outgoing = item.sk === HEAD ? wakeOf(read, pendingAt) : read.list<Outgoing>("out", outgoingMessages);
  if (outgoing.length === 0 && pendingAt !== undefined && item.sk !== HEAD)
    read.refuse("out", "should hold the messages that the commit is marked for, and holds none");
  if (outgoing.length === 0) return undefined;
  return {
    ...identityOf(read),
    outgoing,
    states: item.outStates === undefined ? initialStates(outgoing) : statesIn(read, outgoing.length),
    version: read.optionalCount("outVersion") ?? 0,
    ...(pendingAt === undefined ? {} : { pendingAt }),
    ...(givenUpAt === undefined ? {} : { givenUpAt }),
  };
}

/** One for each message: what has no state would never be tried, and nobody would know. */
function statesIn(read: ItemReader, messages: number): OutboxEntryState[] {
  const states = read.list<OutboxEntryState>("outStates", outboxStates);
  return states.length === messages
    ? states
    : read.refuse("outStates", `should tell of ${messages} messages, and tells of ${states.length}`);
}

function markOf(read: ItemReader): { readonly pendingAt?: EpochMs; readonly givenUpAt?: EpochMs } {
  const group = read.optionalText("ob");
  if (group === undefined) return {};
  const at = read.time("obAt");
  return groupOf(group) === OUTBOX_GROUPS["given up"] ? { givenUpAt: at } : { pendingAt: at };
}

/** The wake that a marked head still needs. */
function wakeOf(read: ItemReader, pendingAt: EpochMs | undefined): OutgoingWake[] {
  if (pendingAt === undefined) return [];
  const executionId = read.text("pk");
  return [{ kind: "wake", id: executionId, at: read.time("createdAt"), executionId }];
}

/** Which commit, or head, an item (or the keys of one, from an index) is of. */
export function readCommitKey(item: Item): { executionId: string; slot: number } {
  return identityOf(new ItemReader(item));
}

function identityOf(read: ItemReader): { executionId: string; slot: number } {
  const executionId = read.text("pk");
  const slot = recordSlotOf(read.text("sk"));
  if (slot !== undefined) return { executionId, slot };
  throw new CorruptHistoryError(
    executionId,
    `the item pk "${executionId}", sk "${read.text("sk")}" should be a commit`,
  );
}
