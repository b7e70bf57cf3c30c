/** The history of an execution at its end, replayed once more from its beginning with the answer withheld. */
import type { Head } from "../../lib/model/head.js";
import { type HistoryEvent, isNotedEvent } from "../../lib/model/history-event.js";
import type { EpochMs } from "../../lib/model/time.js";
import { decode } from "../../lib/model/value.js";
import { isEventWait } from "../../lib/replay/operation.js";
import { voidedIn } from "../../lib/replay/recording.js";
import type { Replay } from "../../lib/replay/replay.js";
import { replayOf } from "../../lib/runtime/turn/turn.js";
import { bringBack } from "../../lib/runtime/values/payloads.js";
import type { Bench } from "../runtime/bench.js";
import type { Begun } from "./simulator/durable.js";

/** What it came to. */
export interface ColdReplay {
  readonly outcome: string | undefined;
  readonly result: unknown;
  /** It was closed before its code could begin: there is nothing to replay. */
  readonly unbegun: boolean;
  /** Bodies that began before the history that was durable then had asked for them. */
  readonly unasked: readonly string[];
  /** Bodies of at-most-once steps that began before it was durable that they would. */
  readonly unannounced: readonly string[];
  /** Bodies that began while, by the history that was durable then, the execution was paused. */
  readonly whilePaused: readonly string[];
  /** What fell due before its time. */
  readonly early: readonly string[];
  /** What would fall due before it was asked for. */
  readonly dueBefore: readonly string[];
  /** What had completed, and should have been undone by its end. */
  readonly notUndone: readonly string[];
  /** Waits for events that timed out. */
  readonly timedOut: readonly TimedOut[];
}

export interface TimedOut {
  readonly op: string;
  readonly name: string;
  readonly key: string | undefined;
  readonly since: EpochMs;
  readonly deadline: EpochMs;
}

/** @param begun the bodies that ran, each with the history that was durable as it began */
export async function coldReplay(bench: Bench, head: Head, begun: readonly Begun[]): Promise<ColdReplay> {
  const { store, cloud, app } = bench;
  const nothing = {
    unasked: [],
    unannounced: [],
    whilePaused: [],
    early: [],
    dueBefore: [],
    notUndone: [],
    timedOut: [],
  };
  if (head.definition === "") return { outcome: head.status, result: undefined, unbegun: true, ...nothing };
  const history = await bringBack(store, head.executionId, await bench.history(head.executionId));
  const patches = new Set(history.flatMap((event) => (event.type === "ChangePatched" ? [event.change] : [])));
  const replay = await replayOf(cloud.bare, app, head, { patches });
  const voided = voidedIn(history.map((event) => ({ event })));
  const check = new Check(head.executionId, history, begun);
  try {
    await replay.begin();
    for (const event of history) {
      check.before(replay, event);
      await replay.apply(event, undefined, voided.has(replay.position));
    }
    check.before(replay, undefined);
    check.end(replay, head);
  } catch (error) {
    return { outcome: String(error), result: undefined, unbegun: false, ...check };
  } finally {
    replay.end();
  }
  return { outcome: replay.outcome?.kind, result: resultOf(replay), unbegun: false, ...check };
}

function resultOf({ outcome }: Replay): unknown {
  if (outcome?.kind === "completed") return decode(outcome.output);
  return outcome !== undefined && "error" in outcome ? String(decode(outcome.error)) : undefined;
}

/** Looks at what the replay has been asked for at each place of the history. */
class Check {
  readonly unasked: string[] = [];
  readonly unannounced: string[] = [];
  readonly whilePaused: string[] = [];
  readonly early: string[] = [];
  readonly dueBefore: string[] = [];
  readonly notUndone: string[] = [];
  readonly timedOut: TimedOut[] = [];
  readonly #known = new Set<string>();
  #latest = 0;
  readonly #byPosition = new Map<number, Begun[]>();

  constructor(executionId: string, history: readonly HistoryEvent[], begun: readonly Begun[]) {
    // What a redrive made void is asked for anew, at a place that the prefix alone does not tell.
    if (history.some(({ type }) => type === "ExecutionRedriven")) return;
    for (const one of begun) {
      const { length } = one.durable;
      this.#byPosition.set(length, [...(this.#byPosition.get(length) ?? []), one]);
      const op = one.body.key.slice(executionId.length + 1);
      const isAnnounced = one.durable.some((event) => event.type === "StepStarted" && event.op === op);
      if (one.body.atMostOnce && !isAnnounced) this.unannounced.push(one.body.key);
    }
    this.executionId = executionId;
  }

  private readonly executionId: string = "";

  end(replay: Replay, { status, compensation }: Head): void {
    const ended = status === "failed" || status === "cancelled";
    if (ended && compensation !== "incomplete") this.notUndone.push(...replay.undoable);
  }

  before(replay: Replay, next: HistoryEvent | undefined): void {
    for (const { body, durable, resumed } of this.#byPosition.get(replay.position) ?? []) {
      const op = body.key.slice(this.executionId.length + 1);
      // An owner that was taken over may do once more what the next one has done already.
      const isOver = durable.some((event) => "op" in event && event.op === op);
      if (!isOver && !replay.pending.has(op)) this.unasked.push(body.key);
      // A successor inherits a pause, and the resume that its predecessor had not read.
      const inheritsResume = durable.some(
        (event) =>
          event.type === "MessagesInherited" && event.carried.some((message) => message.kind === "resume"),
      );
      if (replay.paused && !resumed && !inheritsResume) this.whilePaused.push(body.key);
    }
    for (const [path, operation] of replay.pending) {
      if (this.#known.has(path)) continue;
      this.#known.add(path);
      if (operation.kind === "sleep" && operation.dueAt < this.#latest)
        this.dueBefore.push(`${this.executionId}/${path}`);
    }
    if (next !== undefined && !isNotedEvent(next)) this.#latest = Math.max(this.#latest, next.at);
    if (next?.type !== "TimerFired" && next?.type !== "WaitTimedOut") return;
    const wait = replay.pending.get(next.op);
    if (wait !== undefined && isEventWait(wait) && wait.deadline !== undefined) {
      const { name, key, since } = wait.awaited;
      this.timedOut.push({ op: next.op, name, key, since, deadline: wait.deadline });
    }
    const operation = replay.pending.get(next.op);
    const dueAt = operation !== undefined && "dueAt" in operation ? operation.dueAt : undefined;
    if (dueAt !== undefined && next.at < dueAt) this.early.push(`${this.executionId}/${next.op}`);
  }
}
