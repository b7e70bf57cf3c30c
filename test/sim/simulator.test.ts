/** A few simulated runs for every test run; `npm run sim` makes any number of others. A run that fails is told in full. */
import { expect, it } from "vitest";
import { simulate } from "./simulator/simulation.js";

const SEEDS = 100;
const AT_ONCE = 25;

it.each(Array.from({ length: SEEDS / AT_ONCE }, (_, index) => 1 + index * AT_ONCE))(
  "everything holds of twenty-five simulated runs (from seed %i)",
  async (from) => {
    for (let seed = from; seed < from + AT_ONCE; seed++) {
      const { broken, report } = await simulate(seed);
      if (broken.length > 0) expect.fail([...broken, await report()].join("\n"));
    }
  },
  120_000,
);

it("a seed is one run: the same calls in the same order, whenever it is made", async () => {
  for (const seed of [13, 85, 122]) {
    const [one, other] = [await simulate(seed), await simulate(seed)];
    expect(one.surroundings.trace.entries.length).toBeGreaterThan(40);
    expect(other.surroundings.trace.print(0)).toEqual(one.surroundings.trace.print(0));
  }
});
