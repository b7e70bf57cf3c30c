/**
 * Delivering a bus event to the executions that wait for it (PROTOCOL A). Strictly in this order: the recent-event record, then
 * the waits; for each an inbox message, then its wake; only then is the event acknowledged. A repeat does it all again, harmlessly.
 * An execution that can't take it keeps it from none of the others.
 */
import type { App } from "../../define/app.js";
import { parse } from "../../define/schema.js";
import { ExecutionNotFoundError, InvalidInputError } from "../../model/errors.js";
import type { EventMessage } from "../../model/message.js";
import { encode } from "../../model/value.js";
import type { RecentEvent, WaitRecord } from "../../store/ports.js";
import { failuresOf, raiseFirst } from "../failures.js";
import { deliverMessage } from "../messages/accept.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";
import { type BusEvent, MalformedBusEventError } from "./bus-event.js";

/** Waits are read and served in pages of this many, so that a popular event needs no more memory than a rare one. */
const PAGE = 100;

export interface Delivered {
  /** Executions that have the event in their inbox now. */
  readonly executions: number;
}

/**
 * @throws MalformedBusEventError for an event that this app does not declare, InvalidInputError for one that does not fit its schema:
 *   both belong in the dead-letter queue with that reason
 */
export async function deliver(outside: Outside, app: App, event: BusEvent): Promise<Delivered> {
  const message = await accept(outside, app, event);
  if (event.target !== undefined) {
    await deliverTo(outside, event.target, message, []);
    return { executions: 1 };
  }
  const served = new Set<string>();
  const failures: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page = await persistently(() =>
      outside.store.findWaits({
        name: message.name,
        ...(message.key === undefined ? {} : { key: message.key }),
        limit: PAGE,
        ...(cursor === undefined ? {} : { cursor }),
      }),
    );
    // Each waiting execution gets the event once; which of its waits takes it is the execution's own affair (I11).
    const executions = new Set(page.items.map((wait) => wait.executionId));
    for (const executionId of served) executions.delete(executionId);
    const deliveries = [...executions].map((executionId) => {
      const waits = page.items.filter((wait) => wait.executionId === executionId);
      return deliverTo(outside, executionId, message, waits);
    });
    failures.push(...(await failuresOf(deliveries)));
    for (const executionId of executions) served.add(executionId);
    cursor = page.cursor;
  } while (cursor !== undefined);
  // The event comes again for those that could not take it; the others have it, and know it by its id.
  raiseFirst(failures);
  return { executions: served.size };
}

/** Checks the event and writes its record; what a delivery before recorded stands. */
async function accept(outside: Outside, app: App, event: BusEvent): Promise<EventMessage> {
  const type = app.events.get(event.name);
  if (type === undefined) {
    throw new MalformedBusEventError(
      `this app declares no event "${event.name}" (it declares ${[...app.events.keys()].join(", ") || "none"})`,
    );
  }
  const data = await parse(type.schema, event.detail, `Event "${event.name}"`);
  const key: unknown = type.key?.(data);
  if (type.key !== undefined && typeof key !== "string") {
    throw new InvalidInputError(`Event "${event.name}"`, [
      { path: "key", message: `its key is ${String(key)}, and must be text` },
    ]);
  }
  const recent: RecentEvent = {
    id: event.dedupeId,
    name: event.name,
    ...(typeof key === "string" ? { key } : {}),
    data: encode(data),
    recordedAt: outside.clock.now(),
    ...(event.target === undefined ? {} : { target: event.target }),
  };
  const { recorded } = await persistently(() => outside.store.putRecentEvent(recent));
  return {
    kind: "event",
    id: recorded.id,
    at: recorded.recordedAt,
    name: recorded.name,
    ...(recorded.key === undefined ? {} : { key: recorded.key }),
    data: recorded.data,
  };
}

async function deliverTo(
  outside: Outside,
  executionId: string,
  message: EventMessage,
  waits: readonly WaitRecord[],
): Promise<void> {
  const result = await deliverMessage(outside, executionId, message);
  switch (result.outcome) {
    case "appended":
    case "duplicate":
      return;
    case "closed":
      // It closed without removing its records (PROTOCOL A6).
      await remove(outside, waits);
      return;
    case "missing":
      // A wait without an execution is debris of a deletion; a target that does not exist is the sender's mistake.
      if (waits.length === 0) throw new ExecutionNotFoundError(executionId);
      await remove(outside, waits);
      return;
  }
}

async function remove(outside: Outside, waits: readonly WaitRecord[]): Promise<void> {
  await Promise.all(waits.map((wait) => persistently(() => outside.store.deleteWait(wait))));
}
