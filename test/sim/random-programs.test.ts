/**
 * Random programs under disturbance: each seed makes a program, disturbs its run, lets it end, and checks what must hold of every
 * execution (`invariants.ts`). The seeds here are few enough for every test run; `npm run test:programs` runs any number of others.
 * A seed that fails prints its program, its crashes and its story.
 */
import { describe, expect, it } from "vitest";
import { brokenIn } from "./invariants.js";
import { deterministicModes, modes } from "./modes.js";
import { Trial } from "./trial.js";

describe.each(modes)("a random program, when $name", (mode) => {
  it.each(seedsOf(mode.seeds))("keeps every invariant (seed %i)", async (seed) => {
    const trial = new Trial(seed, mode);
    await trial.run();
    expect(brokenIn(await trial.ended()), await trial.report()).toEqual([]);
  });
});

describe.each(deterministicModes)("a program without races, under $name", (mode) => {
  it.each(seedsOf(mode.seeds))("ends like the undisturbed run (seed %i)", async (seed) => {
    const undisturbed = new Trial(seed, { name: mode.name, seeds: 1, crashes: 0, deterministic: true });
    await undisturbed.run();
    const disturbed = new Trial(seed, mode);
    await disturbed.run();
    expect(await disturbed.end(), await disturbed.report()).toEqual(await undisturbed.end());
    expect(brokenIn(await disturbed.ended()), await disturbed.report()).toEqual([]);
  });
});

/** A third of them: the simulator, which came later, runs such programs in worse weather. */
function seedsOf(count: number): number[] {
  return Array.from({ length: Math.ceil(count / 3) }, (_, index) => 1 + index);
}
