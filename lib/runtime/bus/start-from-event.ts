/** Starting executions by bus events (`startOn`). */

import { isHopeless } from "../../decide/dead-letter.js";
import type { App } from "../../define/app.js";
import { parse } from "../../define/schema.js";
import { UnknownEventError } from "../../model/delivery-errors.js";
import { ExecutionConflictError } from "../../model/errors.js";
import { eventMessageId } from "../../model/message.js";
import { judged } from "../../model/pattern/where.js";
import { encode } from "../../model/value.js";
import type { Outside } from "../outside.js";
import { executionIdFor, startExecution } from "../start.js";
import type { Limits } from "../turn/work.js";
import type { BusEvent } from "./bus-event.js";

/** Who runs the first turn here, and until when. */
export interface Inline {
  readonly owner: string;
  readonly limits: Limits;
}

/**
 * Starts every workflow that declares the event and whose `where` accepts its payload, under an id that the event itself gives, so that a
 * repeated delivery finds what the first one started. A workflow that can't be started keeps none of the others.
 * @returns the executions' ids
 * @throws UnknownEventError, InvalidInputError, UnencodableValueError, PayloadTooLargeError, ExecutionConflictError: no repeat could do better
 */
export async function startFromEvent(
  outside: Outside,
  app: App,
  event: BusEvent,
  inline: () => Inline,
): Promise<string[]> {
  const workflows = app.startedBy(event.name);
  const type = app.events.get(event.name);
  if (type === undefined || workflows.length === 0)
    throw new UnknownEventError(
      event.name,
      [...app.workflows.values()].flatMap(({ startOn }) => (startOn === undefined ? [] : [startOn.name])),
    );
  const input = await parse(type.schema, event.detail, `Event "${event.name}"`);
  const payload = judged(encode(input));
  const startedBy = eventMessageId(event.name, event.dedupeId);
  const ids: string[] = [];
  const failures: unknown[] = [];
  for (const workflow of workflows) {
    if (workflow.startWhere?.accepts(payload) === false) continue;
    const id = executionIdFor(workflow.name, event.dedupeId);
    try {
      await start(outside, app, { workflow: workflow.name, input, id, startedBy }, inline());
      ids.push(id);
    } catch (error) {
      failures.push(error);
    }
  }
  // What may end first: the event comes again for it, and what is hopeless will be so then, too.
  const failed = failures.findIndex((error) => !isHopeless(error));
  if (failures.length > 0) throw failures[Math.max(failed, 0)];
  return ids;
}

interface EventStart {
  readonly workflow: string;
  readonly input: unknown;
  readonly id: string;
  readonly startedBy: string;
}

/** A schema may make something else of the same event at every reading (a default that is the time): it is still the same event. */
async function start(outside: Outside, app: App, request: EventStart, inline: Inline): Promise<void> {
  try {
    await startExecution(outside, app, request, inline);
  } catch (error) {
    if (!(error instanceof ExecutionConflictError)) throw error;
    const there = await outside.store.readHead(request.id);
    if (there?.startedBy !== request.startedBy) throw error;
  }
}
