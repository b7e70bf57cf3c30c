/**
 * The audit: finds what has no wake, no owner or an overdue deadline, and re-wakes it; and tries again what the relay left. Of open executions it reads a fixed number per run behind saved cursors, so its cost does not grow with them; the
 * time for one round does: a run looks at {@link OPEN_PER_RUN}. Of outgoing messages it tries all that are overdue, as far as its time goes:
 * there are some after an outage alone.
 */
import { decideAudit, dueSince } from "../decide/audit.js";
import { RELAY_GRACE_MS } from "../decide/relay.js";
import { HoldfastError, InvalidInputError } from "../model/errors.js";
import type { EpochMs } from "../model/time.js";
import { told } from "../model/told.js";
import { INDEX_SHARDS, type Outbox, type Page } from "../store/ports.js";
import { claimDue } from "./bus/claim.js";
import { relay } from "./bus/relay.js";
import { cancelIn } from "./messages/cancel-in.js";
import type { Outside } from "./outside.js";
import { persistently } from "./persistently.js";

/** Open executions per run, a read unit each: some $1 a month at one run per 5 minutes if there are so many, cents if there are a few hundred. */
export const OPEN_PER_RUN = 1_000;
const OPEN_PER_SHARD = OPEN_PER_RUN / INDEX_SHARDS;

/** Heads that are read at one time. */
const AT_ONCE = 10;

/** Outboxes at a time, in each of the shards: with an event each they are one call of the bus, and at their largest 4 MB. */
const OUTBOXES_AT_ONCE = 10;

/**
 * After so many pages of a shard in a row of which nothing came to an end, or could be read, the rest is left to the next run: they will hardly
 * fare better. That one begins with what this one has not tried, since it has been due for longest.
 */
const MOST_VAIN_PAGES = 10;

export interface Audited {
  readonly looked: number;
  readonly woken: number;
  readonly relayed: number;
  /** Looks that failed: each is in the log. */
  readonly failed: number;
}

/**
 * One run over the open executions and the pending outboxes. What fails is logged, and keeps nobody else from being looked at.
 * @param stopAt nothing more is carried after it. Default: all that is overdue
 */
export async function audit(outside: Outside, stopAt = Number.POSITIVE_INFINITY): Promise<Audited> {
  const run = new Run(outside);
  const shards = Array.from({ length: INDEX_SHARDS }, (_, shard) => shard);
  for (const shard of shards)
    await run.trying({ shard, what: "open executions" }, () => run.auditOpen(shard));
  // Side by side, so that what is oldest of all comes first: a start before the signals for what it starts.
  const drained = shards.map((shard) =>
    run.trying({ shard, what: "outgoing messages" }, () => run.auditOutboxes(shard, stopAt)),
  );
  await Promise.all(drained);
  await run.trying({ what: "stalled executions" }, () => run.countStalled());
  const { looked, woken, relayed, failed } = run;
  // Of the others a run sees every open execution, and there is nothing to know.
  if (run.unfinished > 0) {
    outside.meter?.note("OpenLooked", looked);
    outside.meter?.note("ShardsUnfinished", run.unfinished);
  }
  return { looked, woken, relayed, failed };
}

class Run {
  looked = 0;
  woken = 0;
  relayed = 0;
  failed = 0;
  /** Shards whose open executions were more than a run looks at. */
  unfinished = 0;

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
        error: told(error),
      });
      return error instanceof HoldfastError ? "damaged" : "again";
    }
  }

  /** By the index alone, some eighty to a read unit: nobody else would know that one which stalled a week ago still does. */
  async countStalled(): Promise<void> {
    const { meter, store } = this.outside;
    if (meter === undefined) return;
    meter.note("StalledNow", await persistently(() => store.countExecutions({ status: "stalled" })));
  }

  async auditOpen(shard: number): Promise<void> {
    const { store } = this.outside;
    const name = `open#${shard}`;
    const saved = await persistently(() => store.readCursor(name));
    const after = saved?.cursor === "" ? undefined : saved?.cursor;
    const page = await this.#openAfter(shard, after);
    if (page.cursor !== undefined) this.unfinished += 1;
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

  /** From the beginning, where what was saved is no cursor: nobody would mend it, and the shard must be looked at. */
  async #openAfter(shard: number, after: string | undefined): Promise<Page<string>> {
    const { store, log } = this.outside;
    const from = (cursor?: string) =>
      persistently(() =>
        store.listOpen({ shard, limit: OPEN_PER_SHARD, ...(cursor === undefined ? {} : { cursor }) }),
      );
    try {
      return await from(after);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      log.write("warn", "The audit begins a round anew: what was saved of the last one can't be read.", {
        shard,
      });
      return from();
    }
  }

  async #wakeIfLost(executionId: string): Promise<void> {
    const { store, clock, log, wakes, meter } = this.outside;
    this.looked += 1;
    const head = await persistently(() => store.readHead(executionId));
    if (head === undefined) return;
    const now = clock.now();
    const cancel = head.startAt > now ? await cancelIn(store, head) : undefined;
    const finding = decideAudit(head, now, cancel);
    if (finding === undefined) return;
    log.write("warn", "An execution had lost its wake; it gets a new one.", { executionId, finding });
    await wakes.send({ executionId, reason: "audit" }, 0);
    this.woken += 1;
    meter?.note(finding === "untold" ? "DutiesOverdue" : "WakesLost", 1);
    meter?.note("OldestDue", (now - (dueSince(head, finding, cancel) ?? now)) / 1_000);
  }

  async auditOutboxes(shard: number, stopAt: EpochMs): Promise<void> {
    const { store, clock } = this.outside;
    const dueBy = clock.now() - RELAY_GRACE_MS;
    let cursor: string | undefined;
    for (let vain = 0; vain < MOST_VAIN_PAGES && clock.now() < stopAt; ) {
      const after = cursor === undefined ? {} : { cursor };
      const due = await persistently(() =>
        store.listOutboxes({ mark: "pending", shard, until: dueBy, limit: OUTBOXES_AT_ONCE, ...after }),
      );
      const outboxes = await this.#claimAll(due.items, dueBy);
      const { published, givenUp } = await relay(this.outside, outboxes, stopAt);
      this.relayed += published;
      vain = published + givenUp > 0 ? 0 : vain + 1;
      ({ cursor } = due);
      if (cursor === undefined) return;
    }
  }

  async #claimAll(
    places: readonly { readonly executionId: string; readonly slot: number }[],
    dueBy: EpochMs,
  ): Promise<Outbox[]> {
    const claimed: (Outbox | undefined)[] = [];
    const claims = places.map((place, index) =>
      this.trying({ ...place }, async () => {
        // The index may be behind: what somebody else has claimed or carried meanwhile is not due any more.
        claimed[index] = await claimDue(this.outside, place, dueBy);
      }),
    );
    await Promise.all(claims);
    return claimed.filter((outbox) => outbox !== undefined);
  }
}
