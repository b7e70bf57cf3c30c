/**
 * Whether a closed execution may be deleted, and how much of it (PROTOCOL F). The branches are the rows, in this order.
 *
 * | the execution                                                                | then                                          |
 * |------------------------------------------------------------------------------|-----------------------------------------------|
 * | is open, or stalled                                                          | refused: end it first                         |
 * | was marked by a deletion before, and its successor is there, or it would come back | its items go, its head stays            |
 * | was marked by a deletion before                                              | all of it goes                                |
 * | ended a moment ago                                                           | refused: somebody may still write             |
 * | has closing duties left (its parent, its children, the one that goes on)     | refused, and woken: they are done now         |
 * | has a parent that may still go on                                            | refused: that one may ask for it again        |
 * | continues one that is whole, and was not continued itself                    | refused: it would come back                   |
 * | has a commit with outgoing messages still to be carried                      | refused: nothing that was promised is lost    |
 * | was continued                                                                | its items go, its head stays                  |
 * | anything else                                                                | all of it goes                                |
 *
 * It would come back: whoever has a message for the one before, and that one's own late wakes, create a successor that is missing.
 */
import type { DeletionRefusal } from "../model/deletion-errors.js";
import type { Duty, Head } from "../model/head.js";
import { type ClosedStatus, isClosed, isOpen } from "../model/status.js";
import type { EpochMs } from "../model/time.js";

/**
 * How long after its end an execution stays whole. No invocation outlives 15 minutes, so nobody who took it for open still runs; the rest is
 * for calls that are on their way, and for clocks that differ.
 */
export const DELETABLE_AFTER_MS = 20 * 60_000;

/** A head that the table lets pass: it has ended. */
export type ClosedHead = Head & { readonly status: ClosedStatus; readonly closedAt: EpochMs };

export interface DeletionFacts {
  readonly head: Head;
  readonly now: EpochMs;
  /** Of its parent, if that one is there. */
  readonly parent: Head | undefined;
  /** Of the execution that it continues, if that one is there. */
  readonly predecessor: Head | undefined;
  /** Of the execution that it was continued as, if that one is there. */
  readonly successor: Head | undefined;
  /** The first commit with outgoing messages still to be carried. */
  readonly pendingSlot: number | undefined;
}

export interface Refused {
  readonly do: "refuse";
  readonly refusal: DeletionRefusal;
  readonly why: string;
  /** When it may be deleted, where time alone brings that. */
  readonly at?: EpochMs;
  /** A wake has what is missing done. */
  readonly wake?: true;
}

export type DeletionAction = Refused | { readonly do: "delete" | "empty"; readonly head: ClosedHead };

export function decideDeletion(facts: DeletionFacts): DeletionAction {
  const { head, now, parent, predecessor, successor, pendingSlot } = facts;
  const { executionId, status, closedAt } = head;
  if (!isClosed(status) || closedAt === undefined) return refuse("open", openBecause(head));
  const closed = { ...head, status, closedAt };
  const wouldComeBack = predecessor?.continuedTo === executionId && predecessor.deletedAt === undefined;
  if (head.deletedAt !== undefined) {
    const isKept = status === "continued" && (successor !== undefined || wouldComeBack);
    return { do: isKept ? "empty" : "delete", head: closed };
  }
  const at = closedAt + DELETABLE_AFTER_MS;
  if (now < at) {
    return {
      ...refuse(
        "recent",
        `it ended at ${instant(closedAt)}, and until ${instant(at)} a worker that has not heard of that may still write to it. Delete it then.`,
      ),
      at,
    };
  }
  if (head.duties !== undefined)
    return {
      ...refuse(
        "duties",
        `${head.duties.map((duty) => UNDONE[duty]).join(", ")}. A wake was sent to have that done; try again in a minute.`,
      ),
      wake: true,
    };
  if (parent !== undefined && mayGoOn(parent))
    return refuse(
      "parent",
      `its parent "${parent.executionId}" is ${parent.status} and may ask for its result again. Delete it once that one has completed, or is deleted.`,
    );
  if (status !== "continued" && wouldComeBack)
    return refuse(
      "predecessor",
      `it continues "${predecessor.executionId}", which would start it again. Delete that one first.`,
    );
  if (pendingSlot !== undefined) return stillToCarry(pendingSlot);
  return { do: status === "continued" ? "empty" : "delete", head: closed };
}

/** @param slot of the commit that has outgoing messages */
export function stillToCarry(slot: number): Refused {
  return refuse(
    "outgoing",
    `its commit ${slot} has outgoing messages that were not carried yet. Try again once they are; holdfast outbox list shows where they stand.`,
  );
}

/** Open, stalled, or perhaps to be redriven (`redrive.ts`). */
function mayGoOn({ status, compensation, deletedAt }: Head): boolean {
  if (deletedAt !== undefined) return false;
  if (status === "failed") return compensation !== "complete";
  return isOpen(status) || status === "stalled" || compensation === "incomplete";
}

const UNDONE: Record<Duty, string> = {
  waits: "its wait records still stand",
  children: "it has children that nobody told of its end",
  successor: "the execution that is to go on where it ended was not created yet",
  parent: "its parent was not told of its end",
};

function openBecause({ executionId, status }: Head): string {
  return `it is ${status}, and only what has ended can be deleted. Wait for its end, or end it first: holdfast cancel ${executionId}, or holdfast terminate ${executionId}`;
}

function refuse(refusal: DeletionRefusal, why: string): Refused {
  return { do: "refuse", refusal, why };
}

function instant(at: EpochMs): string {
  return new Date(at).toISOString();
}
