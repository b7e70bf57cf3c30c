/** One seed at one entry point, and the words for one that failed. */
import type { Store } from "../../lib/store/ports.js";
import { Dice } from "./dice.js";
import type { Entry } from "./entries/entry.js";
import { type Tried, watched } from "./verdict.js";

/** The same seed is other rubbish at each entry point. */
export function runSeed(entry: Entry, seed: number, fresh: () => Store): Promise<Tried> {
  let spread = seed;
  for (const character of entry.name) spread = Math.imul(spread ^ character.charCodeAt(0), 0x9e3779b1);
  return watched(() => entry.run(new Dice(spread), fresh));
}

export interface Failure {
  readonly entry: string;
  readonly seed: number;
  readonly tried: Tried;
}

export function wordsOf({ entry, seed, tried }: Failure): string {
  return [
    `${entry}, seed ${seed}. What does not hold:`,
    ...tried.broken.map((one) => `  ${one}`),
    `  Given: ${tried.input}`,
    `  To see it again: npm run fuzz -- --entry "${entry}" --seed ${seed} --count 1`,
  ].join("\n");
}
