import fc from "fast-check";
import { type Duration, InvalidDurationError } from "holdfast";
import { describe, expect, it } from "vitest";
import { durationMs, LONGEST_DURATION_MS } from "../../lib/model/time.js";

/** What plain JavaScript may pass, whatever the types say. */
const untyped = (duration: unknown): number => durationMs(duration as Duration);

describe("a duration", () => {
  it.each([
    ["250ms", 250],
    ["90s", 90_000],
    ["15m", 900_000],
    ["2h", 7_200_000],
    ["3d", 259_200_000],
    ["1w", 604_800_000],
    ["0s", 0],
    ["1.5h", 5_400_000],
    ["0.4ms", 0],
    ["0.5ms", 1],
    ["366d", LONGEST_DURATION_MS],
  ] as const)("written as %s is %i ms", (duration, ms) => {
    expect(durationMs(duration)).toBe(ms);
  });

  it.each([
    [{ milliseconds: 250 }, 250],
    [{ seconds: 90 }, 90_000],
    [{ minutes: 15 }, 900_000],
    [{ hours: 2 }, 7_200_000],
    [{ days: 3 }, 259_200_000],
    [{ weeks: 1 }, 604_800_000],
    [{ hours: 1, minutes: 30 }, 5_400_000],
    [{ weeks: 1, days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1 }, 694_861_001],
    [{ hours: 0 }, 0],
    [{ seconds: 0.5 }, 500],
  ] as const)("written as %j is %i ms", (duration, ms) => {
    expect(durationMs(duration)).toBe(ms);
  });

  it.each([
    [
      "a bare number, whose unit nobody can see",
      90,
      /90 is not a duration: it is neither text nor an object/,
    ],
    ["text without a unit", "90", /"90" is not a duration: it is not a number with a unit/],
    ["text without a number", "s", /not a number with a unit/],
    ["nothing", undefined, /undefined is not a duration/],
    ["null", null, /null is not a duration/],
    ["empty text", "", /not a number with a unit/],
    ["negative text", "-1s", /not a number with a unit/],
    ["an exponent", "1e3s", /not a number with a unit/],
    ["another unit", "1y", /not a number with a unit/],
    ["a unit in capitals", "1H", /not a number with a unit/],
    ["a space between", "1 h", /not a number with a unit/],
    ["a space around", " 1h", /not a number with a unit/],
    ["a line break after", "1h\n", /not a number with a unit/],
    ["two units in one text", "1h30m", /not a number with a unit/],
    ["another field", { hour: 1 }, /it has no unit called "hour"/],
    ["an inherited field", JSON.parse('{"toString": 1}'), /it has no unit called "toString"/],
    ["a negative field", { hours: -1 }, /"hours" is not a number from 0 upward/],
    ["a field that is text", { hours: "1" }, /"hours" is not a number from 0 upward/],
    ["a field that is not finite", { hours: Number.POSITIVE_INFINITY }, /"hours" is not a number/],
    ["a field that is not a number", { hours: Number.NaN }, /"hours" is not a number/],
    ["an object without units", {}, /names no unit/],
    ["a date", new Date(0), /names no unit/],
    ["a list", [], /names no unit/],
    ["a BigInt", 90n, /90 is not a duration/],
    ["more than a leap year, in days", "367d", /it is longer than 366 days/],
    ["more than a leap year by a millisecond", { days: 366, milliseconds: 1 }, /longer than 366 days/],
    ["a number with so many digits that it is infinite", `${"9".repeat(400)}s`, /longer than 366 days/],
  ])("is refused when it is %s", (_, duration, message) => {
    expect(() => untyped(duration)).toThrow(InvalidDurationError);
    expect(() => untyped(duration)).toThrow(message);
  });

  it("says what would have been right", () => {
    expect(() => untyped("soon")).toThrow(/Expected text such as "90s", "15m" or "3d".*or an object such as/);
  });

  it("means the same as text and as an object", () => {
    const units = [
      ["ms", "milliseconds"],
      ["s", "seconds"],
      ["m", "minutes"],
      ["h", "hours"],
      ["d", "days"],
      ["w", "weeks"],
    ] as const;
    fc.assert(
      fc.property(fc.constantFrom(...units), fc.nat({ max: 52 }), ([unit, field], count) => {
        expect(durationMs(`${count}${unit}`)).toBe(durationMs({ [field]: count }));
      }),
    );
  });
});
