/** What the head says of what the code awaits: written by a settlement that is written anyway, in the room that its item has anyway. */
import type { Awaits, Outstanding } from "../../model/head.js";
import { derivedChildId } from "../../model/ids.js";
import { jsonBytes } from "../../model/storable.js";
import type { Operation } from "../../replay/operation.js";
import { deadlineOf } from "../turn/agenda.js";

/** Who waits for thousands is told apart from who waits for three by their number, not by their names. */
const MOST_NAMED = 10;

/** In bytes of JSON, as it is stored. */
const MOST_BYTES = 256;

/** The first may take so much whatever else the head holds: one name says more than a number. */
const FIRST_BYTES = 64;

/** @param room bytes that the head has to spare */
export function awaitsOf(
  pending: Iterable<Operation>,
  executionId: string,
  room: number,
): Awaits | undefined {
  const first: Outstanding[] = [];
  let count = 0;
  let left = Math.min(room, MOST_BYTES);
  for (const operation of pending) {
    if (operation.detached) continue;
    const outstanding = outstandingOf(operation, executionId);
    if (outstanding === undefined) continue;
    count += 1;
    // Behind one that did not fit none is named: they are the first ones.
    if (first.length !== count - 1 || first.length === MOST_NAMED) continue;
    const { where, ...rest } = outstanding;
    const whole = jsonBytes(Object.values(outstanding));
    const named = where === undefined || whole <= left ? outstanding : rest;
    const bytes = named === rest ? jsonBytes(Object.values(rest)) : whole;
    left -= bytes;
    if (left >= 0 || (first.length === 0 && bytes <= FIRST_BYTES)) first.push(named);
  }
  return count === 0 ? undefined : { first, count };
}

/** Undefined for what needs nothing but to be recorded. */
function outstandingOf(operation: Operation, executionId: string): Outstanding | undefined {
  const { path: op } = operation;
  switch (operation.kind) {
    case "sleep":
      return { op, dueAt: operation.dueAt };
    case "wait": {
      const dueAt = deadlineOf(operation);
      const where = operation.awaited.kind === "event" ? operation.awaited.where?.text : undefined;
      return { op, ...(dueAt === undefined ? {} : { dueAt }), ...(where === undefined ? {} : { where }) };
    }
    case "step": {
      const { retryAt: dueAt, attempts } = operation;
      return { op, ...(dueAt === undefined ? {} : { dueAt }), ...(attempts === 0 ? {} : { attempts }) };
    }
    case "child": {
      const { childId } = operation;
      return { op, ...(childId === derivedChildId(executionId, op) ? {} : { childId }) };
    }
    default:
      return undefined;
  }
}
