/** One simulated run: a random program, what people do to it, and the weather; all of it from one seed. */
import { seededRandom } from "../../../lib/testing/random.js";
import { brokenIn } from "../invariants.js";
import type { Mode } from "../mode.js";
import { Trial } from "../trial.js";
import { brokenSentences } from "./sentences.js";
import { Surroundings } from "./surroundings.js";

export interface Simulated {
  readonly seed: number;
  /** What does not hold. */
  readonly broken: readonly string[];
  /** The program, what went wrong, and all that happened, in words. */
  readonly report: () => Promise<string>;
  readonly surroundings: Surroundings;
  /** That the program's execution was left in. */
  readonly status: string;
}

export async function simulate(seed: number): Promise<Simulated> {
  const surroundings = new Surroundings(seed);
  const mode = modeOf(seed);
  const trial = new Trial(seed, mode, undefined, surroundings);
  const began = surroundings.cloud.clock.now();
  const report = async (): Promise<string> =>
    [
      `The weather of seed ${seed}:`,
      ...Object.entries(surroundings.weather).map(([fault, often]) => `  ${fault}: ${often.toFixed(3)}`),
      // What is broken may be the history that the story is of.
      await trial.report().catch((error: unknown) => `Its story can't be told: ${error}`),
      "What happened, in milliseconds after the start:",
      ...surroundings.trace.print(began),
    ].join("\n");
  try {
    await trial.run();
    const ended = await trial.ended();
    const broken = [
      ...brokenIn(ended),
      ...brokenSentences(await surroundings.endOf(ended)),
      ...(mode.deterministic ? await differences(trial, mode) : []),
    ];
    return { seed, broken, report, surroundings, status: ended.executions[0]?.head.status ?? "none" };
  } catch (error) {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { seed, broken: [`it comes to its end: ${words}`], report, surroundings, status: "none" };
  }
}

/** What came of the same program when nothing happened to it. */
async function differences(disturbed: Trial, { name, seeds }: Mode): Promise<string[]> {
  const undisturbed = new Trial(1, { name, seeds, crashes: 0, deterministic: true }, disturbed.program);
  await undisturbed.run();
  const [one, other] = [await undisturbed.accomplished(), await disturbed.accomplished()];
  const [expected, found] = [JSON.stringify(one), JSON.stringify(other)];
  return expected === found ? [] : [`it ends as the undisturbed one does: ${expected}, and not ${found}`];
}

/** One program in four is one that time can't change, and nobody does anything to it: its end is known. */
function modeOf(seed: number): Mode {
  const random = seededRandom(seed * 31 + 11);
  const sometimes = (): boolean => random() < 0.2;
  const isDeterministic = random() < 0.25;
  const began = random();
  const asks: Mode["startedInline"] = random() < 0.5 ? "once" : "persistently";
  const start = { startedAgain: sometimes(), ...(began < 1 / 3 ? { startedInline: asks } : {}) };
  if (isDeterministic)
    return { name: "the weather alone happens to it", seeds: 1, crashes: 0, deterministic: true, ...start };
  return {
    name: "anything may happen to it",
    seeds: 1,
    crashes: 0,
    cancels: sometimes(),
    pauses: sometimes(),
    terminates: random() < 0.05,
    redrives: sometimes(),
    ...start,
    startedByEvent: began >= 1 / 3 && began < 0.6,
    delayed: began > 0.9,
  };
}
