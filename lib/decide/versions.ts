/** Which published versions of the worker nobody needs any more. */
import type { EpochMs } from "../model/time.js";

export interface Published {
  readonly code: string;
  readonly publishedAt: EpochMs;
}

/** A turn of a version that is being replaced may be under way, or on its way, for some minutes. */
const GRACE_MS = 60 * 60_000;

/**
 * Those that were replaced an hour ago or longer, and to which no execution is pinned that is open or stalled.
 * @param published oldest first
 * @param live the one that the alias points to: it stays, and so do those after it, which a roll-back left behind
 * @param needed to which such executions are pinned
 */
export function needless<Version extends Published>(
  published: readonly Version[],
  live: string,
  needed: ReadonlySet<string>,
  now: EpochMs,
): Version[] {
  const end = published.findIndex(({ code }) => code === live);
  return published.slice(0, Math.max(0, end)).filter(({ code }, at) => {
    const replacedAt = published[at + 1]?.publishedAt ?? now;
    return !needed.has(code) && now - replacedAt >= GRACE_MS;
  });
}
