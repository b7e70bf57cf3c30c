/** Where a listing of open executions stands: the creation time and id of the last one. */
import type { EpochMs } from "../model/time.js";

export type OpenCursor = readonly [createdAt: EpochMs, executionId: string];

export function isOpenCursor(found: unknown): found is OpenCursor {
  return (
    Array.isArray(found) && found.length === 2 && typeof found[0] === "number" && typeof found[1] === "string"
  );
}
