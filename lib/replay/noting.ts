/** Events that answer no operation: what they change in the state of the replay. */
import type { ClosingEvent, DeliveredEvent, LeaseTaken, NotedEvent } from "../model/history-event.js";
import type { EpochMs } from "../model/time.js";
import { isBuffered, type Mailbox } from "./mailbox.js";
import type { ChildOperation, Operation, StepOperation, WaitOperation } from "./operation.js";

/** The state that noted events change. */
interface Noted {
  readonly pending: ReadonlyMap<string, Operation>;
  readonly buffered: Mailbox;
  readonly seen: Map<string, EpochMs>;
  readonly position: number;
  /** There once the execution has ended. */
  readonly closing: ClosingEvent | undefined;
  /** Requests to cancel that came while it was failing anyway: a redrive makes it one that may be cancelled again. */
  readonly unheeded: Set<string>;
  crashes: number;
  paused: boolean;
}

/** @param unasked throws: the event is of an operation that the code did not ask for */
export function note(state: Noted, event: NotedEvent, unasked: (path: string) => never): void {
  const step = (path: string): StepOperation => {
    const found = state.pending.get(path);
    if (found?.kind !== "step") return unasked(path);
    found.after = state.position;
    state.crashes = 0;
    return found;
  };
  switch (event.type) {
    case "MessageBuffered":
      state.seen.set(event.message.id, event.at);
      if (isBuffered(event.message)) state.buffered.put(event.message);
      if (event.message.kind === "cancel") state.unheeded.add(event.message.id);
      state.crashes = 0;
      return;
    case "StepStarted":
      step(event.op).begun = true;
      return;
    case "StepAttemptFailed": {
      const failed = step(event.op);
      failed.attempts = event.attempt;
      failed.lastError = event.error;
      failed.retryAt = event.retryAt;
      failed.interrupted = false;
      return;
    }
    case "StepHeartbeat":
      step(event.op).lastHeartbeat = event.details;
      return;
    case "ChildRequested": {
      const child = state.pending.get(event.op) as ChildOperation | undefined;
      if (child?.kind !== "child" || child.childId !== event.childId) return unasked(event.op);
      child.requested = true;
      child.after = state.position;
      return;
    }
    case "CallbackHeartbeat": {
      state.seen.set(event.messageId, event.at);
      const wait = state.pending.get(event.op) as WaitOperation | undefined;
      if (wait?.kind === "wait") wait.heartbeatAt = Math.max(wait.heartbeatAt, event.heartbeatAt);
      return;
    }
    case "ExecutionPaused":
      state.seen.set(event.messageId, event.at);
      state.paused = true;
      return;
    case "ExecutionResumed":
      state.seen.set(event.messageId, event.at);
      state.paused = false;
      return;
    case "ExecutionRedriven":
      state.seen.set(event.messageId, event.at);
      // Whoever cancels it now sends a message of the same id.
      for (const id of state.unheeded) state.seen.delete(id);
      state.unheeded.clear();
      state.crashes = 0;
      for (const operation of state.pending.values()) operation.after = state.position;
      return;
    case "MessagesInherited":
      for (const { id, at } of event.consumed) state.seen.set(id, at);
      // What is none of those (a cancel, say) comes to the code as from the inbox.
      for (const message of event.carried.filter(isBuffered)) {
        state.seen.set(message.id, event.at);
        state.buffered.put(message);
      }
      if (event.paused === true) state.paused = true;
      return;
    case "ChangePatched":
      return;
    case "ExecutionStalled":
      // Whoever redrove it has seen to the cause: crashes count anew.
      state.crashes = 0;
      return;
    case "LeaseTaken":
      // An owner that died after the end had nothing of the code's under way.
      if (state.closing === undefined) countLoss(state, event);
      return;
  }
}

/**
 * I12: the turn before this place died. Each step that may have been running lost an attempt to it; if none was, the turn is to blame. A turn
 * that only failed (a service that it needs did) is nobody's fault, but what may run once only, and had begun, is lost with it all the same.
 */
function countLoss(state: Noted, { at, failed }: LeaseTaken): void {
  let blamed = false;
  for (const operation of state.pending.values()) {
    if (operation.kind !== "step") continue;
    operation.after = state.position;
    if (operation.retryAt !== undefined && operation.retryAt > at) continue;
    if (operation.atMostOnce ? !operation.begun : failed === true) continue;
    operation.attempts += 1;
    operation.interrupted = true;
    delete operation.retryAt;
    blamed = true;
  }
  if (blamed) state.crashes = 0;
  else if (failed !== true) state.crashes += 1;
}

/** A redrive made this event count no more: its step is as if it had never been tried, its child has not ended. */
export function voidEvent(state: Noted, event: DeliveredEvent): void {
  if ("messageId" in event) {
    // That end of the child is known; only another one is news.
    state.seen.set(event.messageId, event.at);
    state.buffered.delete(event.messageId);
  }
  const operation = "op" in event ? state.pending.get(event.op) : undefined;
  if (operation?.kind !== "step") return;
  operation.attempts = 0;
  operation.begun = false;
  operation.interrupted = false;
  delete operation.lastError;
  delete operation.retryAt;
}
