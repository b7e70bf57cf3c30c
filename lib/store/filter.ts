/** What a listing's filter means: which groups of which index hold what it asks for, from when to when, and whether an execution fits. */
import { InvalidInputError } from "../model/errors.js";
import { digest } from "../model/ids.js";
import { shown } from "../model/shown.js";
import { type ExecutionStatus, isOpen, STATUSES } from "../model/status.js";
import type { EpochMs } from "../model/time.js";
import { dueAtOf, type ListedHead } from "./listed-head.js";
import type { ListFilter } from "./ports.js";
import { bucketOf, STATUS_BUCKETS } from "./status.js";

/** All that an index holds of one workflow, application or pipeline configuration, or of one bucket of statuses. */
export interface IndexGroup {
  readonly index: "byWorkflow" | "byApplication" | "byPipelineConfig" | "byStatus";
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
  /** The index is behind the heads by a moment, so the head has the last word. */
  readonly fits: (head: ListedHead) => boolean;
  /** Tells this filter from others: a cursor holds it. */
  readonly digest: string;
}

/** Throws `InvalidInputError`. */
export function selectionOf(filter: ListFilter): Selection {
  const { workflow, application, pipelineConfigId } = filter;
  const statuses = statusesOf(filter);
  const notBefore = instantOf(filter, "createdAfter");
  const before = instantOf(filter, "createdBefore");
  const due = instantOf(filter, "dueBefore");
  const leaseEnd = instantOf(filter, "leaseExpiredBefore");
  const empty =
    statuses?.length === 0 || (notBefore !== undefined && before !== undefined && notBefore >= before);
  const owners = ownersOf(filter);
  const ofHeads = due !== undefined || leaseEnd !== undefined;
  // Of those that were ever started few are open: what only open ones have is looked for among these, whosoever they are.
  const byOwner = owners.length > 0 && !ofHeads;
  return {
    groups: empty ? [] : byOwner ? owners.slice(0, 1) : bucketsOf(statuses),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(before === undefined ? {} : { notAfter: before - 1 }),
    filtered: ofHeads || (byOwner ? owners.length > 1 || statuses !== undefined : !areWholeBuckets(statuses)),
    fits: (head) =>
      (workflow === undefined || head.workflow === workflow) &&
      (application === undefined || head.application === application) &&
      (pipelineConfigId === undefined || head.pipelineConfigId === pipelineConfigId) &&
      (statuses === undefined || statuses.includes(head.status)) &&
      (notBefore === undefined || head.createdAt >= notBefore) &&
      (before === undefined || head.createdAt < before) &&
      (due === undefined || isBefore(dueAtOf(head), due)) &&
      (leaseEnd === undefined || isBefore(head.lease?.until, leaseEnd)),
    digest: digestOf([workflow, application, pipelineConfigId, statuses, notBefore, before, due, leaseEnd]),
  };
}

/** Longer than any name of a workflow, and than any label. */
const LONGEST_GROUP = 256;

/** Whose listings hold all that fits; the one that is likely to be the shortest comes first. */
function ownersOf({ workflow, application, pipelineConfigId }: ListFilter): IndexGroup[] {
  for (const [path, found] of Object.entries({ workflow, application, pipelineConfigId }))
    if (found !== undefined && (typeof found !== "string" || found === "" || found.length > LONGEST_GROUP))
      throw refused(path, `expected text of 1 to ${LONGEST_GROUP} characters, found ${shown(found)}`);
  const groups: IndexGroup[] = [];
  if (pipelineConfigId !== undefined) groups.push({ index: "byPipelineConfig", group: pipelineConfigId });
  if (application !== undefined) groups.push({ index: "byApplication", group: application });
  if (workflow !== undefined) groups.push({ index: "byWorkflow", group: workflow });
  return groups;
}

/** The common ends are in no status bucket: they are found by whose they are, and filtered. */
function bucketsOf(statuses: readonly ExecutionStatus[] | undefined): IndexGroup[] {
  const common = statuses?.filter((status) => bucketOf(status) === undefined) ?? [];
  if (common.length > 0) {
    throw refused(
      "workflow",
      `expected a workflow name, an application or a pipelineConfigId, since ${common.join(" and ")} executions are indexed by those alone`,
    );
  }
  const buckets = STATUS_BUCKETS.filter(
    (bucket) => statuses?.some((one) => bucketOf(one) === bucket) ?? true,
  );
  return buckets.map((group) => ({ index: "byStatus", group }));
}

/** Whether the buckets that show these statuses show no others. */
function areWholeBuckets(statuses: readonly ExecutionStatus[] | undefined): boolean {
  if (statuses === undefined) return true;
  const buckets = statuses.map((status) => bucketOf(status));
  return STATUSES.every((status) => statuses.includes(status) || !buckets.includes(bucketOf(status)));
}

/** Each once, in the table's order, so that one set of statuses is one filter. Only what is open is due, or held by anybody. */
function statusesOf(filter: ListFilter): readonly ExecutionStatus[] | undefined {
  const given = givenStatuses(filter);
  if (filter.dueBefore === undefined && filter.leaseExpiredBefore === undefined) return given;
  return (given ?? STATUSES).filter(isOpen);
}

function givenStatuses({ status }: ListFilter): readonly ExecutionStatus[] | undefined {
  if (status === undefined) return undefined;
  const given: readonly unknown[] = Array.isArray(status) ? status : [status];
  const unknown = given.find((one) => !STATUSES.some((known) => known === one));
  if (given.length === 0 || unknown !== undefined)
    throw refused(
      "status",
      `expected one or several of ${STATUSES.join(", ")}, found ${given.length === 0 ? "none" : shown(unknown)}`,
    );
  return STATUSES.filter((known) => given.includes(known));
}

const INSTANTS = ["createdAfter", "createdBefore", "dueBefore", "leaseExpiredBefore"] as const;

function instantOf(filter: ListFilter, field: (typeof INSTANTS)[number]): EpochMs | undefined {
  const found = filter[field];
  if (found === undefined || Number.isInteger(found)) return found;
  throw refused(field, `expected an instant, in whole milliseconds since 1970, found ${shown(found)}`);
}

function isBefore(at: EpochMs | undefined, bound: EpochMs): boolean {
  return at !== undefined && at < bound;
}

function digestOf(parts: readonly unknown[]): string {
  return digest(JSON.stringify(parts.map((part) => part ?? null)), 8);
}

function refused(path: string, message: string): InvalidInputError {
  return new InvalidInputError("The listing", [{ path, message }]);
}
