/**
 * The audit: finds what has no wake, no owner or an overdue deadline, and re-wakes it; tries again what the relay left; and ends what
 * poisoned the wake queue. It reads a fixed amount per run behind saved cursors, so its cost does not grow with the number of open
 * executions; the time for one round does: a run looks at {@link OPEN_PER_RUN} of them.
 */
import { decideAudit } from "../decide/audit.js";
import { CrashLoopError, HoldfastError } from "../model/errors.js";
import { isOpen } from "../model/status.js";
import type { EpochMs } from "../model/time.js";
import type { Wake } from "../model/wake.js";
import { INDEX_SHARDS, type Outbox } from "../store/ports.js";
import { claim } from "./bus/claim.js";
import { relay } from "./bus/relay.js";
import { stall } from "./ending/stall.js";
import { Inbox } from "./messages/inbox.js";
import type { Outside } from "./outside.js";
import { persistently } from "./persistently.js";
import { LEASE_SLACK_MS } from "./turn/handle-wake.js";
import { Journal } from "./turn/journal.js";
import { takeOver } from "./turn/own.js";

/** Open executions per run, a read unit each: some $1 a month at one run per 5 minutes if there are so many, cents if there are a few hundred. */
export const OPEN_PER_RUN = 1_000;
const OPEN_PER_SHARD = OPEN_PER_RUN / INDEX_SHARDS;

/** Heads that are read at one time. */
const AT_ONCE = 10;

/** Outboxes per shard and run. */
const OUTBOXES_PER_SHARD = 25;

/** Of outboxes of a shard, in a run: damaged ones by the hundred would be a disaster of another kind. */
const MOST_PAGES = 4;

/** A wake that came out of the dead-letter queue this often stays out: its execution is stalled. */
const MOST_RESCUES = 3;

/** The relay tries first; only what it left this long is tried here. */
const RELAY_GRACE_MS = 60_000;

export interface Audited {
  readonly looked: number;
  readonly woken: number;
  readonly relayed: number;
  /** Looks that failed: each is in the log. */
  readonly failed: number;
}

/** One run over the open executions and the pending outboxes. What fails is logged, and keeps nobody else from being looked at. */
export async function audit(outside: Outside): Promise<Audited> {
  const run = new Run(outside);
  for (let shard = 0; shard < INDEX_SHARDS; shard++) {
    await run.trying({ shard, what: "open executions" }, () => run.auditOpen(shard));
    await run.trying({ shard, what: "outgoing messages" }, () => run.auditOutboxes(shard));
  }
  const { looked, woken, relayed, failed } = run;
  return { looked, woken, relayed, failed };
}

class Run {
  looked = 0;
  woken = 0;
  relayed = 0;
  failed = 0;

  constructor(private readonly outside: Outside) {}

  /**
   * What can't be looked at must not end the run: the same record would end every run at the same place.
   * @returns whether a run soon after this one may do better
   */
  async trying(
    about: Readonly<Record<string, unknown>>,
    look: () => Promise<void>,
  ): Promise<"done" | "damaged" | "again"> {
    try {
      await look();
      return "done";
    } catch (error) {
      this.failed += 1;
      this.outside.log.write("error", "The audit could not look at this, and goes on with the rest.", {
        ...about,
        error,
      });
      return error instanceof HoldfastError ? "damaged" : "again";
    }
  }

  async auditOpen(shard: number): Promise<void> {
    const { store } = this.outside;
    const name = `open#${shard}`;
    const saved = await persistently(() => store.readCursor(name));
    const after = saved?.cursor === "" ? undefined : saved?.cursor;
    const page = await persistently(() =>
      store.listOpen({ shard, limit: OPEN_PER_SHARD, ...(after === undefined ? {} : { cursor: after }) }),
    );
    let isDone = true;
    for (let from = 0; from < page.items.length; from += AT_ONCE) {
      const looks = page.items
        .slice(from, from + AT_ONCE)
        .map((executionId) => this.trying({ executionId }, () => this.#wakeIfLost(executionId)));
      if ((await Promise.all(looks)).includes("again")) isDone = false;
    }
    // The next run takes the same page again; what is damaged is left until the next round.
    if (!isDone) return;
    // Saved last: a run that dies is repeated, not skipped. Another audit that saved meanwhile has the better cursor.
    const next = page.cursor ?? "";
    // Most deployments fit in one page: they are at the beginning before and after, and write nothing.
    if (next !== (saved?.cursor ?? ""))
      await persistently(() => store.saveCursor(name, next, saved?.version ?? 0));
  }

  async #wakeIfLost(executionId: string): Promise<void> {
    const { store, clock, log, wakes } = this.outside;
    this.looked += 1;
    const head = await persistently(() => store.readHead(executionId));
    const finding = head && decideAudit(head, clock.now());
    if (finding === undefined) return;
    log.write("warn", "An open execution had lost its wake; it gets a new one.", { executionId, finding });
    await wakes.send({ executionId, reason: "audit" }, 0);
    this.woken += 1;
  }

  async auditOutboxes(shard: number): Promise<void> {
    const { store, clock } = this.outside;
    const dueBy = clock.now() - RELAY_GRACE_MS;
    let cursor: string | undefined;
    // What can't be read stays at the head of the list: behind a page of nothing else there may be something.
    for (let page = 0; page < MOST_PAGES; page++) {
      const after = cursor === undefined ? {} : { cursor };
      const pending = await persistently(() =>
        store.listOutboxes({ mark: "pending", shard, until: dueBy, limit: OUTBOXES_PER_SHARD, ...after }),
      );
      const outboxes = await this.#claimAll(pending.items, dueBy);
      if (outboxes.length > 0) this.relayed += (await relay(this.outside, outboxes)).published;
      cursor = pending.cursor;
      if (outboxes.length > 0 || cursor === undefined) return;
    }
  }

  async #claimAll(
    places: readonly { readonly executionId: string; readonly slot: number }[],
    dueBy: EpochMs,
  ): Promise<Outbox[]> {
    const claimed: (Outbox | undefined)[] = [];
    const claims = places.map(({ executionId, slot }, index) =>
      this.trying({ executionId, slot }, async () => {
        const found = await persistently(() => this.outside.store.readOutbox(executionId, slot));
        // The index may be behind: what somebody else has claimed or carried meanwhile is not due any more.
        if (found?.pendingAt !== undefined && found.pendingAt <= dueBy)
          claimed[index] = await claim(this.outside, found);
      }),
    );
    await Promise.all(claims);
    return claimed.filter((outbox) => outbox !== undefined);
  }
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
