/**
 * One turn: replay what is recorded, go on from there (`live.ts`), and settle (`conclude.ts`). Errors of the engine's own end
 * the turn as `stalled`; a lost lease and infrastructure errors end it as they are, and the wake comes again.
 */
import { cancelIn, isBeforeStart } from "../decide/wake.js";
import type { App } from "../define/app.js";
import { CrashLoopError, EngineError, UnknownWorkflowError } from "../model/errors.js";
import type { Head } from "../model/head.js";
import type { ExecutionStatus } from "../model/status.js";
import { Replay } from "../replay/replay.js";
import { close, closeUnbegun, stall } from "./conclude.js";
import { Inbox } from "./inbox.js";
import { Journal } from "./journal.js";
import { Live } from "./live.js";
import type { Outside } from "./outside.js";
import type { Owned } from "./own.js";
import { loadValue } from "./values.js";
import { Waits } from "./waits.js";
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
  const { head, history, slot, carried, leaseToken } = owned;
  const { executionId } = head;
  const journal = new Journal({
    store: outside.store,
    executionId,
    epoch: head.epoch,
    leaseToken,
    slot,
    loaded: history.length,
    carried,
    pendingAt: () => outside.clock.now(),
  });
  const now = outside.clock.now();
  const cancel = isBeforeStart(head, now) ? cancelIn(head) : undefined;
  if (cancel !== undefined) return closeUnbegun(outside, owned, journal, cancel);
  let seen: ReadonlySet<string> = new Set();
  let inbox = new Inbox(outside.store, executionId, seen);
  let replay: Replay | undefined;
  let waits: Waits | undefined;
  try {
    replay = await replayOf(outside, app, head);
    seen = replay.seen;
    await replay.begin();
    let settled = head.settleToken !== undefined;
    for (const { event, slot: recordedIn } of history) {
      // What was asked for up to the last settlement is settled; what came after it may have left something behind (`Live.run`).
      if (settled && recordedIn > head.slot) {
        settled = false;
        replay.takeRequested();
      }
      await replay.apply(event, recordedIn);
    }
    if (replay.crashes >= MOST_CRASHES) throw new CrashLoopError(replay.crashes);
    inbox = new Inbox(outside.store, executionId, seen);
    await inbox.take(head, outside.clock.now());
    waits = new Waits(outside.store, executionId, head.waits, !owned.takenOver);
    const work = { outside, owned, limits, replay, journal, inbox, waits };
    // The process before died between the last commit and the settlement.
    if (replay.closing !== undefined && replay.outcome !== undefined)
      return await close(work, replay.outcome);
    return await new Live(work).run();
  } catch (error) {
    if (!(error instanceof EngineError || error instanceof UnknownWorkflowError)) throw error;
    return stall(outside, owned, { journal, inbox, seen, waits: waits?.standing() ?? head.waits }, error);
  } finally {
    replay?.end();
  }
}

/** A replay of the execution, from its beginning. It ends with a call of its `end`. */
export async function replayOf(outside: Outside, app: App, head: Head): Promise<Replay> {
  return new Replay({
    executionId: head.executionId,
    workflow: app.workflow(head.workflow),
    input: await loadValue(outside.store, head.executionId, head.input),
    ...(head.startedBy === undefined ? {} : { startedBy: head.startedBy }),
    startAt: head.startAt,
    errors: app.errors,
    log: outside.log,
  });
}
