/**
 * The execution that goes on where another ended by `continueAsNew` (PROTOCOL B4). Its id is derived, its creation idempotent: it is a
 * closing duty of the one before, and of everybody who has a message for that one.
 */
import { CorruptHistoryError } from "../model/errors.js";
import type { ExecutionContinued, HistoryEvent, MessagesInherited } from "../model/history-event.js";
import { digest, LONGEST_EXECUTION_ID } from "../model/ids.js";
import { isHandedOn, type Message } from "../model/message.js";
import { jsonBytes } from "../model/storable.js";
import { isBuffered } from "../replay/mailbox.js";
import type { Commit } from "../store/ports.js";
import { create } from "./create.js";
import { wholeHistory } from "./history.js";
import type { Outside } from "./outside.js";
import { bringBackMessages, bringBackValue, putAwayMessage } from "./payloads.js";
import { persistently } from "./persistently.js";
import { storeValue } from "./values.js";

/** What is inherited is written in commits of about this size. */
const COMMIT_BYTES = 100_000;

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
  const token = digest(`${executionId}\n${successorId}`, 16);
  // Nothing is accepted any more where it was continued: this inbox is the same for everybody who comes here.
  const aside = head.inboxItems > 0 ? await persistently(() => store.loadMessages(executionId)) : [];
  const inbox = [...head.inbox, ...aside];
  const carried = await movedTo(successorId, outside, executionId, unconsumed(events, inbox, end));
  const commits = inheritance(carried, end).map(
    (event, index): Commit => ({
      executionId: successorId,
      slot: index + 1,
      epoch: 0,
      token,
      events: [event],
      outgoing: [],
    }),
  );
  // Before the head: whoever finds the head finds all of it.
  for (const commit of commits) await persistently(() => store.appendCommit(commit));
  await create(outside, {
    executionId: successorId,
    workflow: {
      name: head.workflow,
      version: head.version,
      definition: head.definition,
      timeoutMs: head.deadline === undefined ? undefined : head.deadline - head.startAt,
    },
    input: await storeValue(store, successorId, "input", await bringBackValue(store, executionId, end.input)),
    createdAt: clock.now(),
    parent: head.parent,
    origin: { kind: "continued", executionId },
    slot: commits.length,
    createToken: token,
  });
  // What asks something of it as a whole (a cancel, a pause).
  for (const message of inbox.filter((one) => isHandedOn(one) && !isBuffered(one)))
    await persistently(() => store.appendMessage(successorId, message));
  await wakes.send({ executionId: successorId, reason: "start" }, 0);
}

/** What was accepted and never consumed, oldest first: in its history, or still in its inbox. */
function unconsumed(
  events: readonly HistoryEvent[],
  inbox: readonly Message[],
  { carried = [], consumed = [] }: ExecutionContinued,
): Message[] {
  const recorded = new Map(
    events
      .flatMap((event) =>
        event.type === "MessageBuffered"
          ? [event.message]
          : event.type === "MessagesInherited"
            ? event.carried
            : [],
      )
      .map((message) => [message.id, message]),
  );
  const known = new Set([...carried, ...consumed]);
  return [
    ...carried.flatMap((id) => recorded.get(id) ?? []),
    ...inbox.filter((message) => isBuffered(message) && isHandedOn(message) && !known.has(message.id)),
  ];
}

/** Large contents are payloads of the execution that has the message: they move with it. */
async function movedTo(
  successorId: string,
  { store }: Outside,
  executionId: string,
  messages: readonly Message[],
): Promise<Message[]> {
  const whole = await bringBackMessages(store, executionId, messages);
  const moved: Message[] = [];
  for (const message of whole) moved.push(await putAwayMessage(store, successorId, message));
  return moved;
}

/** As many events as it takes to keep each within a commit; at least one, which tells the successor what was consumed. */
function inheritance(
  carried: readonly Message[],
  { at, consumed = [] }: ExecutionContinued,
): MessagesInherited[] {
  const parts: Message[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of carried) {
    bytes += jsonBytes(message);
    if (bytes > COMMIT_BYTES) {
      parts.push([]);
      bytes = jsonBytes(message);
    }
    parts.at(-1)?.push(message);
  }
  const [first = [], ...rest] = parts;
  return [
    { type: "MessagesInherited", at, carried: first, consumed },
    ...rest.map(
      (part): MessagesInherited => ({ type: "MessagesInherited", at, carried: part, consumed: [] }),
    ),
  ];
}
