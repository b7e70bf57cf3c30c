/** The head of an execution: its present state, the only item of it that is rewritten. At or under 1 KB in the common case. */
import type { HistoryEvent } from "./history-event.js";
import type { Labels } from "./labels.js";
import type { LifecycleKind } from "./lifecycle.js";
import type { Message } from "./message.js";
import type { ExecutionStatus } from "./status.js";
import type { EpochMs } from "./time.js";
import type { Encoded } from "./value.js";

/** Ownership that ends without its owner. */
export interface Lease {
  /** Who holds it: the wake message's id, or the request's. A redelivered message so takes over its own crashed turn at once. */
  readonly owner: string;
  /** Made anew for every acquisition: tells our own success whose reply was lost from somebody else's. */
  readonly token: string;
  readonly until: EpochMs;
  /** Its owner's turn ended with an error of what it depends on, and the owner lived to say so: no process died. */
  readonly failed?: true;
}

/** The last history events of a settled turn. They belong to slot `slot`; a commit at that slot supersedes them. */
export interface Tail {
  readonly slot: number;
  readonly events: readonly HistoryEvent[];
}

/** A value that stands here, or in an item of its own because it would make the head large. */
export type StoredValue = { readonly inline: Encoded } | { readonly payload: string };

/** What it takes to find a wait's record in the directory. */
export interface WaitKey {
  readonly name: string;
  readonly key?: string;
  readonly executionId: string;
  /** The wait operation's path: two waits of one type and key in one execution have two records (PROTOCOL A2). */
  readonly op: string;
}

/** Something that the code has asked for and has not got. */
export interface Outstanding {
  /** Its path: kind, name, and where in the code it was asked for. */
  readonly op: string;
  /** When it comes to its end by itself, or is tried again. */
  readonly dueAt?: EpochMs;
  /** Of a step: attempts that have failed. */
  readonly attempts?: number;
  /** Of a child, where it is not derived from the path. */
  readonly childId?: string;
  /** Of a wait for an event: the JSON text of its condition, where there is room for it. */
  readonly where?: string;
}

export interface Awaits {
  /** The first few, in the order in which they were asked for. */
  readonly first: readonly Outstanding[];
  /** How many there are. */
  readonly count: number;
}

/**
 * What an execution that has ended still has to do (PROTOCOL B1): remove its wait records, do with its children what their `onParentClose`
 * says, create the one that goes on, tell its parent.
 */
export const DUTIES = ["waits", "children", "successor", "parent"] as const;

export type Duty = (typeof DUTIES)[number];

/** Why an execution stands still until a person acts. */
export interface Stall {
  readonly error: Encoded;
  readonly at: EpochMs;
}

/** Whose child an execution is. */
export interface Parent {
  readonly executionId: string;
  /** The operation that asked for it: two parents, or two operations, never share a child. */
  readonly op: string;
}

/** What its workflow's `timeout` was when it was created. A fork's code begins at its origin's time, and has its own creation's. */
export function timeoutOf({
  deadline,
  createdAt,
  startAt,
}: Pick<Head, "deadline" | "createdAt" | "startAt">): number | undefined {
  return deadline === undefined ? undefined : deadline - Math.max(createdAt, startAt);
}

/** The pin of an execution that the next worker to lease it pins to its own code. */
export const NEXT_CODE = "next";

export interface Head extends Labels {
  readonly executionId: string;
  readonly workflow: string;
  /** The version that the definition declares, if any. */
  readonly version?: string;
  /** Digest of the workflow's code at the start. */
  readonly definition: string;
  /** Of a pinned one: the deployed code that runs it, or {@link NEXT_CODE}. Absent: the latest, whatever that is. */
  readonly pin?: string;
  readonly status: ExecutionStatus;
  readonly createdAt: EpochMs;
  /** The code does not begin before it. Equal to `createdAt` unless the start was delayed. */
  readonly startAt: EpochMs;
  readonly closedAt?: EpochMs;
  readonly input: StoredValue;
  readonly output?: StoredValue;
  readonly error?: StoredValue;
  /** What the code last set for queries to read, as of the last settlement. */
  readonly state?: StoredValue;
  /** The message id of the bus event that started it, which counts as consumed (PROTOCOL A4); or the schedule's firing. */
  readonly startedBy?: string;
  readonly parent?: Parent;
  /** The execution itself times out at it. */
  readonly deadline?: EpochMs;
  /** What `random` and `uuid` are drawn from, where that is not its own id: a fork must draw what its origin drew. */
  readonly seed?: string;
  /** Behaviours of the engine that this execution's history relies on (`replay/flags.ts`). */
  readonly flags: readonly number[];
  /** What it tells the bus of its life: as its workflow said when it was created. Absent when that is nothing. */
  readonly lifecycleEvents?: readonly LifecycleKind[];
  /** The execution whose `continueAsNew` or fork it is. */
  readonly origin?: { readonly kind: "continued" | "forked"; readonly executionId: string };
  /** Of a `continued` execution: the one that goes on. */
  readonly continuedTo?: string;
  /** Rises by one with every lease. */
  readonly epoch: number;
  readonly lease?: Lease;
  /** The last committed slot, as of the last settlement; a takeover looks beyond it. */
  readonly slot: number;
  readonly tail?: Tail;
  /** Rises by one with every accepted message; a settlement that has not seen the newest one fails (I6). */
  readonly inboxSeq: number;
  readonly inbox: readonly Message[];
  /** How many messages are items of their own since the last settlement. */
  readonly inboxItems: number;
  /** The earliest instant at which something of it is due; absent when only a message can move it. */
  readonly dueAt?: EpochMs;
  /** Some of the wait records that stand in the directory: for those who look, and to remove them where nothing is replayed. */
  readonly waits: readonly WaitKey[];
  /** How many wait records stand. */
  readonly waitCount: number;
  /** What its code awaits, as of the last settlement, for those who look; of an open execution alone. Absent when that is nothing. */
  readonly awaits?: Awaits;
  /** It has ended, and these are still to be done; until they are, the audit finds it among the open ones. Absent when that is nothing. */
  readonly duties?: readonly Duty[];
  readonly compensation?: "none" | "complete" | "incomplete";
  readonly stall?: Stall;
  /**
   * Its deletion began then: its history, messages and values go, or are gone, and nobody reopens it. Its head goes last; that of one that was
   * continued stays for as long as its successor does.
   */
  readonly deletedAt?: EpochMs;
  /** Left by the last settlement: tells our own success whose reply was lost. */
  readonly settleToken?: string;
  /** Left by the creation, for the same reason. */
  readonly createToken: string;
}
