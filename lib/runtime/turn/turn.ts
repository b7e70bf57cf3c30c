/**
 * One turn: replay what is recorded, go on from there (`live.ts`), and settle (`conclude.ts`). Errors of the engine's own end
 * the turn as `stalled`; a lost lease and infrastructure errors end it as they are, and the wake comes again.
 */
import { lifecycleEvents, startedEvent } from "../../decide/lifecycle.js";
import { unbegunEndIn } from "../../decide/unbegun.js";
import { isBeforeStart } from "../../decide/wake.js";
import type { App } from "../../define/app.js";
import { CrashLoopError, EngineError, UnknownWorkflowError } from "../../model/errors.js";
import { type Head, timeoutOf } from "../../model/head.js";
import { type HistoryEvent, isClosingEvent } from "../../model/history-event.js";
import type { Message } from "../../model/message.js";
import type { ExecutionStatus } from "../../model/status.js";
import { checkFlags } from "../../replay/flags.js";
import { isBuffered } from "../../replay/mailbox.js";
import { type EventWait, isEventWait, type Operation } from "../../replay/operation.js";
import type { Program } from "../../replay/program.js";
import { patchesIn, voidedIn } from "../../replay/recording.js";
import { Replay } from "../../replay/replay.js";
import { recordDefinition } from "../definitions.js";
import { close } from "../ending/conclude.js";
import { stall } from "../ending/stall.js";
import { settleTermination } from "../ending/terminated.js";
import { closeUnbegun, letGoUntilStart } from "../ending/unbegun.js";
import { cancelIn } from "../messages/cancel-in.js";
import { Inbox } from "../messages/inbox.js";
import { Waits } from "../messages/waits.js";
import type { Outside } from "../outside.js";
import { loadValue } from "../values/values.js";
import { notingFailure } from "./failed-turn.js";
import { controlled, stamp } from "./happening.js";
import { Journal } from "./journal.js";
import { Live } from "./live.js";
import { type Observer, observerOf } from "./observer.js";
import type { Owned } from "./own.js";
import type { Limits } from "./work.js";

/** As many as a queue's usual redrive limit: more would only burn time on a process that dies at every try. */
const MOST_CRASHES = 5;

/** @returns the status that the execution was left in */
export async function runTurn(
  outside: Outside,
  app: App,
  owned: Owned,
  limits: Limits,
): Promise<ExecutionStatus> {
  const observer = observerOf(outside, app.hooks, owned.head);
  // Whoever created it may not have had its code: the relay has none.
  const workflow = owned.head.epoch === 1 ? app.workflows.get(owned.head.workflow) : undefined;
  const recorded = workflow === undefined ? undefined : recordDefinition(outside, workflow);
  const { leaseToken, head } = owned;
  const attempt = (): Promise<ExecutionStatus> =>
    notingFailure(outside, head, leaseToken, () => turn(outside, app, owned, limits, observer));
  try {
    return await (observer === undefined ? attempt() : observer.turn(owned, limits.deadline, attempt));
  } finally {
    await recorded;
  }
}

async function turn(
  outside: Outside,
  app: App,
  owned: Owned,
  limits: Limits,
  observer: Observer | undefined,
): Promise<ExecutionStatus> {
  const { head, slot, carried, leaseToken } = owned;
  const { executionId } = head;
  const now = outside.clock.now();
  const events = owned.history.map(({ event }) => event);
  const terminated = events.find(({ type }) => type === "ExecutionTerminated");
  if (terminated !== undefined) {
    const seized = { head, leaseToken, slot, events, unread: [] };
    return settleTermination(outside, seized, carried, terminated.at, app.hooks);
  }
  const isEarly = isBeforeStart(head, now);
  const cancelled = unbegunEndIn(head, events) ?? (isEarly ? await cancelIn(outside.store, head) : undefined);
  const journal = new Journal({
    store: outside.store,
    executionId,
    epoch: head.epoch,
    leaseToken,
    slot,
    loaded: owned.history.length,
    carried,
    opening: owned.untold && cancelled === undefined ? startedEvent(head, now) : [],
    pendingAt: () => outside.clock.now(),
    tell: observer === undefined ? undefined : (calls) => observer.tell(calls),
  });
  if (cancelled !== undefined) return closeUnbegun(outside, owned, journal, cancelled, observer);
  if (isEarly && !events.some(isClosingEvent)) return letGoUntilStart(outside, owned);
  // The first lease of all: whoever takes over from its owner is not the first.
  if (head.epoch === 1) {
    observer?.started(head);
    outside.meter?.note("ExecutionsStarted", 1, head.workflow);
  }
  const history = [...owned.history, ...redriven(outside, owned, journal, observer)];
  let replay: Replay | undefined;
  let inbox = new Inbox(outside.store, executionId, new Set());
  let waits: Waits | undefined;
  try {
    checkFlags(executionId, head.flags);
    // A first turn may record nothing: only the first lease of all says that no code has run.
    const isFresh = head.epoch === 1 && history.every(({ event }) => event.type === "MessagesInherited");
    const patches = patchesIn(history);
    replay = await replayOf(outside, app, head, {
      patches,
      ...(isFresh ? { fresh: { inherited: history.length } } : {}),
    });
    const standing = await deliver(replay, owned, history);
    if (replay.closing === undefined && replay.crashes >= MOST_CRASHES)
      throw new CrashLoopError(replay.crashes);
    inbox = new Inbox(outside.store, executionId, replay.seen);
    await inbox.take(head, outside.clock.now());
    inbox.offer(inheritedBy(history));
    // Only a suspension leaves every record in its place, and nothing that came before it unread.
    const certain = !owned.takenOver && (head.status === "suspended" || head.status === "paused");
    waits = new Waits(outside.store, owned.head, standing, certain);
    const work = { app, outside, owned, limits, replay, journal, inbox, waits, observer };
    // The process before died between the last commit and the settlement.
    if (replay.closing !== undefined && replay.outcome !== undefined)
      return await close(work, replay.outcome);
    return await new Live(work).run();
  } catch (error) {
    // Once it is settled, what fails is a duty to others: this execution has ended as it has.
    if (journal.isSettled || !(error instanceof EngineError || error instanceof UnknownWorkflowError))
      throw error;
    const inHistory = (id: string): boolean => replay?.seen.has(id) ?? false;
    return stall(outside, owned, { journal, inbox, inHistory, waits: waits?.standing(), observer }, error);
  } finally {
    replay?.end();
  }
}

type Recorded = Owned["history"][number];

/** Delivers history; gives the waits whose records the last settlement left in the directory. */
async function deliver(
  replay: Replay,
  { head, takenOver }: Owned,
  history: readonly Recorded[],
): Promise<EventWait[]> {
  const voided = voidedIn(history);
  const settled = head.settleToken !== undefined;
  const after = settled ? history.findIndex(({ slot }) => slot > head.slot) : -1;
  await replay.begin();
  await replay.applyAll(after < 0 ? history : history.slice(0, after), voided, settled);
  let standing: EventWait[] | undefined;
  if (after >= 0) {
    // What was asked for up to the last settlement is settled; what came after it may have left something behind (`Live.run`).
    standing = eventWaits(replay.pending);
    replay.takeRequested();
    await replay.applyAll(history.slice(after), voided);
  }
  if (takenOver) return standing ?? [];
  return settled ? eventWaits(replay.pending) : [];
}

function eventWaits(pending: ReadonlyMap<string, Operation>): EventWait[] {
  return [...pending.values()].filter(isEventWait);
}

/** A redrive comes into history before anything is replayed, since it changes what the rest of it means. */
function redriven(
  outside: Outside,
  { head, history, slot }: Owned,
  journal: Journal,
  observer: Observer | undefined,
): Recorded[] {
  const last = history.findLast(({ event }) => event.type !== "LeaseTaken")?.event;
  // One that is in history has been obeyed, and its end was recorded: only the settlement was lost.
  const obeyed = new Set(history.map(({ event }) => event.type === "ExecutionRedriven" && event.messageId));
  const message = head.inbox.find(({ kind, id }) => kind === "redrive" && !obeyed.has(id));
  const isOver = last !== undefined && (isClosingEvent(last) || last.type === "ExecutionStalled");
  if (message?.kind !== "redrive" || !isOver) return [];
  const event: HistoryEvent = stamp(
    controlled("ExecutionRedriven", message).event,
    Math.max(outside.clock.now(), last.at),
    undefined,
  );
  journal.add(event, lifecycleEvents(head, event), observer?.callsFor(event));
  return [{ event, slot: slot + 1 }];
}

/** Messages that came before this execution was there, and that are not for its code to wait for: a cancel, say. */
function inheritedBy(history: readonly Recorded[]): Message[] {
  return history.flatMap(({ event }) =>
    event.type === "MessagesInherited" ? event.carried.filter((message) => !isBuffered(message)) : [],
  );
}

/**
 * A replay of the execution, from its beginning. It ends with a call of its `end`.
 * @param known what the whole of its history says beforehand
 */
export async function replayOf(
  outside: Outside,
  app: App,
  head: Head,
  known: Pick<Program, "patches" | "fresh">,
): Promise<Replay> {
  return new Replay({
    executionId: head.executionId,
    ...(head.seed === undefined ? {} : { seed: head.seed }),
    workflow: app.workflow(head.workflow),
    input: await loadValue(outside.store, head.executionId, head.input),
    ...(head.startedBy === undefined ? {} : { startedBy: head.startedBy }),
    startAt: head.startAt,
    ...(head.deadline === undefined ? {} : { timeoutMs: timeoutOf(head) ?? 0 }),
    errors: app.errors,
    log: outside.log,
    ...known,
  });
}
