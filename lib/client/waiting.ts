/** Who waits for an event: the client's checks and dates over the store's listing. */
import type { AnyEventType } from "../define/event.js";
import { InvalidInputError } from "../model/errors.js";
import { checkName } from "../model/ids.js";
import type { EventPattern } from "../model/pattern/types.js";
import { shown } from "../model/shown.js";
import type { ExecutionStatus } from "../model/status.js";
import type { Outside } from "../runtime/outside.js";
import type { Damaged, WaitingRequest } from "../store/ports.js";
import { checkWaiting as checkRequest } from "../store/waiting.js";
import { given, nameGiven } from "./given.js";
import { checkedLimit } from "./list.js";

/** Which waits are listed, and how many at a time. */
export interface WaitingOptions {
  /** Only waits for this key. */
  readonly key?: string;
  /** 1 to 1,000, default 50. */
  readonly limit?: number;
  /** Of the page before. */
  readonly cursor?: string;
}

/** One wait of an execution. */
export interface Waiting {
  readonly executionId: string;
  readonly workflow: string;
  readonly status: ExecutionStatus;
  /** The key that it waits for, where the event type declares one. */
  readonly key?: string;
  /** When the wait times out. */
  readonly until?: Date;
  /** The condition on the payload, where the wait has one. */
  readonly where?: EventPattern;
  /** False of an execution that waits for so many events that its head names only a few, and not this one: it may wait for it. */
  readonly certain: boolean;
}

/** A page of executions that wait for an event. */
export interface WaitingPage {
  /** A page may be short, or empty, and still not be the last. */
  readonly waiting: readonly Waiting[];
  /** Executions that were looked at and whose records can't be read, if there are any. */
  readonly damaged?: readonly Damaged[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/** Throws `InvalidInputError`, `InvalidDefinitionError`. */
export function checkWaiting(event: AnyEventType | string, options: WaitingOptions): void {
  checkRequest(requestOf(event, options, 0));
}

export async function listWaiting(
  { store, clock }: Outside,
  event: AnyEventType | string,
  options: WaitingOptions,
): Promise<WaitingPage> {
  const page = await store.listWaiting(requestOf(event, options, clock.now()));
  return {
    waiting: page.items.map(({ until, where, ...rest }) => ({
      ...rest,
      ...(until === undefined ? {} : { until: new Date(until) }),
      ...(where === undefined ? {} : { where: JSON.parse(where) as EventPattern }),
    })),
    ...(page.damaged === undefined ? {} : { damaged: page.damaged }),
    ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
  };
}

function requestOf(event: AnyEventType | string, options: WaitingOptions, now: number): WaitingRequest {
  const { key, limit, cursor } = given("client.waiting", options);
  const name = checkName("an event", nameGiven("event", event));
  const keyed = typeof event === "string" ? undefined : event.key !== undefined;
  if (key !== undefined && (typeof key !== "string" || keyed === false)) {
    const expected = keyed === false ? `no key, since event "${name}" declares none` : "text";
    throw new InvalidInputError("The listing", [
      { path: "key", message: `expected ${expected}, found ${shown(key)}` },
    ]);
  }
  return {
    name,
    ...(key === undefined ? {} : { key }),
    ...(keyed === undefined ? {} : { keyed }),
    now,
    limit: checkedLimit(limit),
    ...(cursor === undefined ? {} : { cursor }),
  };
}
