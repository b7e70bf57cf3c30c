/**
 * The execution that goes on where another ended by `continueAsNew` (PROTOCOL B4). Its id is derived, its creation idempotent: it is a
 * closing duty of the one before, and of everybody who has a message for that one.
 */
import { CorruptHistoryError } from "../model/errors.js";
import type { ExecutionContinued, MessagesInherited } from "../model/history-event.js";
import { digest, LONGEST_EXECUTION_ID } from "../model/ids.js";
import type { Commit } from "../store/ports.js";
import { create } from "./create.js";
import { wholeHistory } from "./history.js";
import type { Outside } from "./outside.js";
import { persistently } from "./persistently.js";
import { storeValue } from "./values.js";

/** `order-1`, then `order-1:run2`, then `order-1:run3`. */
export function successorOf(executionId: string): string {
  const match = /^(.*):run(\d+)$/.exec(executionId);
  const base = match?.[1] ?? executionId;
  const id = `${base}:run${Number(match?.[2] ?? 1) + 1}`;
  return id.length <= LONGEST_EXECUTION_ID ? id : `${digest(executionId, 22)}:run2`;
}

/** Creates it, hands over what its predecessor had not read, and wakes it. */
export async function ensureSuccessor(outside: Outside, executionId: string): Promise<void> {
  const { store, clock, wakes } = outside;
  const { head, events } = await wholeHistory(store, executionId);
  const end = events.findLast((event): event is ExecutionContinued => event.type === "ExecutionContinued");
  if (end === undefined || head.continuedTo === undefined)
    throw new CorruptHistoryError(executionId, "it was continued, and its history does not say as what");
  const successorId = head.continuedTo;
  const inherited: MessagesInherited = {
    type: "MessagesInherited",
    at: end.at,
    carried: end.carried ?? [],
    consumed: end.consumed ?? [],
  };
  const token = digest(`${executionId}\n${successorId}`, 16);
  const commit: Commit = {
    executionId: successorId,
    slot: 1,
    epoch: 0,
    token,
    events: [inherited],
    outgoing: [],
  };
  // Before the head: whoever finds the head finds all of it.
  await persistently(() => store.appendCommit(commit));
  await create(outside, {
    executionId: successorId,
    workflow: {
      name: head.workflow,
      version: head.version,
      definition: head.definition,
      timeoutMs: head.deadline === undefined ? undefined : head.deadline - head.startAt,
    },
    input: await storeValue(store, successorId, "input", end.input),
    createdAt: clock.now(),
    parent: head.parent,
    origin: { kind: "continued", executionId },
    slot: 1,
    createToken: token,
  });
  const aside = head.inboxItems > 0 ? await persistently(() => store.loadMessages(executionId)) : [];
  for (const message of [...head.inbox, ...aside])
    await persistently(() => store.appendMessage(successorId, message));
  await wakes.send({ executionId: successorId, reason: "start" }, 0);
}
