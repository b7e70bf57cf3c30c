/**
 * Whether an execution that is open, or has closing duties left, has lost its wake.
 *
 * | the execution                                              | then                                   |
 * |------------------------------------------------------------|----------------------------------------|
 * | has ended a while ago, and has closing duties left         | wake: its carrier is gone              |
 * | is held by a lease that has not ended for long             | nothing: its owner's message carries it |
 * | is held by a lease that ended a while ago                  | wake: its carrier is gone              |
 * | is not to start yet, and is to be cancelled for a while   | wake: its code never begins             |
 * | is not to start yet                                        | nothing: its start's own wake carries it |
 * | has messages in its inbox, some of them old (heartbeats lie there until the next one is overdue) | wake |
 * | has been due for a while                                   | wake                                   |
 * | anything else                                              | nothing                                |
 */
import type { Head } from "../model/head.js";
import type { CancelMessage } from "../model/message.js";
import type { EpochMs } from "../model/time.js";

/**
 * How long the ordinary carriers get first. Longer than a redelivery (visibility timeout) and than the longest put-back, so that the audit
 * only sends what is really missing; a wake too many would cost one read.
 */
const GRACE_MS = 120_000;

export type Finding = "untold" | "ownerless" | "unread" | "overdue";

/** @param cancel that lies in its inbox; only asked for before its start */
export function decideAudit(head: Head, now: EpochMs, cancel?: CancelMessage): Finding | undefined {
  const overdueBy = now - GRACE_MS;
  if (head.closedAt !== undefined)
    return head.duties !== undefined && head.closedAt <= overdueBy ? "untold" : undefined;
  if (head.lease !== undefined) return head.lease.until <= overdueBy ? "ownerless" : undefined;
  if (head.startAt > overdueBy) return cancel !== undefined && cancel.at <= overdueBy ? "unread" : undefined;
  if (head.inboxItems > 0 || head.inbox.some(({ kind, at }) => kind !== "heartbeat" && at <= overdueBy))
    return "unread";
  const dueAt = head.status === "running" ? (head.dueAt ?? head.startAt) : head.dueAt;
  return dueAt !== undefined && dueAt <= overdueBy ? "overdue" : undefined;
}

/** Since when it should have been looked at; undefined where the head alone does not say. */
export function dueSince(head: Head, finding: Finding, cancel?: CancelMessage): EpochMs | undefined {
  switch (finding) {
    case "untold":
      return head.closedAt;
    case "ownerless":
      return head.lease?.until;
    case "unread": {
      const times = head.inbox.flatMap(({ kind, at }) => (kind === "heartbeat" ? [] : [at]));
      return cancel?.at ?? (times.length === 0 ? undefined : Math.min(...times));
    }
    case "overdue":
      return head.dueAt ?? head.startAt;
  }
}
