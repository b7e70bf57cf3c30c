/** A workflow under a test's hand: the test says what ends next and how, and reads what is pending and what was undone. */
import { CancelledError } from "holdfast";
import { expect } from "vitest";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import { decode, encode, encodeThrown } from "../../lib/model/value.js";
import type { Operation } from "../../lib/replay/operation.js";
import type { Replay } from "../../lib/replay/replay.js";
import { NOON, replayOf } from "../builders.js";
import { type Code, endOf, replayed, stamped, told } from "./recording.js";

export class Play {
  readonly log: HistoryEvent[] = [];

  private constructor(
    readonly replay: Replay,
    private readonly code: Code,
  ) {}

  static async of(code: Code): Promise<Play> {
    return new Play(await replayOf(code), code);
  }

  /** Paths of what is pending, in the order of the requests. */
  get pending(): string[] {
    return [...this.replay.pending.keys()];
  }

  /** Those of them that somebody still waits for. */
  get awaited(): string[] {
    return [...this.replay.pending.values()].filter(({ detached }) => !detached).map(({ path }) => path);
  }

  /** Ends operations well, one after the other: steps with what their bodies give. */
  async ends(...paths: string[]): Promise<void> {
    for (const path of paths) await this.applies(await endOf(this.#operation(path), this.#now()));
  }

  async completes(op: string, result: unknown): Promise<void> {
    await this.applies({ type: "StepCompleted", op, attempt: 1, at: this.#now(), result: encode(result) });
  }

  async fails(op: string, error: unknown = new Error(`${op} failed`)): Promise<void> {
    const stored = encodeThrown(error);
    await this.applies({ type: "StepFailed", op, attempt: 1, at: this.#now(), error: stored });
  }

  /** The step was under way when nobody waited for it any more. */
  async stops(op: string): Promise<void> {
    await this.fails(op, new CancelledError("nobody waits for it"));
  }

  async cancel(reason = "out of season"): Promise<void> {
    await this.applies({ type: "CancelRequested", messageId: `cancel-${reason}`, reason, at: this.#now() });
  }

  async applies(event: HistoryEvent): Promise<void> {
    const recorded = stamped(this.replay, event);
    await this.replay.apply(recorded);
    this.log.push(recorded);
  }

  /** Ends the pending compensations one after the other until there are none left; gives their paths. */
  async undoes(): Promise<string[]> {
    const undone: string[] = [];
    for (;;) {
      const next = this.pending.find((path) => /(^|\/)undo(#\d+)?\//.test(path));
      if (next === undefined) return undone;
      await this.ends(next);
      if (!next.endsWith("/begin")) undone.push(next);
    }
  }

  get output(): unknown {
    const { outcome } = this.replay;
    if (outcome?.kind !== "completed")
      throw new Error(`expected a result, and it ${outcome?.kind ?? "waits"}`);
    return decode(outcome.output);
  }

  get error(): unknown {
    const { outcome } = this.replay;
    if (outcome === undefined || !("error" in outcome)) throw new Error(`expected a failure`);
    return decode(outcome.error);
  }

  /** The same log, replayed from nothing, comes to the same end. */
  async replays(): Promise<void> {
    expect(await replayed(this.code, this.log)).toBe(told(this.replay.outcome));
  }

  #operation(path: string): Operation {
    const operation = this.replay.pending.get(path);
    if (operation === undefined) throw new Error(`"${path}" is not pending, only ${this.pending.join(", ")}`);
    return operation;
  }

  #now(): number {
    return NOON + this.log.length;
  }
}
