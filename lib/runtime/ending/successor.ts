/**
 * The execution that goes on where another ended by `continueAsNew` (PROTOCOL B4). Its id is derived, its creation idempotent: it is a
 * closing duty of the one before, and of everybody who has a message for that one.
 */
import { type Inheritance, inheritanceOf } from "../../decide/inheritance.js";
import { CorruptHistoryError } from "../../model/errors.js";
import { type Head, timeoutOf } from "../../model/head.js";
import type { ExecutionContinued, MessagesInherited } from "../../model/history-event.js";
import { digest, LONGEST_EXECUTION_ID } from "../../model/ids.js";
import { labelsOf } from "../../model/labels.js";
import type { EpochMs } from "../../model/time.js";
import { create } from "../create.js";
import { wholeHistory } from "../history.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";
import { bringBackMessages, bringBackValue } from "../values/payloads.js";
import { storeValue } from "../values/values.js";
import { inGroups, writeFirstHistory } from "./copy-history.js";

/** `order-1`, then `order-1:run2`, then `order-1:run3`. */
export function successorOf(executionId: string): string {
  const match = /^(.*):run(\d+)$/.exec(executionId);
  const base = match?.[1] ?? executionId;
  const id = `${base}:run${Number(match?.[2] ?? 1) + 1}`;
  return id.length <= LONGEST_EXECUTION_ID ? id : `run-${digest(executionId, 22)}:run2`;
}

/**
 * Creates it with what its predecessor had not read, and wakes it.
 * @returns its id
 * @throws ExecutionConflictError when that id is another execution's
 */
export async function ensureSuccessor(outside: Outside, executionId: string): Promise<string> {
  const { store, clock, wakes } = outside;
  const { head, events } = await wholeHistory(store, executionId);
  const end = events.findLast((event): event is ExecutionContinued => event.type === "ExecutionContinued");
  if (end === undefined || head.continuedTo === undefined)
    throw new CorruptHistoryError(executionId, "it was continued, and its history does not say as what");
  const successorId = head.continuedTo;
  // A closed execution accepts nothing: its inbox is the same for everybody who comes here.
  const aside = head.inboxItems > 0 ? await persistently(() => store.loadMessages(executionId)) : [];
  const inheritance = inheritanceOf(head, events, [...head.inbox, ...aside], end.at);
  const carried = await bringBackMessages(store, executionId, inheritance.carried);
  const token = digest(`${executionId}\n${successorId}`, 16);
  const inherited = inheritedEvents({ ...inheritance, carried }, end.at);
  const slot = await writeFirstHistory(outside, successorId, token, inherited);
  await create(outside, {
    executionId: successorId,
    workflow: {
      name: head.workflow,
      version: head.version,
      definition: head.definition,
      // It begins anew, with the code of the day.
      pinned: head.pin !== undefined,
      timeoutMs: timeoutOf(head),
      lifecycleEvents: head.lifecycleEvents,
    },
    input: await storeValue(store, successorId, "input", await bringBackValue(store, executionId, end.input)),
    createdAt: clock.now(),
    ...labelsOf(head),
    parent: head.parent,
    origin: { kind: "continued", executionId },
    slot,
    createToken: token,
  });
  await wakes.send({ executionId: successorId, reason: "start" }, 0);
  return successorId;
}

/** Of one event: a commit holds one at least. */
const EVENT_BYTES = 50_000;

/** Creates it if it is missing. One that is there needs nothing more of its predecessor, whose history may be lost. */
export async function reachSuccessor(outside: Outside, { executionId, continuedTo }: Head): Promise<string> {
  const known =
    continuedTo === undefined ? undefined : await persistently(() => outside.store.readHead(continuedTo));
  const isIts = known?.origin?.kind === "continued" && known.origin.executionId === executionId;
  return isIts ? known.executionId : ensureSuccessor(outside, executionId);
}

/** At least one, so that a history says where it comes from. */
function inheritedEvents({ carried, consumed, paused }: Inheritance, at: EpochMs): MessagesInherited[] {
  const type = "MessagesInherited";
  const ids = [...inGroups(consumed, EVENT_BYTES)].map((group) => ({ carried: [], consumed: group }));
  const messages = [...inGroups(carried, EVENT_BYTES)].map((group) => ({ carried: group, consumed: [] }));
  const [first, ...rest] = [...ids, ...messages];
  return [
    { type, at, carried: [], consumed: [], ...first, ...(paused ? { paused } : {}) },
    ...rest.map((part) => ({ type, at, ...part }) as const),
  ];
}
