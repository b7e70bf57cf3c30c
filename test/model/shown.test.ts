import { describe, expect, it } from "vitest";
import { InvalidInputError } from "../../lib/model/errors.js";
import { shown } from "../../lib/model/shown.js";

describe("a value in a message", () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const deep = JSON.parse(`${"[".repeat(20_000)}${"]".repeat(20_000)}`);
  const throwing = {
    toJSON() {
      throw new Error("no");
    },
  };

  it.each([
    ["text", "a", '"a"'],
    ["nothing", undefined, "undefined"],
    ["a big integer", 10n, "10"],
    ["a date that is none", new Date(Number.NaN), "Invalid Date"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["what holds itself", cycle, "an object that JSON can't say"],
    ["what nests too deep", deep, "an object that JSON can't say"],
    ["what throws when it is asked", throwing, "an object that JSON can't say"],
    ["what has no prototype", Object.assign(Object.create(null), { n: 1n }), "an object that JSON can't say"],
  ])("is shown whatever it is: %s", (_, value, text) => expect(shown(value)).toBe(text));

  it("is cut where it is long", () => expect(shown("x".repeat(5_000))).toHaveLength(201));
});

it("an error with very many issues names some of them, and has all", () => {
  const issues = Array.from({ length: 5_000 }, (_, index) => ({
    path: "p".repeat(5_000),
    message: `no. ${index}`,
  }));
  const error = new InvalidInputError("The request", issues);
  expect(error.message).toContain("and 4990 more");
  expect(error.message.length).toBeLessThan(6_000);
  expect(error.issues).toHaveLength(5_000);
});
