/** Chance for a fuzz run: everything that one seed decides comes from one of these, in the order in which it is asked. */
import { seededRandom } from "../../lib/testing/random.js";

export class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** From 0 to `sides - 1`. */
  below(sides: number): number {
    return Math.floor(this.#random() * sides);
  }

  /** True in so many of a hundred cases. */
  percent(share: number): boolean {
    return this.below(100) < share;
  }

  pick<T>(from: readonly T[]): T {
    const found = from[this.below(from.length)];
    if (found === undefined && !from.includes(found as T)) throw new Error("There is nothing to pick from.");
    return found as T;
  }
}
