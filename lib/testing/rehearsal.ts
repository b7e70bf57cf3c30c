/**
 * Rehearsals: whether a workflow does the same again. Beside each execution a second run of its code is fed from the stored history alone,
 * never from the turns, and after every turn it must stand where that turn stood: the same requests in the same order, and at the end the
 * same result. The turn itself was a replay from the beginning, so the two are independent. An execution that has ended is replayed once
 * more, whole, for what changed outside of its code meanwhile.
 */
import type { App } from "../define/app.js";
import { EngineError } from "../model/errors.js";
import type { Head } from "../model/head.js";
import type { HistoryEvent } from "../model/history-event.js";
import { isClosed } from "../model/status.js";
import { decode } from "../model/value.js";
import { voidedIn } from "../replay/recording.js";
import type { Replay } from "../replay/replay.js";
import type { Outside } from "../runtime/outside.js";
import { replayOf } from "../runtime/turn/turn.js";
import { bringBack } from "../runtime/values/payloads.js";
import { loadValue } from "../runtime/values/values.js";
import { onAnotherDay } from "./another-day.js";
import { firstDifference } from "./asked.js";
import { HiddenNonDeterminismError } from "./errors.js";
import { type Ask, surroundApp } from "./surround.js";

/** Whether each execution is replayed after each of its turns. */
export type ReplayWhen = "every-suspension" | "off";

/** One run of an execution's code, as far as its history has been told to it. */
interface Run {
  readonly replay: Replay;
  /** Changes that its history says were in use. */
  readonly patches: Set<string>;
  readonly asked: Ask[];
  /** What it called that gives another answer each time. */
  readonly used: Set<string>;
  /** The last commit that was applied, and how many events after it. */
  slot: number;
  beyond: number;
  /** How often it has completed: more than once after redrives that only undid. */
  completions: number;
}

export class Rehearsals {
  readonly #runs = new Map<string, Run>();
  #last: Promise<unknown> = Promise.resolve();

  /** @param app with what tests have put in the place of workflows */
  constructor(
    private readonly outside: Outside,
    private readonly app: () => App,
  ) {}

  /**
   * Checks an execution after a turn.
   * @param asked what the turn's code asked for
   * @throws HiddenNonDeterminismError
   */
  check(executionId: string, asked: readonly Ask[]): Promise<void> {
    // One at a time: two turns of one execution may end close together.
    const check = this.#last.then(() => this.#check(executionId, asked));
    this.#last = check.catch(() => {});
    return check;
  }

  /** The code is another from here on. */
  forgetAll(): void {
    for (const executionId of [...this.#runs.keys()]) this.#forget(executionId);
  }

  async #check(executionId: string, asked: readonly Ask[]): Promise<void> {
    const head = await this.outside.store.readHead(executionId);
    // Another turn is at work, whose end will be looked at; or the engine has found fault with the code already.
    if (head === undefined || head.lease !== undefined) return;
    if (head.status === "stalled") return this.#forget(executionId);
    try {
      await this.#compare(head, asked, this.#runs.get(executionId));
      if (isClosed(head.status)) {
        this.#forget(executionId);
        await this.#compare(head, asked, undefined);
        this.#forget(executionId);
      }
    } catch (error) {
      this.#forget(executionId);
      throw error;
    }
  }

  /** Brings the run up to the stored history and compares; begins one where there is none. */
  async #compare(head: Head, asked: readonly Ask[], known: Run | undefined): Promise<void> {
    const run = known ?? (await this.#begin(head));
    const differs = (how: string, cause?: unknown): HiddenNonDeterminismError =>
      new HiddenNonDeterminismError(
        head.workflow,
        head.executionId,
        how,
        [...run.used],
        cause === undefined ? {} : { cause },
      );
    const events = await this.#newEvents(head, run);
    // A redrive changes what was applied already means: it is told from its beginning.
    if (known !== undefined && events.some(({ type }) => type === "ExecutionRedriven")) {
      this.#forget(head.executionId);
      return this.#compare(head, asked, undefined);
    }
    for (const event of events) {
      if (event.type === "ChangePatched") run.patches.add(event.change);
      if (event.type === "ExecutionCompleted") run.completions += 1;
    }
    const recorded = events.map((event) => ({ event }));
    try {
      await onAnotherDay(run.used, async () => {
        if (known === undefined) await run.replay.begin();
        await run.replay.applyAll(recorded, voidedIn(recorded));
      });
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      const how = firstDifference(asked, run.asked, "so-far");
      throw differs(how ?? error.message, error);
    }
    const how = firstDifference(asked, run.asked, "in-all") ?? (await this.#otherEnd(head, run));
    if (how !== undefined) throw differs(how);
  }

  async #begin(head: Head): Promise<Run> {
    const asked: Ask[] = [];
    const app = surroundApp(this.app(), () => ({
      asked: (ask) => asked.push(ask),
      // Nothing is done twice: no body runs in a replay.
      body: () => undefined,
    }));
    const patches = new Set<string>();
    const replay = await replayOf(this.outside, app, head, { patches });
    const run: Run = { replay, patches, asked, used: new Set(), slot: 0, beyond: 0, completions: 0 };
    this.#runs.set(head.executionId, run);
    return run;
  }

  /** What is in the stored history and was not applied. */
  async #newEvents(head: Head, run: Run): Promise<HistoryEvent[]> {
    const commits = await this.outside.store.loadHistory(head.executionId, run.slot);
    const slot = commits.at(-1)?.slot ?? run.slot;
    const tail = head.tail !== undefined && head.tail.slot > slot ? head.tail.events : [];
    const stored = [...commits.flatMap((commit) => commit.events), ...tail].slice(run.beyond);
    const events = await bringBack(this.outside.store, head.executionId, stored);
    run.slot = slot;
    run.beyond = tail.length;
    return events;
  }

  async #otherEnd(head: Head, { replay: { outcome }, completions }: Run): Promise<string | undefined> {
    // What was ended from outside may have been anywhere.
    if (!isClosed(head.status) || head.status === "terminated") return undefined;
    const { store } = this.outside;
    if (outcome?.kind !== head.status)
      return `it ended ${head.status} and, replayed, ${outcome?.kind ?? "did not end"}`;
    if (outcome.kind === "completed") {
      // Its output is that of the first time, and the code may have been changed since.
      if (completions > 1) return undefined;
      const output = head.output && JSON.stringify(await loadValue(store, head.executionId, head.output));
      const again = JSON.stringify(outcome.output);
      return output === again ? undefined : `it returned ${output} and, replayed, ${again}`;
    }
    if (outcome.kind === "continued") return undefined;
    // Where an error was made differs from one run of the code to the next: its words must not.
    const error = head.error && String(decode(await loadValue(store, head.executionId, head.error)));
    const again = String(decode(outcome.error));
    return error === again ? undefined : `it failed for "${error}" and, replayed, for "${again}"`;
  }

  #forget(executionId: string): void {
    this.#runs.get(executionId)?.replay.end();
    this.#runs.delete(executionId);
  }
}
