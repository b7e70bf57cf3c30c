/** Listing executions: the client's checks and dates over the store's listing. */
import { InvalidInputError } from "../model/errors.js";
import { shown } from "../model/shown.js";
import type { EpochMs } from "../model/time.js";
import { checkListing as checkRequest } from "../store/listing.js";
import type { ListFilter, ListRequest, Store } from "../store/ports.js";
import { given } from "./given.js";
import type { ExecutionFilter, ExecutionPage, ListOptions } from "./types.js";

const MOST_LISTED = 1_000;

/** What is wrong with a listing, and with its cursor, is known before anything is asked. Throws `InvalidInputError`. */
export function checkListing(options: ListOptions): void {
  checkRequest(requestOf(options));
}

export async function listExecutions(store: Store, options: ListOptions): Promise<ExecutionPage> {
  const page = await store.listExecutions(requestOf(options));
  return {
    executions: page.items.map(({ createdAt, closedAt, dueAt, lease, ...rest }) => ({
      ...rest,
      createdAt: new Date(createdAt),
      ...(closedAt === undefined ? {} : { closedAt: new Date(closedAt) }),
      ...(dueAt === undefined ? {} : { dueAt: new Date(dueAt) }),
      ...(lease === undefined ? {} : { lease: { ...lease, until: new Date(lease.until) } }),
    })),
    ...(page.damaged === undefined ? {} : { damaged: page.damaged }),
    ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
  };
}

export async function countExecutions(store: Store, filter: ExecutionFilter): Promise<number> {
  return store.countExecutions(filterOf(given("client.count", filter)));
}

function requestOf(options: ListOptions): ListRequest {
  const { limit, cursor, ...filter } = given("client.list", options);
  return {
    ...filterOf(filter),
    limit: checkedLimit(limit),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

/** Throws `InvalidInputError`. */
export function checkedLimit(limit = 50): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST_LISTED) return limit;
  throw new InvalidInputError("The listing", [
    { path: "limit", message: `expected a whole number from 1 to ${MOST_LISTED}, found ${shown(limit)}` },
  ]);
}

/** Throws `InvalidInputError`. */
function filterOf({
  createdAfter,
  createdBefore,
  dueBefore,
  leaseExpiredBefore,
  ...rest
}: ExecutionFilter): ListFilter {
  return {
    ...rest,
    ...instants({ createdAfter, createdBefore, dueBefore, leaseExpiredBefore }),
  };
}

function instants<Field extends string>(
  given: Readonly<Record<Field, Date | undefined>>,
): { [Given in Field]?: EpochMs } {
  const found: { [Given in Field]?: EpochMs } = {};
  for (const field in given) {
    const date = given[field];
    if (date !== undefined) found[field] = instantOf(field, date);
  }
  return found;
}

function instantOf(path: string, found: Date): EpochMs {
  const at = found instanceof Date ? found.getTime() : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new InvalidInputError("The listing", [
    { path, message: `expected a valid Date, found ${shown(found)}` },
  ]);
}
