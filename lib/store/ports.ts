/**
 * What the engine asks of its storage: one operation a method, each one conditional on what its caller read, and none that overwrites
 * blindly. Two stores keep this contract, `dynamodb/` (one file per operation) and `memory/` (its twin); `test/store/contract.ts` holds
 * both to it.
 *
 * Refusals are results, not exceptions: a lost race is an ordinary outcome here. What throws is infrastructure (a timeout, throttling
 * past the SDK's retries). After a throw the outcome is unknown, and every write may be repeated with the same arguments: tokens tell
 * an own success whose reply was lost from somebody else's.
 */
import type { TransactionReason } from "../model/errors.js";
import type { Awaits, Duty, Head, StoredValue, Tail, WaitKey } from "../model/head.js";
import type { HistoryEvent } from "../model/history-event.js";
import type { Message, RedriveMessage } from "../model/message.js";
import type { OutboxEntryState, Outgoing, OutgoingWake } from "../model/outgoing.js";
import type { ClosedStatus, ExecutionStatus, OpenStatus } from "../model/status.js";
import type { EpochMs } from "../model/time.js";
import type { TransactionAction } from "../model/transaction.js";
import type { Encoded } from "../model/value.js";
import type { DefinitionStore } from "./ports/definitions.js";
import type { ListingStore } from "./ports/listing.js";
import type { RetentionStore } from "./ports/retention.js";
import type { ScheduleStore } from "./ports/schedules.js";

export type * from "./ports/definitions.js";
export type * from "./ports/listing.js";
export type * from "./ports/retention.js";
export type * from "./ports/schedules.js";

/**
 * The first write of an execution. `lease` is there when the creator runs the first turn itself (epoch 1), else epoch is 0. `slot` is above
 * 0 when commits were written before it (a fork, a successor). `closed` makes it closed from the start, for a child whose parent has no
 * more use for it (PROTOCOL B2).
 */
export type NewExecution = Pick<
  Head,
  | "executionId"
  | "workflow"
  | "version"
  | "definition"
  | "pin"
  | "createdAt"
  | "startAt"
  | "application"
  | "pipelineConfigId"
  | "input"
  | "startedBy"
  | "parent"
  | "deadline"
  | "seed"
  | "flags"
  | "lifecycleEvents"
  | "origin"
  | "lease"
  | "createToken"
> & { readonly slot?: number; readonly closed?: "cancelled" | "terminated" };

/** One stored history record. */
export interface Commit {
  readonly executionId: string;
  /** Dense from 1. */
  readonly slot: number;
  /** The writer's. */
  readonly epoch: number;
  /** Over the content and the writer. */
  readonly token: string;
  readonly events: readonly HistoryEvent[];
  /** In order; their index is part of their order stamp. Empty for most commits. */
  readonly outgoing: readonly Outgoing[];
}

/**
 * A commit's outgoing messages together with where each stands. At slot 0 it is the head itself, written inside a user's own transaction,
 * and its only message is the wake that the execution still needs (PROTOCOL D1). Of an id that `isStaged` knows there is no execution: it
 * holds what a user's own transaction sends.
 */
export interface Outbox {
  readonly executionId: string;
  readonly slot: number;
  readonly outgoing: readonly (Outgoing | OutgoingWake)[];
  /** One per outgoing message. */
  readonly states: readonly OutboxEntryState[];
  /** Rises with every write of the states: the condition of the next one. */
  readonly version: number;
  /** When it is to be looked at again; absent when all its entries are final (the sparse `pending` mark is gone). */
  readonly pendingAt?: EpochMs;
  /** All its entries are final since then, and some were given up: it stays listed until somebody has them tried again. */
  readonly givenUpAt?: EpochMs;
}

/** What a settlement says of the turn's end. */
export type Settlement =
  | OpenSettlement
  | ClosedSettlement
  | { readonly status: "stalled"; readonly error: Encoded; readonly at: EpochMs };

export interface OpenSettlement {
  readonly status: OpenStatus;
  readonly dueAt?: EpochMs;
  readonly awaits?: Awaits;
}

export interface ClosedSettlement {
  readonly status: ClosedStatus;
  readonly closedAt: EpochMs;
  readonly output?: StoredValue;
  readonly error?: StoredValue;
  readonly compensation?: "none" | "complete" | "incomplete";
  readonly continuedTo?: string;
  /** While there are any, the execution is listed among the open ones, where the audit finds it. */
  readonly duties?: readonly Duty[];
}

export interface SettleRequest {
  readonly executionId: string;
  /** The status that the owner's lease found: the transition table is checked against it before the write. */
  readonly from: ExecutionStatus;
  readonly epoch: number;
  readonly leaseToken: string;
  /** The newest `inboxSeq` that this owner has seen; absent settles whatever came since (I6: only after refusals that nothing awaited). */
  readonly inboxSeq?: number;
  /** The last committed slot. */
  readonly slot: number;
  readonly tail?: Tail;
  readonly settlement: Settlement;
  /** Set only when it changed. */
  readonly state?: StoredValue;
  readonly waits: readonly WaitKey[];
  readonly waitCount: number;
  /** Messages that are in history now: they leave the head's inbox with this write; items of their own are deleted after it. */
  readonly drained: readonly string[];
  /**
   * How many messages remain that are items of their own, as this owner knows once it has drained. Only with `inboxSeq`, which makes it
   * exact; absent leaves the count as it is, which costs the next turn a look and loses nothing.
   */
  readonly inboxItems?: number;
  readonly token: string;
}

/** Who registered a wait: whatever an earlier one does that comes late does not touch it. */
export interface Registrant {
  /** Of the execution. One that is created under the id of a deleted one is created later. */
  readonly createdAt: EpochMs;
  /** Of its owner. */
  readonly epoch: number;
}

/** A wait's record in the directory. */
export interface WaitRecord extends WaitKey, Registrant {
  /** The wait is of no use after it; absent when it has no timeout. */
  readonly until?: EpochMs;
  /** Which payloads it takes: the JSON text of a condition (`model/pattern/where.ts`). Absent takes all. */
  readonly where?: string;
}

/** An accepted bus event, kept for waits that begin later. */
export interface RecentEvent {
  readonly id: string;
  readonly name: string;
  readonly key?: string;
  readonly data: Encoded;
  /** When deliver first wrote it (PROTOCOL A5), not the event's own time. */
  readonly recordedAt: EpochMs;
  /** For this execution alone. */
  readonly target?: string;
}

/** An execution whose head can't be read. */
export interface Damaged {
  readonly executionId: string;
  readonly why: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** What belongs to the page and could not be read: it keeps nobody from the rest. */
  readonly damaged?: readonly Damaged[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
}

/** Objects: what would be too large, or too dear, for an item of a table. */
export interface PayloadStore {
  /** Durable when it resolves. A key belongs to one content, so a repeat writes what is there already. */
  putObject(key: string, content: Uint8Array): Promise<void>;

  /** Undefined when there is none. Sees every write that was answered. */
  getObject(key: string): Promise<Uint8Array | undefined>;

  /** Objects whose keys begin with `prefix`, at most `limit` (1 to 1,000) of them. Sees every write and deletion that was answered. */
  listObjects(prefix: string, limit: number): Promise<StoredObject[]>;

  /** At most 1,000 of them; idempotent. */
  deleteObjects(keys: readonly string[]): Promise<void>;
}

/** The key of an execution's payload. All of an execution's objects have one prefix, and no other execution's have it. */
export function objectKey(executionId: string, name: string): string {
  return objectPrefix(executionId) + name;
}

/** What the keys of all of an execution's objects begin with, and no others: a letter or a digit, as its id does. */
export function objectPrefix(executionId: string): string {
  return `${encodeURIComponent(executionId)}/`;
}

/** Executions: heads, commits, inboxes, payloads. */
export interface ExecutionStore extends PayloadStore {
  /** Condition: no such execution. A repeat with the same `createToken` is `created`. */
  createExecution(
    execution: NewExecution,
  ): Promise<{ created: true; head: Head } | { created: false; head: Head }>;

  /** Strongly consistent. */
  readHead(executionId: string): Promise<Head | undefined>;

  /**
   * Condition: status open, epoch and lease token (or no lease) still those of `seen`. Epoch rises by one.
   * A repeat that finds its own token is `acquired`. `evenStalled` takes a stalled execution too: to terminate it.
   */
  acquireLease(request: {
    readonly executionId: string;
    readonly seen: { readonly epoch: number; readonly leaseToken?: string };
    readonly owner: string;
    readonly token: string;
    readonly until: EpochMs;
    readonly evenStalled?: boolean;
    /** Pins it to this code, from then on. */
    readonly pin?: string;
  }): Promise<{ acquired: true; head: Head } | { acquired: false; head: Head | undefined }>;

  /**
   * Lets another code run a pinned execution, from its next lease on. Condition: it is pinned to `from`. A repeat that finds it pinned
   * to `to` is `moved`.
   */
  movePin(request: {
    readonly executionId: string;
    readonly from: string;
    readonly to: string;
  }): Promise<{ moved: boolean; head: Head | undefined }>;

  /** Notes in the lease that its owner lived to see its turn fail. Condition: the lease is still that one; idempotent. */
  failLease(executionId: string, leaseToken: string): Promise<void>;

  /** All commits after `afterSlot`, in slot order, strongly consistent, all pages. */
  loadHistory(executionId: string, afterSlot: number): Promise<Commit[]>;

  /**
   * What can be read of the commits, in slot order, strongly consistent, all pages: for those who must act without the rest. `unread`: slots
   * below the last one that are empty or can't be read, the last one included.
   */
  salvageHistory(
    executionId: string,
  ): Promise<{ readonly commits: readonly Commit[]; readonly unread: readonly number[] }>;

  /** Condition: the slot is free. A repeat that finds its own token is `appended`. Outgoing events get their `pending` mark, due at `pendingAt`. */
  appendCommit(
    commit: Commit,
    pendingAt?: EpochMs,
  ): Promise<{ appended: true } | { appended: false; found: Commit }>;

  /**
   * The commit and the user's own writes, all or nothing, in one `TransactWriteItems`. `taken`: the slot is somebody else's. `refused`: the
   * table would not do an action; one reason per action, in their order. A repeat that finds its own token in the slot is `appended`.
   * Throws `InvalidTransactionError` for what no repeat could mend, before or instead of any write. Without actions it is `appendCommit`.
   */
  commitTransaction(
    commit: Commit,
    actions: readonly TransactionAction[],
    pendingAt?: EpochMs,
  ): Promise<
    | { outcome: "appended" }
    | { outcome: "taken"; found: Commit }
    | { outcome: "refused"; reasons: readonly TransactionReason[] }
  >;

  /**
   * Ends a turn: writes the status, tail and wake info, and releases the lease.
   * Condition: epoch and lease token are still ours and, if given, `inboxSeq` is the newest. A repeat that finds its own token is `settled`.
   * Throws on a transition that the status table forbids.
   */
  settle(request: SettleRequest): Promise<{ settled: true } | { settled: false; head: Head | undefined }>;

  /**
   * Every closing duty is done: the execution leaves the open ones. Condition: it is the end that was read, and it has duties; idempotent.
   */
  noteDutiesDone(closed: {
    readonly executionId: string;
    readonly status: ClosedStatus;
    readonly epoch: number;
  }): Promise<void>;

  /**
   * Condition: the execution exists, accepts messages, and does not hold this message id in its inbox. `inboxSeq` rises by one.
   * Small messages lie in the head; large ones, or any past the head's room, are items of their own, written first.
   */
  appendMessage(
    executionId: string,
    message: Message,
  ): Promise<
    | { outcome: "appended" | "duplicate"; head: Head }
    | { outcome: "closed"; head: Head }
    | { outcome: "missing" }
  >;

  /** The messages that are items of their own, oldest first, strongly consistent. */
  loadMessages(executionId: string): Promise<Message[]>;

  /** Deletes messages that are items of their own; idempotent. Only after they are durable in history. */
  deleteMessages(executionId: string, messageIds: readonly string[]): Promise<void>;

  /**
   * Stores text or bytes in an item of their own. Condition: nothing is stored under the name; where something is, it stands, whoever
   * stored it. Throws `PayloadTooLargeError`.
   */
  putPayload(executionId: string, name: string, content: string | Uint8Array): Promise<void>;

  /** What was stored, text or bytes as it was. */
  getPayload(executionId: string, name: string): Promise<string | Uint8Array | undefined>;

  /**
   * Puts an execution back to `running`, and the message into its inbox, in one write. Of its end only its output stays. Condition: it is
   * failed or stalled, or it is completed or cancelled and its compensation is incomplete, and its epoch is still that of `seen`: what has been
   * redriven since, and has ended again, is another end. A repeat that finds its own message is `reopened`.
   */
  reopen(
    executionId: string,
    seen: { readonly epoch: number },
    message: RedriveMessage,
  ): Promise<{ reopened: true; head: Head } | { reopened: false; head: Head | undefined }>;
}

/** Outboxes: what the relay and the audit's re-relay read and write. */
export interface OutboxStore {
  /** Strongly consistent; undefined when the commit is gone or has nothing outgoing, or the head of slot 0 has no mark (any more). */
  readOutbox(executionId: string, slot: number): Promise<Outbox | undefined>;

  /**
   * Condition: `version` is the one that was read. Its mark becomes `pendingAt` or `givenUpAt`, of which there is at most one; with neither it
   * is in no list any more. A head's wake (slot 0) is never given up; a head without a mark is one that is marked with neither. What was staged and is published goes as a whole: it belongs to no history.
   */
  markOutbox(request: {
    readonly executionId: string;
    readonly slot: number;
    readonly version: number;
    readonly states: readonly OutboxEntryState[];
    readonly pendingAt?: EpochMs;
    readonly givenUpAt?: EpochMs;
  }): Promise<{ marked: boolean }>;

  /**
   * Deletes what was staged, as it was read: for what was given up so long ago that nobody will ask for it. Condition: `version` is the one that
   * was read. One that is gone is `deleted`. Never for a commit of an execution.
   */
  deleteStaged(outbox: Pick<Outbox, "executionId" | "slot" | "version">): Promise<{ deleted: boolean }>;

  /**
   * Outboxes that have a mark, of one index shard or one shard after the other, in each the oldest first. Eventually consistent: by index.
   * `until` bounds the mark's time: by when they are due, or were given up.
   */
  listOutboxes(request: {
    readonly mark: OutboxMark;
    readonly shard?: number;
    readonly until?: EpochMs;
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<Page<{ readonly executionId: string; readonly slot: number }>>;
}

/** Why an outbox is listed: it is to be looked at again, or some of it was given up. */
export type OutboxMark = "pending" | "given up";

/**
 * Writes for a transaction that the user makes, not we: each is an action for its `TransactItems`. Nothing is called here. A store without
 * tables throws `InvalidTransactionError`.
 */
export interface StagingStore {
  /** Condition: no such execution. Its wake is sent once the transaction commits; until then a mark, due at `pendingAt`, says that it was not. */
  stageExecution(execution: NewExecution, pendingAt: EpochMs): Promise<TransactionAction>;
  /** What `putPayload` writes, whatever is there: the name must be made of the content. Throws `PayloadTooLargeError`. */
  stagePayload(executionId: string, name: string, content: string | Uint8Array): Promise<TransactionAction>;
  /** Condition: nothing was staged under the message's id. It is an outbox of its own, under `stagedId`. */
  stageOutgoing(message: Outgoing, pendingAt: EpochMs): Promise<TransactionAction>;
}

/** What must be found without knowing an execution id. */
export interface DirectoryStore {
  /** Condition: no later owner has registered the wait; where one has, its record stands. Idempotent. */
  putWait(wait: WaitRecord): Promise<void>;
  /** Condition: nobody later than `epoch` has registered the wait; where somebody has, the record stands. Idempotent. */
  deleteWait(wait: WaitKey & Registrant): Promise<void>;
  /** Strongly consistent. */
  readWait(wait: WaitKey): Promise<WaitRecord | undefined>;
  /** All waits of a name and key, strongly consistent, a page at a time. */
  findWaits(request: {
    readonly name: string;
    readonly key?: string;
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<Page<WaitRecord>>;

  /** Condition: the id is new. `recorded` is what stands there now: a repeat gets the first record back. */
  putRecentEvent(event: RecentEvent): Promise<{ first: boolean; recorded: RecentEvent }>;
  /** Recent events of a name and key that were recorded at or after `since`, oldest first, strongly consistent. */
  findRecentEvents(request: {
    readonly name: string;
    readonly key?: string;
    readonly since: EpochMs;
  }): Promise<RecentEvent[]>;
}

/** What the audit reads: a fixed amount per run, behind a saved cursor. */
export interface AuditStore {
  /** Open executions of one index shard, oldest first; eventually consistent. */
  listOpen(request: {
    readonly shard: number;
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<Page<string>>;
  readCursor(name: string): Promise<{ cursor: string; version: number } | undefined>;
  /** Condition: `version` is the one that was read (0 for none). */
  saveCursor(name: string, cursor: string, version: number): Promise<{ saved: boolean }>;
}

export interface Store
  extends ExecutionStore,
    OutboxStore,
    StagingStore,
    DirectoryStore,
    ListingStore,
    AuditStore,
    DefinitionStore,
    ScheduleStore,
    RetentionStore {}

/**
 * Index shards. Eight let an index take 8,000 writes a second (1,000 per partition); a listing reads all eight. The number is part of the
 * stored keys: changing it needs a migration.
 */
export const INDEX_SHARDS = 8;

/** Shards of an event type that declares no key, so that a broadcast type has no hot partition (PROTOCOL A9). */
export const BROADCAST_SHARDS = 8;
