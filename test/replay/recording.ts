/** Programs of combinators, and how one is recorded: somebody decides which pending operation ends next, and the log is what came of it. */
import type { Context, StepContext } from "../../lib/define/context.js";
import { type HistoryEvent, isNotedEvent } from "../../lib/model/history-event.js";
import { encode, encodeThrown } from "../../lib/model/value.js";
import { loggerTo } from "../../lib/replay/logger.js";
import type { Operation, StepOperation } from "../../lib/replay/operation.js";
import type { Outcome } from "../../lib/replay/program.js";
import type { Replay } from "../../lib/replay/replay.js";
import { collectTransaction } from "../../lib/runtime/turn/transaction.js";
import { NOON, replayOf } from "../builders.js";

export type Code = (ctx: Context) => Promise<unknown>;

export interface Recording {
  readonly log: readonly HistoryEvent[];
  readonly outcome: string;
}

/**
 * Runs `code` to its end. `choose` picks, of so many pending operations, the one that ends next.
 * @param cancelAfter how many events come before a cancel; without it there is none
 */
export async function recordingOf(
  code: Code,
  choose: (pending: number) => number,
  cancelAfter = Number.POSITIVE_INFINITY,
): Promise<Recording> {
  const replay = await replayOf(code);
  const log: HistoryEvent[] = [];
  while (replay.outcome === undefined) {
    const pending = [...replay.pending.values()];
    const next = pending[choose(pending.length)];
    if (next === undefined) throw new Error("the code waits, and nothing is pending");
    const at = NOON + log.length;
    const event = stamped(
      replay,
      log.length === cancelAfter && !replay.failing
        ? { type: "CancelRequested", at, messageId: "cancel" }
        : await endOf(next, at),
    );
    await replay.apply(event);
    log.push(event);
  }
  log.push(stamped(replay, closingOf(replay.outcome, NOON + log.length)));
  return { log, outcome: told(replay.outcome) };
}

/** The event as the runtime records it: with the digest of what was asked for, where it is delivered to the code. */
export function stamped(replay: Replay, event: HistoryEvent): HistoryEvent {
  const asked = replay.asked();
  return asked === undefined || isNotedEvent(event) ? event : ({ ...event, asked } as HistoryEvent);
}

/** What comes of replaying `log`, which storage has kept as text. */
export async function replayed(code: Code, log: readonly HistoryEvent[]): Promise<string> {
  const replay = await replayOf(code);
  for (const [slot, event] of log.entries()) await replay.apply(JSON.parse(JSON.stringify(event)), slot + 1);
  return told(replay.outcome);
}

/** Everything of an outcome but stacks, which tell of the process and not of the program. */
export function told(outcome: Outcome | undefined): string {
  return JSON.stringify(outcome, (key, value: unknown) => (key === "stack" ? undefined : value));
}

/** What ends an operation of each kind, when all goes well (for a child that was not requested yet: its request). */
export async function endOf(operation: Operation, at: number): Promise<HistoryEvent> {
  const { path: op } = operation;
  const id = `m-${at}-${op}`;
  switch (operation.kind) {
    case "step":
      try {
        const result = await bodyOf(operation)(stepContext(op));
        return { type: "StepCompleted", op, attempt: 1, at, result: encode(result) };
      } catch (error) {
        return { type: "StepFailed", op, attempt: 1, at, error: encodeThrown(error) };
      }
    case "sleep":
      return { type: "TimerFired", op, at: Math.max(at, operation.dueAt) };
    case "wait": {
      const { kind, name } = operation.awaited;
      if (kind === "callback")
        return {
          type: "CallbackReceived",
          op,
          at,
          messageId: id,
          message: { kind, id, at, op, result: encode(at) },
        };
      const type = kind === "event" ? "EventReceived" : "SignalReceived";
      return { type, op, at, messageId: id, message: { kind, id, at, name, data: at } };
    }
    case "child": {
      const { childId, workflow, onParentClose } = operation;
      if (!operation.requested)
        return { type: "ChildRequested", op, at, childId, workflow: workflow.name, onParentClose };
      if (operation.detached) return { type: "ChildAbandoned", op, at };
      const message = {
        kind: "child",
        id,
        at,
        op,
        childId,
        status: "completed",
        result: encode(at),
      } as const;
      return { type: "ChildEnded", op, at, messageId: id, message };
    }
    case "send":
      return { type: "EventSent", op, at, eventId: id, name: operation.event };
    case "signal":
      return { type: "SignalSent", op, at, to: operation.to, name: operation.name };
    case "answer":
      return { type: "UpdateAnswered", op, at, messageId: operation.messageId };
    case "undo":
      return { type: "CompensationStarted", op, at, error: operation.error };
  }
}

export function stepContext(op: string): StepContext {
  return {
    executionId: "x-1",
    attempt: 1,
    idempotencyKey: op,
    signal: new AbortController().signal,
    heartbeat: () => {},
    lastHeartbeat: undefined,
    log: loggerTo({ write: () => {} }, {}),
  };
}

/** A step's own body; that of a transaction gathers writes that nobody does. */
export function bodyOf({ work, path }: StepOperation): (step: StepContext) => unknown {
  if (work.kind === "body") return work.run;
  return (step) => work.run(collectTransaction({ executionId: "x-1", path }, NOON).tx, step);
}

function closingOf(outcome: Outcome, at: number): HistoryEvent {
  switch (outcome.kind) {
    case "completed": {
      const { compensation } = outcome;
      return { type: "ExecutionCompleted", at, ...(compensation === undefined ? {} : { compensation }) };
    }
    case "continued":
      return { type: "ExecutionContinued", at, input: outcome.input };
    case "failed":
      return { type: "ExecutionFailed", at, compensation: outcome.compensation };
    case "cancelled":
      return { type: "ExecutionCancelled", at, compensation: outcome.compensation };
  }
}
