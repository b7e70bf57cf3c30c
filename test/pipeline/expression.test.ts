/** The language of conditions: what it computes with what JSON holds, and what it refuses. */
import { describe, expect, it } from "vitest";
import { evaluate, syntaxErrorOf } from "../../lib/pipeline/expression.js";

const variables = {
  n: 3,
  half: 1.5,
  text: "abc",
  things: [1, "two", null],
  table: { key: "value" },
  yes: true,
};

describe("expressions", () => {
  it.each([
    ["n + 1", 4],
    ["1 + n", 4],
    ["n - 1 > 1", true],
    ["n * 2.0", 6],
    ["n * half", 4.5],
    ["n / 2", 1.5],
    ["n % 2", 1],
    ["n == 3", true],
    ["size(text) + n", 6],
    ['table.key == "value" && yes', true],
    ["has(table.other)", false],
    ['["a", 1, null]', ["a", 1, null]],
    ['{"a": n}', { a: 3 }],
    ["[1, 2].map(x, x + n)", [4, 5]],
    ["n > 2 ? text : table", "abc"],
    ['text.startsWith("a") && text.contains("b")', true],
  ])("%s", (expression, value) => {
    expect(evaluate(expression, variables)).toEqual(value);
  });

  it.each(["n +", "text == 'open", "(", ""])("%j is no expression", (expression) => {
    expect(syntaxErrorOf(expression)).toEqual(expect.any(String));
  });

  it.each(['text.matches("^(a+)+$")', '[text].exists(t, t.matches("a"))', 'matches(text, "a")'])(
    "%s is refused: it could take for ever",
    (expression) => {
      expect(syntaxErrorOf(expression)).toContain("startsWith");
    },
  );

  it.each(["list[0]", "type == 'x'", "[1].map(x, x + map.key)"])(
    "%s is refused: it names a type",
    (expression) => {
      expect(syntaxErrorOf(expression)).toContain("Say context.");
    },
  );

  it.each(["missing", "missing.key", 'n + "text"', "constructor", "__proto__"])(
    "%s can't be judged",
    (expression) => {
      expect(() => evaluate(expression, variables)).toThrow();
    },
  );
});
