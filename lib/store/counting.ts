/** Counting executions: by the index, where it decides alone what fits; otherwise by going through the listing. */
import { selectionOf } from "./filter.js";
import { type IndexQuery, type ListingReads, pageThrough, shardsOf } from "./listing.js";
import type { ListFilter } from "./ports.js";

/** What a store brings. */
export interface CountingReads extends ListingReads {
  /** How many entries a partition has in that time. */
  countEntries(query: Omit<IndexQuery, "after" | "limit">): Promise<number>;
}

/** Heads that are read at once: a page of the listing. */
const PER_PAGE = 500;

export async function countExecutions(reads: CountingReads, filter: ListFilter): Promise<number> {
  const selection = selectionOf(filter);
  const { groups, filtered, notBefore, notAfter } = selection;
  if (!filtered) {
    const time = {
      ...(notBefore === undefined ? {} : { notBefore }),
      ...(notAfter === undefined ? {} : { notAfter }),
    };
    const counts = await Promise.all(
      groups.flatMap(shardsOf).map((partition) => reads.countEntries({ ...partition, ...time })),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }
  let count = 0;
  let cursor: string | undefined;
  do {
    const request = { limit: PER_PAGE, ...(cursor === undefined ? {} : { cursor }) };
    const page = await pageThrough(reads, selection, request, async (heads) => heads.map(() => [1]));
    count += page.items.length;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return count;
}
