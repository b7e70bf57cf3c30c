/** Programs of combinators, and how one is recorded: somebody decides which pending operation ends next, and the log is what came of it. */
import type { Context, StepContext } from "../../lib/define/context.js";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import { encode, encodeThrown } from "../../lib/model/value.js";
import type { Operation, StepOperation } from "../../lib/replay/operation.js";
import type { Outcome } from "../../lib/replay/program.js";
import { NOON, replayOf } from "../builders.js";

export type Code = (ctx: Context) => Promise<unknown>;

export interface Recording {
  readonly log: readonly HistoryEvent[];
  readonly outcome: string;
}

/** Runs `code` to its end. `choose` picks, of so many pending operations, the one that ends next. */
export async function recordingOf(code: Code, choose: (pending: number) => number): Promise<Recording> {
  const replay = await replayOf(code);
  const log: HistoryEvent[] = [];
  while (replay.outcome === undefined) {
    const pending = [...replay.pending.values()];
    const next = pending[choose(pending.length)];
    if (next === undefined) throw new Error("the code waits, and nothing is pending");
    const asked = replay.asked();
    const event = { ...(await endOf(next, NOON + log.length)), ...(asked === undefined ? {} : { asked }) };
    await replay.apply(event);
    log.push(event);
  }
  const asked = replay.asked();
  log.push(closingOf(replay.outcome, NOON + log.length, asked === undefined ? {} : { asked }));
  return { log, outcome: told(replay.outcome) };
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

async function endOf(operation: Operation, at: number): Promise<HistoryEvent> {
  const { path: op } = operation;
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
    case "wait":
      return {
        type: "EventReceived",
        op,
        at,
        messageId: `m-${at}`,
        message: { kind: "event", id: `m-${at}`, at, name: operation.awaited.name, data: at },
      };
    case "send":
      return { type: "EventSent", op, at, eventId: `e-${at}`, name: operation.event };
    case "undo":
      return { type: "CompensationStarted", op, at, error: operation.error };
    default:
      throw new Error(`${operation.label} can't be recorded by this test`);
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
  };
}

/** A step's own body; a transaction has writes of its own and does not belong here. */
export function bodyOf({ work, path }: StepOperation): (step: StepContext) => unknown {
  if (work.kind === "body") return work.run;
  throw new Error(`${path} is a transaction`);
}

function closingOf(outcome: Outcome, at: number, asked: { readonly asked?: string }): HistoryEvent {
  if (outcome.kind === "completed") return { type: "ExecutionCompleted", at, ...asked };
  if (outcome.kind === "continued") return { type: "ExecutionContinued", at, input: outcome.input, ...asked };
  const { compensation } = outcome;
  return outcome.kind === "failed"
    ? { type: "ExecutionFailed", at, compensation, ...asked }
    : { type: "ExecutionCancelled", at, compensation, ...asked };
}
