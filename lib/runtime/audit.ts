/**
 * The audit: finds what has no wake, no owner or an overdue deadline, and re-wakes it; tries again what the relay left; and ends what
 * poisoned the wake queue. It reads a fixed amount per run behind saved cursors, so its cost does not grow with the number of open
 * executions; the time for one round does, and is open executions / (`OPEN_PER_RUN` per run).
 */
import { decideAudit } from "../decide/audit.js";
import { CrashLoopError } from "../model/errors.js";
import { isOpen } from "../model/status.js";
import type { Wake } from "../model/wake.js";
import { INDEX_SHARDS } from "../store/ports.js";
import { claim } from "./bus/claim.js";
import { relay } from "./bus/relay.js";
import { stall } from "./ending/stall.js";
import { Inbox } from "./messages/inbox.js";
import type { Outside } from "./outside.js";
import { persistently } from "./persistently.js";
import { LEASE_SLACK_MS } from "./turn/handle-wake.js";
import { Journal } from "./turn/journal.js";
import { takeOver } from "./turn/own.js";

/** Per shard and run: 8 shards × 25 heads are at most 200 reads, a few cents a month at one run per 5 minutes. */
const OPEN_PER_SHARD = 25;

/** Outboxes per shard and run. */
const OUTBOXES_PER_SHARD = 25;

/** A wake that came out of the dead-letter queue this often stays out: its execution is stalled. */
const MOST_RESCUES = 3;

/** The relay tries first; only what it left this long is tried here. */
const RELAY_GRACE_MS = 60_000;

export interface Audited {
  readonly looked: number;
  readonly woken: number;
  readonly relayed: number;
}

/** One run over the open executions and the pending outboxes. */
export async function audit(outside: Outside): Promise<Audited> {
  let looked = 0;
  let woken = 0;
  let relayed = 0;
  for (let shard = 0; shard < INDEX_SHARDS; shard++) {
    const open = await auditOpen(outside, shard);
    looked += open.looked;
    woken += open.woken;
    relayed += await auditOutboxes(outside, shard);
  }
  return { looked, woken, relayed };
}

async function auditOpen(outside: Outside, shard: number): Promise<{ looked: number; woken: number }> {
  const name = `open#${shard}`;
  const saved = await persistently(() => outside.store.readCursor(name));
  const after = saved?.cursor === "" ? undefined : saved?.cursor;
  const page = await persistently(() =>
    outside.store.listOpen({
      shard,
      limit: OPEN_PER_SHARD,
      ...(after === undefined ? {} : { cursor: after }),
    }),
  );
  let woken = 0;
  for (const executionId of page.items) {
    const head = await persistently(() => outside.store.readHead(executionId));
    if (head === undefined) continue;
    const finding = decideAudit(head, outside.clock.now());
    if (finding === undefined) continue;
    outside.log.write("warn", "An open execution had lost its wake; it gets a new one.", {
      executionId,
      finding,
    });
    await outside.wakes.send({ executionId, reason: "audit" }, 0);
    woken += 1;
  }
  // Saved last: a run that dies is repeated, not skipped. Another audit that saved meanwhile has the better cursor.
  const next = page.cursor ?? "";
  // Most deployments fit in one page: they are at the beginning before and after, and write nothing.
  if (next !== (saved?.cursor ?? ""))
    await persistently(() => outside.store.saveCursor(name, next, saved?.version ?? 0));
  return { looked: page.items.length, woken };
}

async function auditOutboxes(outside: Outside, shard: number): Promise<number> {
  const dueBy = outside.clock.now() - RELAY_GRACE_MS;
  const pending = await persistently(() =>
    outside.store.listOutboxes({ mark: "pending", shard, until: dueBy, limit: OUTBOXES_PER_SHARD }),
  );
  const found = await Promise.all(
    pending.items.map(({ executionId, slot }) =>
      persistently(() => outside.store.readOutbox(executionId, slot)),
    ),
  );
  // The index may be behind: what somebody else has claimed or carried meanwhile is not due any more.
  const due = found
    .filter((outbox) => outbox !== undefined)
    .filter(({ pendingAt }) => pendingAt !== undefined && pendingAt <= dueBy);
  const claimed = await Promise.all(due.map((outbox) => claim(outside, outbox)));
  const outboxes = claimed.filter((outbox) => outbox !== undefined);
  if (outboxes.length === 0) return 0;
  return (await relay(outside, outboxes)).published;
}

/**
 * A wake from the dead-letter queue: its message was received again and again without one turn that ended. A few times it gets a new one;
 * then, if nobody owns the execution, it is stalled, so that it names its reason (P1).
 */
export async function rescue(outside: Outside, wake: Wake, requestId: string): Promise<void> {
  const rescues = (wake.rescues ?? 0) + 1;
  if (rescues <= MOST_RESCUES) {
    await outside.wakes.send({ executionId: wake.executionId, reason: "audit", rescues }, 0);
    return;
  }
  const head = await persistently(() => outside.store.readHead(wake.executionId));
  if (head === undefined || !isOpen(head.status)) return;
  const now = outside.clock.now();
  if (head.lease !== undefined && head.lease.until > now) {
    // Somebody is at work after all.
    await outside.wakes.send(
      { executionId: wake.executionId, reason: "audit", rescues },
      Math.min(900, Math.ceil((head.lease.until - now) / 1_000)),
    );
    return;
  }
  const owned = await takeOver(outside, { head, owner: requestId, until: now + LEASE_SLACK_MS + 60_000 });
  if (owned === undefined) return;
  const journal = new Journal({
    store: outside.store,
    executionId: head.executionId,
    epoch: owned.head.epoch,
    leaseToken: owned.leaseToken,
    slot: owned.slot,
    loaded: owned.history.length,
    carried: owned.carried,
    pendingAt: () => outside.clock.now(),
  });
  const inbox = new Inbox(outside.store, head.executionId, new Set());
  await stall(outside, owned, { journal, inbox, inHistory: () => false }, new CrashLoopError(rescues));
}
