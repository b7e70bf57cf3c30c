/** What a listing's filter means: which groups of which index hold what it asks for, from when to when, and whether an execution fits. */
import { InvalidInputError } from "../model/errors.js";
import { digest } from "../model/ids.js";
import { type ExecutionStatus, STATUSES } from "../model/status.js";
import type { EpochMs } from "../model/time.js";
import type { ExecutionSummary, ListFilter } from "./ports.js";
import { bucketOf, STATUS_BUCKETS } from "./status.js";

/** All that an index holds of one workflow, or of one bucket of statuses. */
export interface IndexGroup {
  readonly index: "byWorkflow" | "byStatus";
  readonly group: string;
}

export interface Selection {
  /** None where nothing can fit. */
  readonly groups: readonly IndexGroup[];
  /** Of what the groups hold, only what was created then or later. */
  readonly notBefore?: EpochMs;
  /** … and then or earlier. */
  readonly notAfter?: EpochMs;
  /** Whether heads that the groups show may not fit. */
  readonly filtered: boolean;
  /** Of a head. The index is behind the heads by a moment, so the head has the last word. */
  readonly fits: (summary: ExecutionSummary) => boolean;
  /** Tells this filter from others: a cursor holds it. */
  readonly digest: string;
}

/** Throws `InvalidInputError`. */
export function selectionOf(filter: ListFilter): Selection {
  const { workflow } = filter;
  const statuses = statusesOf(filter);
  const notBefore = instantOf(filter, "createdAfter");
  const before = instantOf(filter, "createdBefore");
  const empty = notBefore !== undefined && before !== undefined && notBefore >= before;
  return {
    groups: empty ? [] : groupsOf(workflow, statuses),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(before === undefined ? {} : { notAfter: before - 1 }),
    filtered: statuses !== undefined,
    fits: (summary) =>
      (workflow === undefined || summary.workflow === workflow) &&
      (statuses === undefined || statuses.includes(summary.status)) &&
      (notBefore === undefined || summary.createdAt >= notBefore) &&
      (before === undefined || summary.createdAt < before),
    digest: digest(
      JSON.stringify([workflow ?? null, statuses ?? null, notBefore ?? null, before ?? null]),
      8,
    ),
  };
}

/** The common ends are in no status bucket: they are found by workflow, and filtered. */
function groupsOf(
  workflow: string | undefined,
  statuses: readonly ExecutionStatus[] | undefined,
): IndexGroup[] {
  if (workflow !== undefined) return [{ index: "byWorkflow", group: workflow }];
  const common = statuses?.filter((status) => bucketOf(status) === undefined) ?? [];
  if (common.length > 0) {
    throw refused(
      "workflow",
      `expected a workflow name, since ${common.join(" and ")} executions are only indexed by their workflow`,
    );
  }
  const buckets = statuses === undefined ? STATUS_BUCKETS : new Set(statuses.map(bucketOf));
  return [...buckets].flatMap((bucket) =>
    bucket === undefined ? [] : [{ index: "byStatus", group: bucket }],
  );
}

/** Each once, in the table's order, so that one set of statuses is one filter. */
function statusesOf({ status }: ListFilter): readonly ExecutionStatus[] | undefined {
  if (status === undefined) return undefined;
  const given: readonly string[] = typeof status === "string" ? [status] : status;
  const unknown = given.find((one) => !STATUSES.some((known) => known === one));
  if (given.length === 0 || unknown !== undefined)
    throw refused("status", `expected one or several of ${STATUSES.join(", ")}, found ${unknown ?? "none"}`);
  return STATUSES.filter((known) => given.includes(known));
}

function instantOf(filter: ListFilter, field: "createdAfter" | "createdBefore"): EpochMs | undefined {
  const found = filter[field];
  if (found === undefined || Number.isInteger(found)) return found;
  throw refused(field, `expected an instant, in whole milliseconds since 1970, found ${found}`);
}

function refused(path: string, message: string): InvalidInputError {
  return new InvalidInputError("The listing", [{ path, message }]);
}
