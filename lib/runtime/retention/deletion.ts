/**
 * Deleting a closed execution with all that belongs to it (PROTOCOL F): the head is marked first, so that nobody has it go on, and goes last,
 * so that a repeat finds what a crash has left. One that was continued keeps its head for as long as its successor is there.
 */
import {
  type ClosedHead,
  type DeletionAction,
  decideDeletion,
  type Refused,
  stillToCarry,
} from "../../decide/deletion.js";
import type { Head } from "../../model/head.js";
import type { EpochMs } from "../../model/time.js";
import { objectPrefix, type StoredObject } from "../../store/ports.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";

/** Items of one execution per call of the store. */
const ITEMS_AT_ONCE = 500;

/** What S3 lists, and deletes, in one call. */
const OBJECTS_AT_ONCE = 1_000;

/** How much may be done: asked before every call that deletes, and told after it. */
export interface Allowance {
  /** At 0 nothing more is deleted. */
  left(): number;
  spent(deleted: number): void;
}

export interface DeletionOptions {
  /** Default: whatever there is. */
  readonly allowance?: Allowance;
  /** What must be done with it while it is whole. When it throws, or refuses, nothing is deleted. */
  readonly before?: (head: ClosedHead) => Promise<Refused | undefined>;
}

export type Deletion =
  | { readonly did: "deleted" }
  /** All but the head, which stays. */
  | { readonly did: "emptied" }
  /** The allowance is used up; a repeat goes on. */
  | { readonly did: "a part" }
  | { readonly did: "nothing"; readonly refused: Refused };

const UNLIMITED: Allowance = { left: () => Number.POSITIVE_INFINITY, spent: () => {} };

/** @param head as it was read: when it has changed since, nothing is deleted */
export async function deleteExecution(
  outside: Outside,
  head: Head,
  options: DeletionOptions = {},
): Promise<Deletion> {
  const first = await deleteOne(outside, head, options);
  if (first.did !== "deleted") return first;
  // Heads that were only kept because of this one go with it, back to the first.
  for (let gone = head; ; ) {
    const kept = await keptFor(outside, gone);
    if (kept === undefined || (options.allowance?.left() ?? 1) <= 0) return first;
    const { did } = await deleteOne(outside, kept, options);
    // It is found again: by its own deletion, or by the next round of retention.
    if (did !== "deleted") return first;
    gone = kept;
  }
}

async function deleteOne(outside: Outside, head: Head, options: DeletionOptions): Promise<Deletion> {
  const { store } = outside;
  const { executionId } = head;
  const survey = await persistently(() => store.surveyItems(executionId));
  const action = await decide(outside, head, survey.pendingSlot);
  if (action.do === "refuse") return refused(outside, executionId, action);
  const { head: closed } = action;
  if (closed.deletedAt !== undefined && action.do === "empty" && !survey.any) return { did: "emptied" };
  if (closed.deletedAt === undefined) {
    const refusal = await options.before?.(closed);
    if (refusal !== undefined) return refused(outside, executionId, refusal);
    const isBare =
      action.do === "delete" && !survey.any && (await objectsOf(outside, executionId, 1)).length === 0;
    // Nothing beside the head: one write deletes it, as it was read.
    if (isBare) {
      await deleteWaits(outside, closed);
      return deleteHead(outside, closed);
    }
  }
  const begun = await persistently(() => store.beginDeletion(closed, outside.clock.now()));
  if (begun.head === undefined) return { did: "deleted" };
  if (!begun.begun || begun.head.deletedAt === undefined) return changed(outside, begun.head);
  const marked: Marked = { ...closed, deletedAt: begun.head.deletedAt };
  await deleteWaits(outside, marked);
  const left = await deleteContents(outside, marked, options.allowance ?? UNLIMITED);
  if (left !== undefined) return left;
  return action.do === "empty" ? { did: "emptied" } : deleteHead(outside, marked);
}

type Marked = ClosedHead & { readonly deletedAt: EpochMs };

async function decide(
  { store, clock }: Outside,
  head: Head,
  pendingSlot: number | undefined,
): Promise<DeletionAction> {
  const read = async (executionId: string | undefined) =>
    executionId === undefined ? undefined : persistently(() => store.readHead(executionId));
  const { parent, origin, continuedTo, deletedAt } = head;
  const [parentHead, predecessor, successor] = await Promise.all([
    read(deletedAt === undefined ? parent?.executionId : undefined),
    read(origin?.kind === "continued" ? origin.executionId : undefined),
    read(continuedTo),
  ]);
  return decideDeletion({ head, now: clock.now(), parent: parentHead, predecessor, successor, pendingSlot });
}

async function refused(outside: Outside, executionId: string, refusal: Refused): Promise<Deletion> {
  if (refusal.wake === true) await outside.wakes.send({ executionId, reason: "audit" }, 0);
  return { did: "nothing", refused: refusal };
}

/** It was redriven since it was read, or is another execution by now. */
async function changed(outside: Outside, head: Head): Promise<Deletion> {
  const action = await decide(outside, head, undefined);
  if (action.do === "refuse") return refused(outside, head.executionId, action);
  throw new Error(
    `Execution "${head.executionId}" has ended anew since it was read. Nothing was deleted; ask for its deletion again.`,
  );
}

/** Those that the head names. Of thousands it names some; the others go with the next event of their key, which finds
 * nobody, or are written over by an execution that is created under the same id. */
async function deleteWaits({ store }: Outside, { waits, createdAt, epoch }: ClosedHead): Promise<void> {
  await Promise.all(waits.map((wait) => persistently(() => store.deleteWait({ ...wait, createdAt, epoch }))));
}

/** Objects before items. Undefined when nothing is left but the head. */
async function deleteContents(
  outside: Outside,
  { executionId, deletedAt }: Marked,
  allowance: Allowance,
): Promise<Deletion | undefined> {
  const { store } = outside;
  for (;;) {
    if (allowance.left() <= 0) return { did: "a part" };
    const limit = Math.min(OBJECTS_AT_ONCE, allowance.left());
    const keys = (await objectsOf(outside, executionId, limit)).map(({ key }) => key);
    if (keys.length === 0) break;
    await persistently(() => store.deleteObjects(keys));
    allowance.spent(keys.length);
  }
  for (;;) {
    if (allowance.left() <= 0) return { did: "a part" };
    const limit = Math.min(ITEMS_AT_ONCE, allowance.left());
    const { deleted, done } = await persistently(() => store.deleteItems({ executionId, deletedAt, limit }));
    allowance.spent(deleted);
    if (done) return undefined;
    if (deleted === 0) return stuck(outside, executionId, deletedAt);
  }
}

/** Somebody else has deleted the rest; or has a message that was given up tried again, and its commit stays until that is over. */
async function stuck({ store }: Outside, executionId: string, deletedAt: EpochMs): Promise<Deletion> {
  const head = await persistently(() => store.readHead(executionId));
  if (head?.deletedAt !== deletedAt) return { did: "deleted" };
  const { pendingSlot } = await persistently(() => store.surveyItems(executionId));
  return pendingSlot === undefined
    ? { did: "a part" }
    : { did: "nothing", refused: stillToCarry(pendingSlot) };
}

function objectsOf({ store }: Outside, executionId: string, limit: number): Promise<StoredObject[]> {
  return persistently(() => store.listObjects(objectPrefix(executionId), limit));
}

async function deleteHead(outside: Outside, head: ClosedHead): Promise<Deletion> {
  const { executionId, status, closedAt, deletedAt } = head;
  const asRead = { executionId, status, closedAt, ...(deletedAt === undefined ? {} : { deletedAt }) };
  const { deleted } = await persistently(() => outside.store.deleteHead(asRead));
  if (deleted) return { did: "deleted" };
  const found = await persistently(() => outside.store.readHead(executionId));
  return found === undefined ? { did: "deleted" } : changed(outside, found);
}

/** The head that is kept for an execution that is gone now, if there is one. */
async function keptFor({ store }: Outside, { executionId, origin }: Head): Promise<Head | undefined> {
  if (origin?.kind !== "continued") return undefined;
  const head = await persistently(() => store.readHead(origin.executionId));
  return head?.continuedTo === executionId && head.deletedAt !== undefined ? head : undefined;
}
