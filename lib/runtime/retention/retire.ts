/**
 * Retention: deletes what has ended long ago, a little in every run of the audit. It walks the executions of every workflow, shard after
 * shard, oldest first, behind one saved cursor, as far as those that are too young to have ended long ago. A run looks at a fixed number of
 * heads and deletes a fixed number of items, so its cost does not grow with the number of executions; the time for one round does. At the end of
 * a round goes what users have staged and nobody could publish, by the same age: it belongs to no execution.
 */

import { isStaged } from "../../model/outgoing.js";
import { isClosed } from "../../model/status.js";
import type { EpochMs } from "../../model/time.js";
import { told } from "../../model/told.js";
import { type Created, INDEX_SHARDS } from "../../store/ports.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";
import { type Archive, archiveExecution } from "./archive.js";
import { type Allowance, deleteExecution } from "./deletion.js";
import { type Place, type Position, parsePosition, placesFrom, positionText } from "./position.js";

export interface Retention {
  /** How long after its end an execution is kept, in milliseconds. */
  readonly afterMs: number;
  /** Where it is written down before it is deleted. */
  readonly archive?: Archive;
}

export interface Retired {
  /** Heads that were read. */
  readonly looked: number;
  /** Executions of which nothing is left. */
  readonly deleted: number;
  /** Executions that could not be deleted for an error: each is in the log. */
  readonly failed: number;
}

/** The name of its cursor. */
const CURSOR = "retention";

/** At one run per 5 minutes these are 288,000 executions a day. */
const HEADS_PER_RUN = 1_000;

/** A unit each, if they are of up to 1 KB. Those that are under way when it is reached are still deleted. */
const ITEMS_PER_RUN = 5_000;

/** A query each, of half a read unit when there is nothing. */
const PLACES_PER_RUN = 200;

/** A round that came to its end is followed by the next one no sooner: what it left is of no use to be asked for every five minutes. */
const REST_MS = 3_600_000;

const PAGE = 25;

/** Executions at one time. Archives are put together one by one: they take memory. */
const AT_ONCE = 5;

/** An error of one is its own; so many are everybody's. */
const MOST_FAILURES = 3;

/** @param stopAt nothing new begins after it */
export async function retire(outside: Outside, retention: Retention, stopAt: EpochMs): Promise<Retired> {
  const { store, clock } = outside;
  const run = new Run(outside, retention, stopAt);
  const saved = await persistently(() => store.readCursor(CURSOR));
  const from = parsePosition(saved?.cursor);
  if ("roundEnded" in from && clock.now() < from.roundEnded + REST_MS) return run.report();
  const to = positionText(await run.walk(from, await workflows(outside)));
  // Saved last: a run that dies is repeated, and finds what it deleted gone.
  if (to !== saved?.cursor) await persistently(() => store.saveCursor(CURSOR, to, saved?.version ?? 0));
  return run.report();
}

/** The names of all that were ever started, in the order of the walk. */
async function workflows({ store }: Outside): Promise<string[]> {
  const names: string[] = [];
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const from = cursor === undefined ? {} : { cursor };
    const page = await persistently(() => store.listCurrentDefinitions({ limit: 500, ...from }));
    names.push(...page.items.map(({ workflow }) => workflow));
    cursor = page.cursor;
  }
  return names.sort();
}

class Run implements Allowance {
  #looked = 0;
  #deleted = 0;
  #failed = 0;
  #items = 0;
  readonly #until: EpochMs;

  constructor(
    private readonly outside: Outside,
    private readonly retention: Retention,
    private readonly stopAt: EpochMs,
  ) {
    this.#until = outside.clock.now() - retention.afterMs;
  }

  report(): Retired {
    return { looked: this.#looked, deleted: this.#deleted, failed: this.#failed };
  }

  left(): number {
    return this.outside.clock.now() >= this.stopAt ? 0 : ITEMS_PER_RUN - this.#items;
  }

  spent(deleted: number): void {
    this.#items += deleted;
  }

  /** @returns where the next run goes on */
  async walk(from: Position, names: readonly string[]): Promise<Position> {
    if ("staged" in from) return this.#retireStaged(from.staged);
    let places = 0;
    for (const place of placesFrom(from, names, INDEX_SHARDS)) {
      if (places === PLACES_PER_RUN) return place;
      places += 1;
      const stopped = await this.#retireIn(place);
      if (stopped !== undefined) return stopped;
    }
    return this.#retireStaged("");
  }

  /** Commits of executions stand in the same list; they go with their executions. */
  async #retireStaged(from: string): Promise<Position> {
    const { store, clock } = this.outside;
    for (let cursor = from; ; ) {
      if (this.#isOver()) return { staged: cursor };
      const after = cursor === "" ? {} : { cursor };
      const request = { mark: "given up", until: this.#until, limit: PAGE, ...after } as const;
      const page = await persistently(() => store.listOutboxes(request));
      const staged = page.items.filter(({ executionId }) => isStaged(executionId));
      await Promise.all(staged.map((one) => this.#retireOneStaged(one)));
      this.#looked += page.items.length;
      if (page.cursor === undefined) return { roundEnded: clock.now() };
      cursor = page.cursor;
    }
  }

  async #retireOneStaged(place: { readonly executionId: string; readonly slot: number }): Promise<void> {
    const { store, log } = this.outside;
    try {
      const outbox = await persistently(() => store.readOutbox(place.executionId, place.slot));
      // The index may be behind: somebody may have it tried again.
      if (outbox?.givenUpAt === undefined || outbox.givenUpAt > this.#until) return;
      const { deleted } = await persistently(() => store.deleteStaged(outbox));
      if (deleted) this.spent(1);
    } catch (error) {
      this.#failed += 1;
      const said = "What was staged and given up long ago could not be deleted; the next round tries again.";
      log.write("error", said, { ...place, error: told(error) });
    }
  }

  /** @returns where it stopped; undefined when the place was walked to its end */
  async #retireIn(place: Place): Promise<Place | undefined> {
    const { workflow, shard } = place;
    let { after } = place;
    for (let more = true; more; ) {
      if (this.#isOver()) return { ...place, ...(after && { after }) };
      const request = { workflow, shard, until: this.#until, limit: PAGE, ...(after && { after }) };
      const page = await persistently(() => this.outside.store.listCreated(request));
      const atOnce = this.retention.archive === undefined ? AT_ONCE : 1;
      for (let from = 0; from < page.items.length; from += atOnce) {
        if (this.#isOver()) return { ...place, ...(after && { after }) };
        const group = page.items.slice(from, from + atOnce);
        const done = await Promise.all(group.map((created) => this.#retireOne(created)));
        const unfinished = done.indexOf(false);
        after = (unfinished < 0 ? group : group.slice(0, unfinished)).at(-1) ?? after;
        if (unfinished >= 0) return { ...place, ...(after && { after }) };
      }
      ({ more } = page);
    }
    return undefined;
  }

  #isOver(): boolean {
    return this.left() <= 0 || this.#looked >= HEADS_PER_RUN || this.#failed >= MOST_FAILURES;
  }

  /** @returns false when it is to be gone on with by the next run */
  async #retireOne({ executionId }: Created): Promise<boolean> {
    const { outside, retention } = this;
    this.#looked += 1;
    try {
      const head = await persistently(() => outside.store.readHead(executionId));
      if (head === undefined || !isClosed(head.status)) return true;
      const isOld = head.closedAt !== undefined && head.closedAt <= this.#until;
      if (!isOld && head.deletedAt === undefined) return true;
      const { archive } = retention;
      const deletion = await deleteExecution(outside, head, {
        allowance: this,
        ...(archive && { before: (closed) => archiveExecution(outside, archive, closed) }),
      });
      if (deletion.did === "deleted") {
        this.#deleted += 1;
        outside.meter?.note("ExecutionsDeleted", 1);
      }
      if (deletion.did === "nothing") {
        const { refusal, why } = deletion.refused;
        // Only a person can do something about the former.
        const level = refusal === "archive" ? "warn" : "debug";
        outside.log.write(level, "An old execution is not deleted yet.", { executionId, refusal, why });
      }
      return deletion.did !== "a part";
    } catch (error) {
      this.#failed += 1;
      outside.log.write("error", "An old execution could not be deleted; the next round tries again.", {
        executionId,
        error: told(error),
      });
      return true;
    }
  }
}
