/**
 * Listing executions, newest first, from sharded indexes: which index partitions a request reads, how they are merged, and what a cursor
 * holds. Both stores list through here; each brings its own reads.
 *
 * A cursor is the creation time of the last execution that was returned, and for every partition that had one at that very millisecond,
 * which one it was. So it stays true while executions are created (they are newer) or deleted (it names times, not rows).
 */
import { InvalidInputError } from "../model/errors.js";
import type { EpochMs } from "../model/time.js";
import { decodeCursor, encodeCursor } from "./cursor.js";
import { type IndexGroup, type Selection, selectionOf } from "./filter.js";
import { type ListedHead, summaryOf } from "./listed-head.js";
import { type ExecutionSummary, INDEX_SHARDS, type ListRequest, type Page } from "./ports.js";

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
  /** Those that exist, by id. */
  readHeads(executionIds: readonly string[]): Promise<ReadonlyMap<string, ListedHead>>;
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
  beginningOf(request);
}

/** Which partitions are read, from where on. */
function beginningOf(request: ListRequest): {
  readonly selection: Selection;
  readonly query: string;
  readonly position: Position | undefined;
} {
  if (!Number.isInteger(request.limit) || request.limit < 1) {
    throw new InvalidInputError("The listing's limit", [
      { path: "limit", message: `expected a whole number from 1, found ${request.limit}` },
    ]);
  }
  const selection = selectionOf(request);
  const query = selection.digest;
  const position =
    request.cursor === undefined ? undefined : decodeCursor(request.cursor, isPositionOf(query));
  return { selection, query, position };
}

export async function listExecutions(
  reads: ListingReads,
  request: ListRequest,
): Promise<Page<ExecutionSummary>> {
  const { selection, query, position: beginning } = beginningOf(request);
  let position = beginning;
  const items: ExecutionSummary[] = [];
  // One that changes its status meanwhile moves from one partition to another, and may be met in both.
  const met = new Set(Object.values(position?.last ?? {}));
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const wanted = request.limit - items.length;
    const { candidates, more } = await nextCandidates(
      reads,
      selection,
      position,
      selection.filtered ? Math.max(wanted, FEWEST_CANDIDATES) : wanted,
    );
    const heads = await reads.readHeads(candidates.map((candidate) => candidate.executionId));
    for (const [index, candidate] of candidates.entries()) {
      position = advance(query, position, candidate);
      const head = heads.get(candidate.executionId);
      if (head === undefined || met.has(head.executionId) || !selection.fits(head)) continue;
      met.add(head.executionId);
      items.push(summaryOf(head));
      if (items.length < request.limit) continue;
      const ended = index === candidates.length - 1 && !more;
      return ended ? { items } : { items, cursor: encodeCursor(position) };
    }
    if (!more) return { items };
  }
  return position === undefined ? { items } : { items, cursor: encodeCursor(position) };
}

function shardsOf({ index, group }: IndexGroup): IndexPartition[] {
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
