/**
 * Random programs over the whole context: each is recorded in a random world, replayed from every prefix of its log, and goes on from there
 * as it did the first time. `npm run test:programs` runs any number of others.
 */
import { describe, expect, it } from "vitest";
import { nothingReplayed, replayProgram } from "../programs/replaying.js";

const BATCHES = 10;
const PROGRAMS = 60;

describe("a random program", () => {
  const sum = nothingReplayed();
  const batches = Array.from({ length: BATCHES }, (_, batch) => 1 + batch * PROGRAMS);

  it.each(batches)(
    "is the same function of its history from every prefix of it (seed %i and those after)",
    async (first) => {
      for (let seed = first; seed < first + PROGRAMS; seed++) await replayProgram(seed, sum, 4);
    },
    300_000,
  );

  it("ended in every way", () => {
    const { ends } = sum;
    for (const end of ["Completed", "Failed", "Cancelled", "Continued", "Terminated"])
      expect(ends[`Execution${end}`], end).toBeGreaterThan(2);
  });

  it("notices nearly every damage to its history", () => {
    const { dropped, swapped, renamed, replaced } = sum.mutations;
    const rate = ({ tried, noticed }: { tried: number; noticed: number }): number => noticed / tried;
    expect(rate(dropped)).toBeGreaterThan(0.9);
    expect(rate(swapped)).toBeGreaterThan(0.85);
    expect(rate(renamed)).toBeGreaterThan(0.99);
    expect(rate(replaced)).toBeGreaterThan(0.97);
  });
});
