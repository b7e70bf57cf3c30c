/** Makes a program that fails smaller while it still fails, so that a person can read why. */
import { type Program, smaller } from "./program.js";
import { Broken, Trial } from "./trial.js";

/** A smaller program has other choices before it, so that a few worlds are tried for each. */
const WORLDS = 12;

/** In all: a shrunk failure is read once, so a minute is too long. */
const MOST_TRIALS = 4_000;

/** The smallest that was found to fail, with what does not hold of it. */
export async function shrunk(first: Broken): Promise<Broken> {
  let best = first;
  let trials = 0;
  search: for (;;) {
    for (const program of smaller(best.program)) {
      for (let n = 0; n < WORLDS; n++) {
        if (trials++ >= MOST_TRIALS) return best;
        const broken = await failureOf(n === 0 ? best.seed : first.seed + n * 1_000_003, program);
        if (broken === undefined) continue;
        best = broken;
        continue search;
      }
    }
    return best;
  }
}

async function failureOf(seed: number, program: Program): Promise<Broken | undefined> {
  try {
    await new Trial(seed, program).run();
    return undefined;
  } catch (error) {
    if (error instanceof Broken) return error;
    throw error;
  }
}
