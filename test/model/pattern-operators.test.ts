/** Every operator of an event pattern, as EventBridge documents it: what it takes, what it leaves, and what is refused. */
import { describe, expect, test } from "vitest";
import type { Json } from "../../lib/model/json.js";
import { compilePattern, PatternError } from "../../lib/model/pattern/pattern.js";

interface Case {
  /** What stands in the list: a value or an operator. */
  readonly accepted: Json;
  readonly takes: readonly Json[];
  readonly leaves: readonly Json[];
}

const OTHER_TYPES: readonly Json[] = [null, true, { b: 1 }, []];

const CASES: Readonly<Record<string, readonly Case[]>> = {
  "an exact value": [
    { accepted: "x", takes: ["x", ["w", "x"], [["x"]]], leaves: ["X", "", "xx", ["w"], ...OTHER_TYPES] },
    { accepted: "", takes: [""], leaves: [" ", null, []] },
    { accepted: "123", takes: ["123"], leaves: [123, "123.0"] },
    { accepted: 300, takes: [300, 3.0e2, [1, 300]], leaves: ["300", 301, ...OTHER_TYPES] },
    { accepted: true, takes: [true], leaves: ["true", 1, false] },
    { accepted: false, takes: [false], leaves: ["", 0, null] },
    { accepted: null, takes: [null, [null]], leaves: ["", "null", 0, false, {}, []] },
  ],
  prefix: [
    {
      accepted: { prefix: "ab" },
      takes: ["ab", "abc", ["x", "abc"]],
      leaves: ["ABc", "xab", 12, ...OTHER_TYPES],
    },
    { accepted: { prefix: "" }, takes: ["", "x"], leaves: [1, null] },
    { accepted: { prefix: { "equals-ignore-case": "Ab" } }, takes: ["abc", "ABC"], leaves: ["xab", 1] },
  ],
  suffix: [
    {
      accepted: { suffix: ".png" },
      takes: [".png", "a.png"],
      leaves: ["a.PNG", "a.png ", 1, ...OTHER_TYPES],
    },
    { accepted: { suffix: { "equals-ignore-case": ".Png" } }, takes: ["a.PNG", "a.png"], leaves: ["a.pn"] },
  ],
  "equals-ignore-case": [
    {
      accepted: { "equals-ignore-case": "AliCe" },
      takes: ["alice", "ALICE"],
      leaves: ["alices", 1, ...OTHER_TYPES],
    },
  ],
  "anything-but": [
    {
      accepted: { "anything-but": "x" },
      takes: ["y", "X", "", 1, true, null, ["x", "y"]],
      leaves: ["x", ["x"], { b: 1 }, []],
    },
    { accepted: { "anything-but": ["x", "y"] }, takes: ["z"], leaves: ["x", "y"] },
    { accepted: { "anything-but": 5 }, takes: [6, "5"], leaves: [5, 5.0] },
    { accepted: { "anything-but": [1, 2] }, takes: [3, "1"], leaves: [1, 2] },
    { accepted: { "anything-but": { prefix: "in" } }, takes: ["out", "IN"], leaves: ["in", "init"] },
    { accepted: { "anything-but": { prefix: ["in", "ou"] } }, takes: ["x"], leaves: ["in", "out"] },
    { accepted: { "anything-but": { suffix: ".txt" } }, takes: ["a.png"], leaves: ["a.txt"] },
    { accepted: { "anything-but": { "equals-ignore-case": "Init" } }, takes: ["inits"], leaves: ["INIT"] },
    { accepted: { "anything-but": { "equals-ignore-case": ["A", "b"] } }, takes: ["c"], leaves: ["a", "B"] },
    { accepted: { "anything-but": { wildcard: "*/lib/*" } }, takes: ["lib/x"], leaves: ["x/lib/y"] },
  ],
  numeric: [
    {
      accepted: { numeric: ["=", 3.018e2] },
      takes: [301.8, 3.018e2],
      leaves: [301.80001, "301.8", ...OTHER_TYPES],
    },
    { accepted: { numeric: ["<", 10] }, takes: [9.999999, -1], leaves: [10, "9"] },
    { accepted: { numeric: ["<=", 10] }, takes: [10], leaves: [10.000001] },
    { accepted: { numeric: [">", -1] }, takes: [0, -0.5], leaves: [-1] },
    { accepted: { numeric: [">=", -1] }, takes: [-1], leaves: [-1.000001] },
    { accepted: { numeric: [">", 0, "<=", 5] }, takes: [0.000001, 5, [9, 3]], leaves: [0, 5.000001] },
    { accepted: { numeric: [">=", 0, "<", 5] }, takes: [0, 4.999999], leaves: [5] },
  ],
  exists: [
    { accepted: { exists: true }, takes: ["", 0, false, null, [null]], leaves: [{ b: 1 }, []] },
    // It looks at leaves alone: an object is none.
    { accepted: { exists: false }, takes: [{ b: 1 }], leaves: ["", 0, null] },
  ],
  cidr: [
    {
      accepted: { cidr: "10.0.0.0/24" },
      takes: ["10.0.0.0", "10.0.0.255"],
      leaves: ["10.0.1.0", "::ffff:a00:1", "10.0.0", 10, ...OTHER_TYPES],
    },
    { accepted: { cidr: "10.1.2.3/32" }, takes: ["10.1.2.3"], leaves: ["10.1.2.4"] },
    { accepted: { cidr: "0.0.0.0/0" }, takes: ["1.2.3.4"], leaves: ["::1", "x"] },
    {
      accepted: { cidr: "2001:db8::/32" },
      takes: ["2001:db8::1", "2001:0DB8:0:0:0:0:0:1"],
      leaves: ["2001:db9::1", "10.0.0.1"],
    },
  ],
  wildcard: [
    { accepted: { wildcard: "*" }, takes: ["", "x"], leaves: [1, null] },
    {
      accepted: { wildcard: "dir/*/x.png" },
      takes: ["dir/a/b/x.png", "dir//x.png"],
      leaves: ["dir/x.png", "dir/a/xapng"],
    },
    { accepted: { wildcard: "*a*b*" }, takes: ["ab", "xaxbx"], leaves: ["ba"] },
    { accepted: { wildcard: "ab*ba" }, takes: ["abba", "abxba"], leaves: ["aba"] },
    { accepted: { wildcard: "a\\*b" }, takes: ["a*b"], leaves: ["axb", "a\\*b"] },
    { accepted: { wildcard: "a\\**" }, takes: ["a*", "a*b"], leaves: ["ab"] },
    { accepted: { wildcard: "a\\\\b" }, takes: ["a\\b"], leaves: ["a\\\\b"] },
    { accepted: { wildcard: "a\\\\*" }, takes: ["a\\", "a\\b"], leaves: ["a*"] },
  ],
};

describe.each(Object.entries(CASES))("%s", (_operator, cases) => {
  test.each(cases.map((one) => [JSON.stringify(one.accepted), one] as const))(
    "%s",
    (_text, { accepted, takes, leaves }) => {
      const matches = compilePattern({ a: [accepted] });
      for (const value of takes)
        expect({ value, taken: matches({ a: value }) }).toEqual({ value, taken: true });
      for (const value of leaves)
        expect({ value, taken: matches({ a: value }) }).toEqual({ value, taken: false });
    },
  );
});

test("no operator but exists: false takes what is missing", () => {
  for (const { accepted } of Object.values(CASES).flat()) {
    const expected = JSON.stringify(accepted) === '{"exists":false}';
    expect({ accepted, taken: compilePattern({ a: [accepted] })({}) }).toEqual({ accepted, taken: expected });
  }
});

describe("fields", () => {
  test.each<[string, Json, Json, boolean]>([
    [
      "lists in lists of objects",
      { e: { first: ["Anna"] } },
      { e: [[{ first: "John" }, { first: "Anna" }]] },
      true,
    ],
    [
      "two fields of one element",
      { e: { first: ["Anna"], last: ["Smith"] } },
      { e: [[{ first: "John", last: "Doe" }], [{ first: "Anna", last: "Smith" }]] },
      true,
    ],
    [
      "two fields of different elements of one list",
      { e: { first: ["Anna"], last: ["Doe"] } },
      {
        e: [
          [
            { first: "John", last: "Doe" },
            { first: "Anna", last: "Smith" },
          ],
        ],
      },
      false,
    ],
    ["two lists beside each other", { e: ["a"], f: ["b"] }, { e: ["x", "a"], f: ["b", "y"] }, true],
    ["a list within an element", { e: { tags: ["x"], n: [1] } }, { e: [{ tags: ["w", "x"], n: 1 }] }, true],
    ["several operators, any of them", { a: [{ prefix: "x" }, { numeric: [">", 5] }, null] }, { a: 6 }, true],
    ["$or of three", { $or: [{ a: [1] }, { b: [2] }, { c: [3] }] }, { c: 3 }, true],
    ["$or with an and inside", { $or: [{ a: [1], b: [2] }, { c: [3] }] }, { a: 1 }, false],
    ["$or in $or", { $or: [{ a: [1], $or: [{ b: [2] }, { c: [3] }] }, { d: [4] }] }, { a: 1, c: 3 }, true],
    [
      "$or in $or, half of it",
      { $or: [{ a: [1], $or: [{ b: [2] }, { c: [3] }] }, { d: [4] }] },
      { a: 1 },
      false,
    ],
    [
      "$or twice, at two depths",
      { $or: [{ a: [1] }, { b: [2] }], d: { $or: [{ e: [5] }, { f: [6] }] } },
      { b: 2, d: { f: 6 } },
      true,
    ],
    [
      "$or over one element of a list",
      { l: { n: [1], $or: [{ a: [1] }, { b: [1] }] } },
      { l: [{ n: 1 }, { b: 1 }] },
      false,
    ],
    ["absence below nothing", { a: { b: [{ exists: false }] } }, {}, true],
    ["absence below an empty list", { a: { b: [{ exists: false }] } }, { a: [] }, true],
    ["absence in the only element", { a: { b: [{ exists: false }] } }, { a: [{ c: 1 }] }, true],
    ["absence in some elements only", { a: { b: [{ exists: false }] } }, { a: [{ b: 1 }, { c: 2 }] }, false],
    [
      "absence in the element that has a value",
      { a: { c: [2], b: [{ exists: false }] } },
      { a: [{ b: 1, c: 1 }, { c: 2 }] },
      true,
    ],
  ])("%s", (_what, pattern, event, expected) => {
    expect(compilePattern(pattern)(event)).toBe(expected);
  });
});

test.each<[string, Json, string]>([
  ["two stars behind an escaped backslash", { d: { a: [{ wildcard: "a\\\\**" }] } }, "d.a[0]"],
  ["three stars", { a: ["x", { wildcard: "***" }] }, "a[1]"],
  ["a backslash before a letter", { a: [{ wildcard: "a\\b" }] }, "a[0]"],
  ["a backslash at the end", { a: [{ wildcard: "a\\" }] }, "a[0]"],
  ["an operator of tomorrow", { a: [{ "ends-with": "x" }] }, "a[0]"],
  ["exists beside another operator", { a: [{ exists: true, prefix: "x" }] }, "a[0]"],
  ["anything-but of nothing", { a: [{ "anything-but": [] }] }, "a[0]"],
  ["anything-but of null", { a: [{ "anything-but": null }] }, "a[0]"],
  ["anything-but of true", { a: [{ "anything-but": [true] }] }, "a[0]"],
  ["anything-but of a number's prefix", { a: [{ "anything-but": { prefix: 1 } }] }, "a[0]"],
  ["a numeric bound that is text", { a: [{ numeric: [">", "1"] }] }, "a[0]"],
  ["an unknown comparison", { a: [{ numeric: ["!=", 1] }] }, "a[0]"],
  ["a comparison that every object inherits", { a: [{ numeric: ["toString", 5] }] }, "a[0]"],
  ["a lower bound that every object inherits", { a: [{ numeric: ["constructor", 5, "<", 9] }] }, "a[0]"],
  ["equal in a range", { a: [{ numeric: ["=", 1, "<", 2] }] }, "a[0]"],
  ["a cidr of too many bits", { a: [{ cidr: "10.0.0.0/33" }] }, "a[0]"],
  ["equals-ignore-case of a list", { a: [{ "equals-ignore-case": ["x"] }] }, "a[0]"],
  ["prefix of a wildcard", { a: [{ prefix: { wildcard: "x*" } }] }, "a[0]"],
  ["$or that is an object", { $or: { a: [1], b: [2] } }, "$or"],
  ["$or of what is no pattern", { $or: [{ a: [1] }, "b"] }, "$or"],
  [
    "$or with a field that is named as an operator",
    { d: { $or: [{ prefix: ["a"] }, { b: ["x"] }] } },
    "d.$or",
  ],
])("%s is refused, with its place", (_what, pattern, place) => {
  const compile = () => compilePattern(pattern);
  expect(compile).toThrow(PatternError);
  expect(compile).toThrow(` at ${place}:`);
});
