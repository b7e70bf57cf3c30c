/**
 * Listing executions, newest first, from sharded indexes: which index partitions a request reads, how they are merged, and what a cursor
 * holds. Both stores list through here; each brings its own reads.
 *
 * A cursor is the creation time of the last execution that was returned, and for every partition that had one at that very millisecond,
 * which one it was. So it stays true while executions are created (they are newer) or deleted (it names times, not rows).
 */
import { InvalidInputError } from "../model/errors.js";
import { shown } from "../model/shown.js";
import type { EpochMs } from "../model/time.js";
import { decodeCursor, encodeCursor } from "./cursor.js";
import { type IndexGroup, type Selection, selectionOf } from "./filter.js";
import { type ListedHead, summaryOf } from "./listed-head.js";
import { type Damaged, type ExecutionSummary, INDEX_SHARDS, type ListRequest, type Page } from "./ports.js";

export interface IndexPartition {
  readonly index: IndexGroup["index"];
  /** `<group>#<shard>`: a workflow, an application, a pipeline configuration or a bucket of statuses. */
  readonly partition: string;
}

export interface IndexQuery extends IndexPartition {
  /** Only executions created then or later. */
  readonly notBefore?: EpochMs;
  /** Only executions created then or before. */
  readonly notAfter?: EpochMs;
  /** Of those created at `notAfter` itself, only what the index holds after this one. */
  readonly after?: string;
  readonly limit: number;
}

export interface IndexEntry {
  readonly executionId: string;
  readonly createdAt: EpochMs;
}

/** What a store brings. */
export interface ListingReads {
  queryNewestFirst(
    query: IndexQuery,
  ): Promise<{ readonly entries: readonly IndexEntry[]; readonly more: boolean }>;
  readHeads(executionIds: readonly string[]): Promise<FoundHeads>;
}

export interface FoundHeads {
  /** Those that exist, by id. */
  readonly heads: ReadonlyMap<string, ListedHead>;
  readonly damaged: readonly Damaged[];
}

/** Where a listing stands; `last` is by the partition's place in the request's list of partitions. */
interface Position {
  readonly query: string;
  readonly at: EpochMs;
  readonly last: Readonly<Record<string, string>>;
}

interface Candidate extends IndexEntry {
  readonly source: number;
}

/** A listing that filters by what heads say looks at this many at once: with fewer, a rare status would take a round trip for each. */
const FEWEST_CANDIDATES = 25;

/** A page of a filtered listing may be short, or empty, with a cursor: it does not read on without bound. */
const MOST_ROUNDS = 10;

/** Both an index key and a partition of it are made here, for writers and readers alike. */
export function indexPartition(group: string, shard: number): string {
  return `${group}#${shard}`;
}

/** What is wrong with a request, and with its cursor, is known before anything is read. Throws `InvalidInputError`. */
export function checkListing(request: ListRequest): void {
  beginningOf(selectionOf(request), request);
}

export async function listExecutions(
  reads: ListingReads,
  request: ListRequest,
): Promise<Page<ExecutionSummary>> {
  return pageThrough(reads, selectionOf(request), request, async (heads) =>
    heads.map((head) => [summaryOf(head)]),
  );
}

/** Throws `InvalidInputError`. */
export function beginningOf(
  { digest }: Selection,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Position | undefined {
  if (!Number.isInteger(limit) || limit < 1) {
    throw new InvalidInputError("The listing's limit", [
      { path: "limit", message: `expected a whole number from 1, found ${shown(limit)}` },
    ]);
  }
  return cursor === undefined ? undefined : decodeCursor(cursor, isPositionOf(digest));
}

/**
 * A page of what the selected executions give, the newest first. What one of them gives is never parted: a page is longer than its limit
 * only where the first of it gives more than that alone.
 * @param entriesOf what each of the heads gives, in their order
 */
export async function pageThrough<T>(
  reads: ListingReads,
  selection: Selection,
  request: { readonly limit: number; readonly cursor?: string },
  entriesOf: (heads: readonly ListedHead[]) => Promise<readonly (readonly T[])[]>,
): Promise<Page<T>> {
  const { limit } = request;
  let position = beginningOf(selection, request);
  const items: T[] = [];
  const damaged: Damaged[] = [];
  const last = (): Page<T> => (damaged.length === 0 ? { items } : { items, damaged });
  const ending = (): Page<T> =>
    position === undefined ? last() : { ...last(), cursor: encodeCursor(position) };
  // One that changes its status meanwhile moves from one partition to another, and may be met in both.
  const met = new Set(Object.values(position?.last ?? {}));
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const wanted = limit - items.length;
    const { candidates, more } = await nextCandidates(
      reads,
      selection,
      position,
      selection.filtered ? Math.max(wanted, FEWEST_CANDIDATES) : wanted,
    );
    const found = await reads.readHeads(candidates.map((candidate) => candidate.executionId));
    const unread = new Map(found.damaged.map((one) => [one.executionId, one]));
    const fitting = [...found.heads.values()].filter(
      (head) => !met.has(head.executionId) && selection.fits(head),
    );
    const entries = await entriesOf(fitting);
    const given = new Map(fitting.map(({ executionId }, index) => [executionId, entries[index] ?? []]));
    for (const [index, candidate] of candidates.entries()) {
      const isMet = met.has(candidate.executionId);
      const gives = isMet ? [] : (given.get(candidate.executionId) ?? []);
      if (items.length > 0 && items.length + gives.length > limit) return ending();
      position = advance(selection.digest, position, candidate);
      met.add(candidate.executionId);
      items.push(...gives);
      const broken = isMet ? undefined : unread.get(candidate.executionId);
      if (broken !== undefined) damaged.push(broken);
      if (items.length < limit) continue;
      return index === candidates.length - 1 && !more ? last() : ending();
    }
    if (!more) return last();
  }
  return ending();
}

export function shardsOf({ index, group }: IndexGroup): IndexPartition[] {
  return Array.from({ length: INDEX_SHARDS }, (_, shard) => ({
    index,
    partition: indexPartition(group, shard),
  }));
}

/** The newest `limit` of all partitions behind the position. */
async function nextCandidates(
  reads: ListingReads,
  { groups, notBefore, notAfter }: Selection,
  position: Position | undefined,
  limit: number,
): Promise<{ candidates: Candidate[]; more: boolean }> {
  const pages = await Promise.all(
    groups.flatMap(shardsOf).map((source, index) => {
      const after = position?.last[String(index)];
      const newest = position?.at ?? notAfter;
      return reads.queryNewestFirst({
        ...source,
        ...(notBefore === undefined ? {} : { notBefore }),
        ...(newest === undefined ? {} : { notAfter: newest }),
        ...(after === undefined ? {} : { after }),
        // One more than can be taken, so that the last page has no cursor.
        limit: limit + 1,
      });
    }),
  );
  // A partition that has more than it returned hides what is older than its last: nothing may be taken from behind that.
  const hidden = pages.map((page) => (page.more ? (page.entries.at(-1)?.createdAt ?? 0) : 0));
  const floor = Math.max(0, ...hidden);
  const found = pages.flatMap((page, source) =>
    page.entries.map((entry): Candidate => ({ ...entry, source })),
  );
  const candidates = found
    .filter((candidate) => candidate.createdAt >= floor)
    .sort((one, other) => other.createdAt - one.createdAt)
    .slice(0, limit);
  return { candidates, more: candidates.length < found.length || pages.some((page) => page.more) };
}

function advance(
  query: string,
  position: Position | undefined,
  { source, createdAt, executionId }: Candidate,
): Position {
  const last = position?.at === createdAt ? position.last : {};
  return { query, at: createdAt, last: { ...last, [source]: executionId } };
}

function isPositionOf(query: string): (found: unknown) => found is Position {
  return (found): found is Position =>
    typeof found === "object" &&
    found !== null &&
    "query" in found &&
    found.query === query &&
    "at" in found &&
    typeof found.at === "number" &&
    "last" in found &&
    typeof found.last === "object" &&
    found.last !== null &&
    Object.values(found.last).every((id) => typeof id === "string");
}
