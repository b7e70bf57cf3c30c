/** Many programs on the level of the replay: what the test runs, and `npm run test:programs`. */
import { seededRandom } from "../../lib/testing/random.js";
import { randomProgram } from "./generate.js";
import { damage, newTally, type Tally } from "./mutations.js";
import { shrunk } from "./shrink.js";
import { Broken, Trial } from "./trial.js";

export interface Replayed {
  programs: number;
  events: number;
  /** By the type of the last event. */
  readonly ends: Record<string, number>;
  readonly mutations: Tally;
}

export function nothingReplayed(): Replayed {
  return { programs: 0, events: 0, ends: {}, mutations: newTally() };
}

/**
 * Runs the program of a seed, and adds what came of it.
 * @param oneOf of how many prefixes one goes on to the end
 * @throws Broken, with a program made as small as may be
 */
export async function replayProgram(seed: number, sum: Replayed, oneOf = 1): Promise<void> {
  const trial = new Trial(seed, randomProgram(seed), oneOf);
  try {
    const recording = await trial.run();
    sum.programs += 1;
    sum.events += recording.log.length;
    const end = recording.log.at(-1)?.type ?? "nothing";
    sum.ends[end] = (sum.ends[end] ?? 0) + 1;
    await damage(trial, recording, seededRandom(seed)(), sum.mutations);
  } catch (error) {
    throw error instanceof Broken ? await shrunk(error) : error;
  }
}
