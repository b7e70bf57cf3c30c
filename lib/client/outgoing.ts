/** What executions, and transactions of the user's own, have sent and nobody has got yet: to be looked at, and to be tried again. */
import { CorruptHistoryError, InvalidInputError } from "../model/errors.js";
import { isGivenUp, type OutboxEntryState, type OutboxState } from "../model/outgoing.js";
import { shown } from "../model/shown.js";
import { announce } from "../runtime/bus/announce.js";
import type { Outside } from "../runtime/outside.js";
import { persistently } from "../runtime/persistently.js";
import { isStaged } from "../store/outbox.js";
import type { Damaged, Outbox, OutboxMark, Store } from "../store/ports.js";
import { given } from "./given.js";

/** Which messages that were sent and have not arrived are listed. */
export interface OutgoingOptions {
  /** `"pending"`: still to be carried (default). `"given up"`: nobody will try it again, unless it is asked for. */
  readonly which?: OutboxMark;
  /** Of commits, 1 to 1,000, default 50: one commit's messages come together. */
  readonly limit?: number;
  readonly cursor?: string;
}

/** An event, a signal, a start or a wake that stands in a commit until somebody has got it. */
export interface OutgoingMessage {
  /** What sent it; absent for what was staged in a transaction of the user's own. */
  readonly executionId?: string;
  /** Names its commit, for {@link ClientOutbox.retry}. */
  readonly commit: string;
  /** Stable over every try. */
  readonly id: string;
  readonly kind: "event" | "signal" | "start" | "wake";
  /** Of the event, the signal or the workflow. */
  readonly name: string;
  /** Whom a signal, a start or a wake is for. */
  readonly to?: string;
  readonly state: OutboxState;
  readonly tries: number;
  readonly lastError?: string;
  readonly at: Date;
  readonly expiresAt?: Date;
  /** When its commit is looked at again. */
  readonly nextTryAt?: Date;
  /** Since when nobody tries it any more. */
  readonly givenUpAt?: Date;
}

/** A page of messages that have not arrived. */
export interface OutgoingPage {
  /** Of each shard in turn, the oldest first. */
  readonly messages: readonly OutgoingMessage[];
  /** Commits that were looked at and can't be read, if there are any. */
  readonly damaged?: readonly Damaged[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

const MOST_LISTED = 1_000;

export async function listOutgoing(store: Store, options: OutgoingOptions): Promise<OutgoingPage> {
  const { which = "pending", limit = 50, cursor } = given("client.outbox.list", options);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_LISTED) {
    throw new InvalidInputError("The listing", [
      { path: "limit", message: `expected a whole number from 1 to ${MOST_LISTED}, found ${shown(limit)}` },
    ]);
  }
  const page = await persistently(() =>
    store.listOutboxes({ mark: which, limit, ...(cursor === undefined ? {} : { cursor }) }),
  );
  const outboxes = await Promise.all(page.items.map((place) => outboxOrDamage(store, place)));
  const messages = outboxes
    .filter((outbox) => outbox !== undefined)
    .flatMap((outbox) =>
      "why" in outbox ? [] : messagesOf(outbox).filter(({ state }) => isListed(state, which)),
    );
  const damaged = outboxes.flatMap((outbox) => (outbox !== undefined && "why" in outbox ? [outbox] : []));
  return {
    messages,
    ...(damaged.length === 0 ? {} : { damaged }),
    ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
  };
}

async function outboxOrDamage(
  store: Store,
  { executionId, slot }: Pick<Outbox, "executionId" | "slot">,
): Promise<Outbox | Damaged | undefined> {
  try {
    return await persistently(() => store.readOutbox(executionId, slot));
  } catch (error) {
    if (error instanceof CorruptHistoryError) return { executionId, why: error.message };
    throw error;
  }
}

/**
 * Has what was given up in a commit tried again, at once. What expired stays so: it is of no use to anybody.
 * @returns how many messages are tried again
 * @throws InvalidInputError when nothing of the commit is given up
 */
export async function retryOutgoing(outside: Outside, commit: string): Promise<number> {
  const { executionId, slot } = parseCommit(commit);
  const { store } = outside;
  for (;;) {
    const outbox = await persistently(() => store.readOutbox(executionId, slot));
    const again = (outbox?.states ?? []).filter(isRetried).length;
    if (outbox === undefined || again === 0) throw notACommit("of which a message was given up", commit);
    const states = outbox.states.map(
      (entry): OutboxEntryState => (isRetried(entry) ? { state: "pending", tries: 0 } : entry),
    );
    const { version } = outbox;
    const now = outside.clock.now();
    const { marked } = await persistently(() =>
      store.markOutbox({ executionId, slot, version, states, pendingAt: now }),
    );
    // Somebody else has changed it since it was read.
    if (!marked) continue;
    await announce(outside, outbox, now);
    return again;
  }
}

function isListed(state: OutboxState, which: OutboxMark): boolean {
  return which === "given up" ? isGivenUp(state) : state !== "published";
}

function isRetried({ state }: OutboxEntryState): boolean {
  return isGivenUp(state) && state !== "expired";
}

function messagesOf(outbox: Outbox): OutgoingMessage[] {
  const { executionId, slot, pendingAt, givenUpAt } = outbox;
  return outbox.outgoing.flatMap((message, index): OutgoingMessage[] => {
    const entry = outbox.states[index];
    if (entry === undefined) return [];
    return [
      {
        ...(isStaged(executionId) ? {} : { executionId }),
        commit: `${executionId}/${slot}`,
        id: message.id,
        kind: message.kind,
        ...whatAndWhom(message),
        ...entry,
        at: new Date(message.at),
        ...(message.kind === "event" && message.expiresAt !== undefined
          ? { expiresAt: new Date(message.expiresAt) }
          : {}),
        ...(pendingAt === undefined ? {} : { nextTryAt: new Date(pendingAt) }),
        ...(givenUpAt === undefined ? {} : { givenUpAt: new Date(givenUpAt) }),
      },
    ];
  });
}

function whatAndWhom(message: Outbox["outgoing"][number]): { readonly name: string; readonly to?: string } {
  switch (message.kind) {
    case "event":
      return { name: message.name };
    case "signal":
      return { name: message.message.name, to: message.to };
    case "start":
      return { name: message.workflow, to: message.executionId };
    case "wake":
      return { name: "start", to: message.executionId };
  }
}

/** @throws InvalidInputError */
export function parseCommit(commit: string): { readonly executionId: string; readonly slot: number } {
  const isText = typeof commit === "string";
  const [, executionId, slot] = (isText ? /^(.+)\/(\d{1,10})$/s.exec(commit) : undefined) ?? [];
  if (executionId !== undefined && slot !== undefined) return { executionId, slot: Number(slot) };
  throw notACommit("as a listing of outgoing messages names it", commit);
}

function notACommit(expected: string, found: unknown): InvalidInputError {
  return new InvalidInputError("The commit", [
    { path: "commit", message: `expected one ${expected}, found ${shown(found)}` },
  ]);
}
