import { describe, expect, it } from "vitest";
import type { MapOptions } from "../../lib/define/map.js";
import { InvalidDefinitionError } from "../../lib/model/errors.js";
import { mapRules } from "../../lib/replay/context/map-rules.js";

const ALL = Number.POSITIVE_INFINITY;

describe("when a map stops", () => {
  it.each<[items: number, MapOptions, tolerated: number, enough: number | undefined]>([
    [0, {}, 0, undefined],
    [10, {}, 0, undefined],
    [10, { tolerate: { failures: 0 } }, 0, undefined],
    [10, { tolerate: { failures: 3 } }, 3, undefined],
    [10, { tolerate: { failures: 11 } }, 10, undefined],
    [10, { tolerate: { percent: 0 } }, 0, undefined],
    [10, { tolerate: { percent: 9.9 } }, 0, undefined],
    [10, { tolerate: { percent: 10 } }, 1, undefined],
    [10, { tolerate: { percent: 19.9 } }, 1, undefined],
    [10, { tolerate: { percent: 100 } }, 10, undefined],
    [3, { tolerate: { percent: 33 } }, 0, undefined],
    [3, { tolerate: { percent: 34 } }, 1, undefined],
    [100, { tolerate: { percent: 29 } }, 29, undefined],
    // Without a tolerance of its own, a map that needs some successes tolerates whatever leaves them possible.
    [10, { minSuccessful: 1 }, 9, 1],
    [10, { minSuccessful: 7 }, 3, 7],
    [10, { minSuccessful: 10 }, 0, 10],
    [10, { minSuccessful: 7, tolerate: { failures: 1 } }, 1, 7],
    [10, { minSuccessful: 7, tolerate: { failures: 5 } }, 3, 7],
    [10, { minSuccessful: 7, tolerate: { percent: 100 } }, 3, 7],
  ])(
    "of %i items with %o: at the first failure beyond %i, or at %s successes",
    (items, options, tolerated, enough) => {
      expect(mapRules(items, options)).toMatchObject({ tolerated, enough, concurrency: ALL });
    },
  );

  it.each<[MapOptions, string]>([
    [{ concurrency: 0 }, "concurrency"],
    [{ concurrency: 1.5 }, "concurrency"],
    [{ concurrency: Number.NaN }, "concurrency"],
    [{ tolerate: { failures: -1 } }, "tolerate.failures"],
    [{ tolerate: { failures: 0.5 } }, "tolerate.failures"],
    [{ tolerate: { percent: -1 } }, "tolerate.percent"],
    [{ tolerate: { percent: 101 } }, "tolerate.percent"],
    [{ tolerate: { percent: Number.NaN } }, "tolerate.percent"],
    [{ minSuccessful: 0 }, "minSuccessful"],
    [{ minSuccessful: 11 }, "11 successes of 10 items"],
  ])("refuses %o, naming what is wrong", (options, named) => {
    expect(() => mapRules(10, options)).toThrow(InvalidDefinitionError);
    expect(() => mapRules(10, options)).toThrow(named);
  });

  it("lets all items be under way at once unless it is told otherwise", () => {
    expect(mapRules(10, {}).concurrency).toBe(ALL);
    expect(mapRules(10, { concurrency: 4 }).concurrency).toBe(4);
  });
});
