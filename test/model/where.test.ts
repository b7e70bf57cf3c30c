/** Conditions: what is refused where it is written, how it is kept, and what it judges. */
import { describe, expect, it } from "vitest";
import {
  judged,
  keptConditions,
  LARGEST_WHERE_BYTES,
  PatternError,
  readWhere,
} from "../../lib/model/pattern/where.js";
import { encode } from "../../lib/model/value.js";

const cycle: Record<string, unknown> = {};
cycle.self = cycle;

describe("a condition", () => {
  it("is kept as text, and is not changed by its writer afterwards", () => {
    const written = { status: ["paid"] };
    const where = readWhere(written);
    written.status.push("refused");
    expect(where.text).toBe('{"status":["paid"]}');
    expect(where.accepts({ status: "refused" })).toBe(false);
  });

  it.each<[string, unknown, string]>([
    ["text", "paid", ""],
    ["nothing", null, ""],
    ["an empty object", {}, ""],
    ["a field that JSON would leave out", { a: ["x"], b: undefined }, "b"],
    ["a list with a gap", { a: ["x", undefined] }, "a[1]"],
    ["a number that JSON can't say", { a: [Number.NaN] }, "a[0]"],
    ["a big integer", { a: [3n] }, "a[0]"],
    ["a date, which must be its text", { at: [new Date(0)] }, "at[0]"],
    ["a function", { a: [() => true] }, "a[0]"],
    ["an unknown operator", { a: { b: [{ matches: "x" }] } }, "a.b[0]"],
    ["a cycle", cycle, Array.from({ length: 51 }, () => "self").join(".")],
  ])("that is %s is refused, with the place", (_, pattern, path) => {
    expect(() => readWhere(pattern)).toThrow(PatternError);
    expect(() => readWhere(pattern)).toThrow(expect.objectContaining({ path }));
  });

  it(`may have ${LARGEST_WHERE_BYTES} bytes of JSON, and no more`, () => {
    const overhead = JSON.stringify({ a: [""] }).length;
    const largest = { a: ["ä".repeat((LARGEST_WHERE_BYTES - overhead) / 2)] };
    expect(readWhere(largest).text).toHaveLength(overhead + (LARGEST_WHERE_BYTES - overhead) / 2);
    expect(() => readWhere({ a: [`${largest.a[0]}x`] })).toThrow(/at most 2048 bytes of JSON.*2049 bytes/);
  });

  it("judges the payload as JSON: dates are text, maps and sets lists, what is undefined is not there", () => {
    const payload = judged(
      encode({
        at: new Date("2026-01-02T03:04:05.678Z"),
        tags: new Set(["new", "large"]),
        prices: new Map([["eur", 3]]),
        none: undefined,
        amount: 12n,
        lines: [{ sku: "a", count: 2 }],
      }),
    );
    const fits = (pattern: unknown) => readWhere(pattern).accepts(payload);
    expect(fits({ at: [{ prefix: "2026-01-02T" }] })).toBe(true);
    expect(fits({ tags: ["large"] })).toBe(true);
    expect(fits({ prices: ["eur"] })).toBe(true);
    expect(fits({ none: [{ exists: false }] })).toBe(true);
    expect(fits({ amount: ["12"] })).toBe(true);
    expect(fits({ lines: { sku: ["a"], count: [{ numeric: [">", 1] }] } })).toBe(true);
    expect(judged(encode(undefined))).toBeNull();
  });

  it("does not take what every object inherits for a field", () => {
    const fits = (pattern: unknown) => readWhere(pattern).accepts({ a: 1 });
    expect(fits({ constructor: [{ exists: false }] })).toBe(true);
    expect(fits({ toString: [{ exists: true }] })).toBe(false);
    expect(fits({ ["__proto__"]: { a: [{ exists: true }] } })).toBe(false);
  });

  it("of many stars takes no time over a long text that does not fit", () => {
    const where = readWhere({ a: [{ wildcard: `${"*a".repeat(900)}*b` }] });
    const before = performance.now();
    expect(where.accepts({ a: "a".repeat(200_000) })).toBe(false);
    expect(performance.now() - before).toBeLessThan(2_000);
    expect(where.accepts({ a: `${"a".repeat(900)}b` })).toBe(true);
  });

  it("that was kept by a later release, and is not understood, accepts: the execution has the last word", () => {
    const fits = keptConditions();
    expect(fits('{"a":[{"regex":"x"}]}', { a: 1 })).toBe(true);
    expect(fits("no JSON", { a: 1 })).toBe(true);
    expect(fits('{"a":[2]}', { a: 1 })).toBe(false);
    expect(fits('{"a":[1]}', { a: 1 })).toBe(true);
  });
});
