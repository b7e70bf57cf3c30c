/**
 * Who waits for an event. Where the wait records of a type can be found by what is asked (one without a key, or a key that is given), they
 * are the answer. Those of a keyed type lie under their keys, which nobody can list: without a key the heads of what is not closed are
 * gone through, and each wait that a head names is looked up in the directory. A head with very many waits names a few of them.
 *
 * Of a type of which only the name is known, one record without a key tells that it has none.
 */
import { CorruptHistoryError } from "../model/errors.js";
import type { WaitKey } from "../model/head.js";
import { digest } from "../model/ids.js";
import { isClosed, STATUSES } from "../model/status.js";
import type { EpochMs } from "../model/time.js";
import { decodeCursor, encodeCursor } from "./cursor.js";
import { type Selection, selectionOf } from "./filter.js";
import type { ListedHead } from "./listed-head.js";
import { beginningOf, type ListingReads, pageThrough } from "./listing.js";
import type { DirectoryStore, Page, WaitingExecution, WaitingRequest, WaitRecord } from "./ports.js";
import { checkWalkCursor } from "./walk.js";

/** What a store brings. */
export interface WaitingReads extends ListingReads {
  readonly findWaits: DirectoryStore["findWaits"];
  readonly readWait: DirectoryStore["readWait"];
}

/** A page of one of the two listings that answer, and its own cursor. */
interface Position {
  readonly query: string;
  readonly by: "records" | "heads";
  readonly inner?: string;
}

export async function listWaiting(
  reads: WaitingReads,
  request: WaitingRequest,
): Promise<Page<WaitingExecution>> {
  const { by, inner } = checkWaiting(request);
  const page = { limit: request.limit, ...(inner === undefined ? {} : { cursor: inner }) };
  if (by === "heads") return pageOf(request, "heads", await byHeads(reads, request, page));
  const found = await reads.findWaits({ ...subjectOf(request), ...page });
  const mayBeKeyed = request.key === undefined && request.keyed === undefined && inner === undefined;
  if (found.items.length === 0 && mayBeKeyed)
    return pageOf(request, "heads", await byHeads(reads, request, page));
  const standing = found.items.filter(({ until }) => !isOver(until, request.now));
  return pageOf(request, "records", { ...found, items: await waitingOf(reads, standing) });
}

/** What is wrong with a request, and with its cursor, is known before anything is read. Throws `InvalidInputError`. */
export function checkWaiting(request: WaitingRequest): Position {
  const position = positionOf(request);
  const { by, inner } = position;
  const { limit } = request;
  if (by === "records") checkWalkCursor(inner);
  beginningOf(NOT_CLOSED, { limit, ...(by === "heads" && inner !== undefined ? { cursor: inner } : {}) });
  return position;
}

/** What is stalled still accepts what it waits for, and takes it when it goes on. */
const NOT_CLOSED: Selection = selectionOf({ status: STATUSES.filter((status) => !isClosed(status)) });

function byHeads(
  reads: WaitingReads,
  request: WaitingRequest,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Page<WaitingExecution>> {
  return pageThrough(reads, NOT_CLOSED, page, (heads) =>
    Promise.all(heads.map((head) => waitsNamedBy(reads, head, request))),
  );
}

/** The directory has the last word: what the head names is of its last suspension. */
async function waitsNamedBy(
  reads: WaitingReads,
  head: ListedHead,
  { name, now }: WaitingRequest,
): Promise<WaitingExecution[]> {
  const named = head.waits.filter((wait) => wait.name === name && wait.key !== undefined);
  const records = await Promise.all(named.map((wait) => recordOf(reads, wait)));
  const standing = records.flatMap((record) =>
    record === undefined || record === "damaged" || isOver(record.until, now) ? [] : [waiting(head, record)],
  );
  const isKnown = head.waitCount <= head.waits.length && !records.includes("damaged");
  if (standing.length > 0 || isKnown) return standing;
  const { executionId, workflow, status } = head;
  return [{ executionId, workflow, status, certain: false }];
}

/** One that can't be read keeps nobody else out of the list: its execution may wait. */
async function recordOf(reads: WaitingReads, wait: WaitKey): Promise<WaitRecord | "damaged" | undefined> {
  try {
    return await reads.readWait(wait);
  } catch (error) {
    if (error instanceof CorruptHistoryError) return "damaged";
    throw error;
  }
}

async function waitingOf(reads: WaitingReads, records: readonly WaitRecord[]): Promise<WaitingExecution[]> {
  const { heads } = await reads.readHeads([...new Set(records.map(({ executionId }) => executionId))]);
  return records.flatMap((record) => {
    const head = heads.get(record.executionId);
    // A record may outlive its wait by a crash, until the next event of its key.
    return head === undefined || isClosed(head.status) ? [] : [waiting(head, record)];
  });
}

function waiting(
  { executionId, workflow, status }: ListedHead,
  { key, until, where }: WaitRecord,
): WaitingExecution {
  return {
    executionId,
    workflow,
    status,
    ...(key === undefined ? {} : { key }),
    ...(until === undefined ? {} : { until }),
    ...(where === undefined ? {} : { where }),
    certain: true,
  };
}

function isOver(until: EpochMs | undefined, now: EpochMs): boolean {
  return until !== undefined && until <= now;
}

function subjectOf({ name, key }: WaitingRequest): { readonly name: string; readonly key?: string } {
  return key === undefined ? { name } : { name, key };
}

function queryOf({ name, key, keyed }: WaitingRequest): string {
  return digest(JSON.stringify([name, key ?? null, keyed ?? null]), 8);
}

/** The listing's own cursor, in one that says of what and by which of the two ways it goes on. */
function pageOf(
  request: WaitingRequest,
  by: Position["by"],
  { items, cursor }: Page<WaitingExecution>,
): Page<WaitingExecution> {
  if (cursor === undefined) return { items };
  return { items, cursor: encodeCursor({ query: queryOf(request), by, inner: cursor } satisfies Position) };
}

function positionOf(request: WaitingRequest): Position {
  const query = queryOf(request);
  const isPosition = (found: unknown): found is Position =>
    typeof found === "object" &&
    found !== null &&
    "query" in found &&
    found.query === query &&
    "by" in found &&
    (found.by === "records" || found.by === "heads") &&
    "inner" in found &&
    typeof found.inner === "string";
  if (request.cursor !== undefined) return decodeCursor(request.cursor, isPosition);
  return { query, by: request.key === undefined && request.keyed === true ? "heads" : "records" };
}
