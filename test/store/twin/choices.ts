/** What an operation is made of: who, with which token, what the caller last saw. */
import type { Head } from "../../../lib/model/head.js";
import { stagedId } from "../../../lib/model/outgoing.js";
import type { Outbox } from "../../../lib/store/ports.js";
import { incompressible } from "../../setup/text.js";
import { T0 } from "../builders.js";
import type { Dice } from "./dice.js";

export const IDS = ["a", "b", "c", "d"];

/** What was staged, and is no execution's. */
export const STAGED = ["s1", "s2"].map(stagedId);

export interface Choices {
  readonly dice: Dice;
  readonly id: string;
  /** As the caller last saw it, or some time ago, or never. */
  readonly head: Head | undefined;
  /** As the caller last read one, of this execution or of what was staged. */
  readonly outbox: Outbox | undefined;
  readonly slot: number;
  /** Of an index; mostly this execution's. */
  readonly shard: number;
  /** Nearly always new; sometimes that of others. */
  readonly token: string;
}

/** Small numbers of milliseconds: many things are of one instant. */
export function instant(dice: Dice, width = 9): number {
  return T0 + dice.below(width);
}

/** Of one execution always the same remainder: no two executions are created at one instant, for which an index promises no order. */
export function creation(id: string, dice: Dice): number {
  return T0 + 10 * dice.below(3) + IDS.indexOf(id);
}

const TEXT = incompressible(420_000);

/** Mostly short; now and then as long as limits are, give or take a little. */
export function text(dice: Dice, limits: readonly number[] = [1_000, 4_000]): string {
  if (dice.chance(80)) return "x".repeat(dice.below(40));
  const length = Math.max(0, dice.pick(limits) + dice.below(200) - 150);
  return dice.chance(30) ? "y".repeat(length) : TEXT.slice(0, length);
}
