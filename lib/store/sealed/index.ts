/**
 * A store whose users' values are sealed by a codec: everybody above sees them as they are, and the tables and the bucket never do. It changes what the
 * operations are given and what they answer, and nothing of what they do.
 */
import type { PayloadCodec, SealedPlace } from "../../model/codec.js";
import type { Head, StoredValue, Tail } from "../../model/head.js";
import type { HistoryEvent } from "../../model/history-event.js";
import type { Message } from "../../model/message.js";
import { type Outgoing, stagedId } from "../../model/outgoing.js";
import {
  type ChangeValue,
  changedValues,
  eventWith,
  messageWith,
  outgoingWith,
} from "../../model/user-values.js";
import type { Encoded } from "../../model/value.js";
import type { Commit, Outbox, RecentEvent, Settlement, SettleRequest, Store } from "../ports.js";
import { openPayload, openValues, sealPayload, sealValues } from "./boxes.js";
import { guarded } from "./guarded.js";

/** Values of one kind of write, to or from what is stored. */
type Turn = (place: SealedPlace, values: readonly Encoded[]) => Promise<readonly Encoded[]>;

export function sealedStore(store: Store, by: PayloadCodec): Store {
  const codec = guarded(by);
  const seal: Turn = (place, values) => sealValues(codec, place, values);
  const open: Turn = (place, values) => openValues(codec, place, values);
  const head = (found: Head): Promise<Head> => openedHead(found, open);
  const known = async (found: Head | undefined) => found && head(found);
  /** An answer with the head that was found, if there was any. */
  const withHead = async <Answer extends { readonly head?: Head | undefined }>(
    answer: Answer,
  ): Promise<Answer> => (answer.head === undefined ? answer : { ...answer, head: await head(answer.head) });
  const commit = (found: Commit): Promise<Commit> => turnedCommit(found, open);
  const commits = (found: readonly Commit[]): Promise<Commit[]> => Promise.all(found.map(commit));
  const message = (executionId: string, found: Message, turn: Turn): Promise<Message> =>
    changedValues(found, messageWith, (values) => turn({ executionId }, values));

  return {
    ...store,

    createExecution: async (execution) =>
      withHead(
        await store.createExecution({ ...execution, input: await turned(execution, execution.input, seal) }),
      ),
    stageExecution: async (execution, pendingAt) =>
      store.stageExecution(
        { ...execution, input: await turned(execution, execution.input, seal) },
        pendingAt,
      ),
    readHead: async (executionId) => known(await store.readHead(executionId)),
    acquireLease: async (request) => withHead(await store.acquireLease(request)),
    movePin: async (request) => withHead(await store.movePin(request)),
    reopen: async (executionId, seen, redrive) => withHead(await store.reopen(executionId, seen, redrive)),
    settle: async (request) => {
      const answer = await store.settle(await sealedSettlement(request, seal));
      return answer.settled ? answer : { ...answer, head: await known(answer.head) };
    },
    beginDeletion: async (execution, at) => withHead(await store.beginDeletion(execution, at)),

    loadHistory: async (executionId, afterSlot) => commits(await store.loadHistory(executionId, afterSlot)),
    salvageHistory: async (executionId) => {
      const found = await store.salvageHistory(executionId);
      return { ...found, commits: await commits(found.commits) };
    },
    readCommits: async (request) => {
      const page = await store.readCommits(request);
      return { ...page, commits: await commits(page.commits) };
    },
    appendCommit: async (given, pendingAt) => {
      const answer = await store.appendCommit(await turnedCommit(given, seal), pendingAt);
      return answer.appended ? answer : { ...answer, found: await commit(answer.found) };
    },
    commitTransaction: async (given, actions, pendingAt) => {
      const answer = await store.commitTransaction(await turnedCommit(given, seal), actions, pendingAt);
      return answer.outcome === "taken" ? { ...answer, found: await commit(answer.found) } : answer;
    },

    appendMessage: async (executionId, given) => {
      const answer = await store.appendMessage(executionId, await message(executionId, given, seal));
      return answer.outcome === "missing" ? answer : { ...answer, head: await head(answer.head) };
    },
    loadMessages: async (executionId) => {
      const found = await store.loadMessages(executionId);
      return Promise.all(found.map((each) => message(executionId, each, open)));
    },

    putPayload: async (executionId, name, content) =>
      store.putPayload(executionId, name, await sealPayload(codec, { executionId }, content)),
    stagePayload: async (executionId, name, content) =>
      store.stagePayload(executionId, name, await sealPayload(codec, { executionId }, content)),
    getPayload: async (executionId, name) =>
      openPayload(codec, { executionId }, await store.getPayload(executionId, name)),
    putObject: async (key, content) => store.putObject(key, await sealPayload(codec, placeOf(key), content)),
    getObject: async (key) => {
      const found = await openPayload(codec, placeOf(key), await store.getObject(key));
      return typeof found === "string" ? Buffer.from(found) : found;
    },

    stageOutgoing: async (given, pendingAt) => {
      const seals = (values: readonly Encoded[]) => seal({ executionId: stagedId(given.id) }, values);
      const [sealed = given] = await changedValues([given], outgoingsWith, seals);
      return store.stageOutgoing(sealed, pendingAt);
    },
    readOutbox: async (executionId, slot) => {
      const found = await store.readOutbox(executionId, slot);
      return found && openedOutbox(found, codec);
    },

    putRecentEvent: async (event) => {
      const answer = await store.putRecentEvent(await turnedEvent(event, seal));
      return { ...answer, recorded: await turnedEvent(answer.recorded, open) };
    },
    findRecentEvents: async (request) => {
      const found = await store.findRecentEvents(request);
      return Promise.all(found.map((event) => turnedEvent(event, open)));
    },
  };
}

const outgoingsWith = (all: readonly Outgoing[], change: ChangeValue): readonly Outgoing[] =>
  all.map((each) => outgoingWith(each, change));

const outboxWith = (all: Outbox["outgoing"], change: ChangeValue): Outbox["outgoing"] =>
  all.map((each) => outgoingWith(each, change));

/** An outbox as it stands in the table, or in the table's stream. */
export async function openedOutbox(outbox: Outbox, by: PayloadCodec): Promise<Outbox> {
  const { executionId } = outbox;
  const codec = guarded(by);
  const outgoing = await changedValues(outbox.outgoing, outboxWith, (values) =>
    openValues(codec, { executionId }, values),
  );
  return { ...outbox, outgoing };
}

async function turned(
  { executionId }: { readonly executionId: string },
  value: StoredValue,
  turn: Turn,
): Promise<StoredValue> {
  if (!("inline" in value)) return value;
  const [inline = value.inline] = await turn({ executionId }, [value.inline]);
  return { inline };
}

const eventsWith = (events: readonly HistoryEvent[], change: ChangeValue) =>
  events.map((event) => eventWith(event, change));

async function turnedCommit(commit: Commit, turn: Turn): Promise<Commit> {
  const { executionId } = commit;
  const [events, outgoing] = await Promise.all([
    changedValues(commit.events, eventsWith, (values) => turn({ executionId }, values)),
    changedValues(commit.outgoing, outgoingsWith, (values) => turn({ executionId }, values)),
  ]);
  return { ...commit, events, outgoing };
}

async function turnedTail(executionId: string, tail: Tail, turn: Turn): Promise<Tail> {
  return {
    ...tail,
    events: await changedValues(tail.events, eventsWith, (values) => turn({ executionId }, values)),
  };
}

async function turnedEvent(event: RecentEvent, turn: Turn): Promise<RecentEvent> {
  const [data = event.data] = await turn({}, [event.data]);
  return { ...event, data };
}

async function sealedSettlement(request: SettleRequest, seal: Turn): Promise<SettleRequest> {
  const { executionId, tail, state, settlement } = request;
  return {
    ...request,
    settlement: await sealedEnd(executionId, settlement, seal),
    ...(tail === undefined ? {} : { tail: await turnedTail(executionId, tail, seal) }),
    ...(state === undefined ? {} : { state: await turned(request, state, seal) }),
  };
}

async function sealedEnd(executionId: string, settlement: Settlement, seal: Turn): Promise<Settlement> {
  if (settlement.status === "stalled") {
    const [error = settlement.error] = await seal({ executionId }, [settlement.error]);
    return { ...settlement, error };
  }
  if (!("closedAt" in settlement)) return settlement;
  const { output, error } = settlement;
  return {
    ...settlement,
    ...(output === undefined ? {} : { output: await turned({ executionId }, output, seal) }),
    ...(error === undefined ? {} : { error: await turned({ executionId }, error, seal) }),
  };
}

async function openedHead(head: Head, open: Turn): Promise<Head> {
  const { executionId, output, error, state, tail, stall } = head;
  const stored = (value: StoredValue): Promise<StoredValue> => turned(head, value, open);
  const [stallError = stall?.error] = stall === undefined ? [] : await open({ executionId }, [stall.error]);
  return {
    ...head,
    input: await stored(head.input),
    ...(output === undefined ? {} : { output: await stored(output) }),
    ...(error === undefined ? {} : { error: await stored(error) }),
    ...(state === undefined ? {} : { state: await stored(state) }),
    ...(tail === undefined ? {} : { tail: await turnedTail(executionId, tail, open) }),
    ...(stall === undefined || stallError === undefined ? {} : { stall: { ...stall, error: stallError } }),
    inbox: await Promise.all(
      head.inbox.map((message) =>
        changedValues(message, messageWith, (values) => open({ executionId }, values)),
      ),
    ),
  };
}

/** An object's key begins with its execution's id. */
function placeOf(key: string): SealedPlace {
  const [prefix = ""] = key.split("/");
  return { executionId: decodeURIComponent(prefix) };
}
