import { describe, expect, test } from "vitest";
import type { Json } from "../../lib/model/json.js";
import { compilePattern, PatternError } from "../../lib/model/pattern/pattern.js";

const matches = (pattern: Json, event: Json): boolean => compilePattern(pattern)(event);

describe("an event pattern", () => {
  test.each<[string, Json, Json, boolean]>([
    ["exact string", { a: ["x"] }, { a: "x" }, true],
    ["another string", { a: ["x"] }, { a: "y" }, false],
    ["string is not a number", { a: ["1"] }, { a: 1 }, false],
    ["exact number", { a: [1] }, { a: 1.0 }, true],
    ["exact boolean", { a: [true] }, { a: true }, true],
    ["null", { a: [null] }, { a: null }, true],
    ["null is not missing", { a: [null] }, {}, false],
    ["empty string", { a: [""] }, { a: "" }, true],
    ["any of several", { a: ["x", "y"] }, { a: "y" }, true],
    ["all fields", { a: ["x"], b: ["y"] }, { a: "x", b: "z" }, false],
    ["list in the event", { a: ["x"] }, { a: ["w", "x"] }, true],
    ["list without it", { a: ["x"] }, { a: ["w"] }, false],
    ["nested object", { a: { b: ["x"] } }, { a: { b: "x", c: 1 } }, true],
    ["nested object is missing", { a: { b: ["x"] } }, { a: "x" }, false],
    ["list of objects, same element", { a: { b: [1], c: [2] } }, { a: [{ b: 1, c: 2 }] }, true],
    ["list of objects, split over two", { a: { b: [1], c: [2] } }, { a: [{ b: 1 }, { c: 2 }] }, false],
    ["prefix", { a: [{ prefix: "ab" }] }, { a: "abc" }, true],
    ["prefix is case sensitive", { a: [{ prefix: "AB" }] }, { a: "abc" }, false],
    ["prefix ignoring case", { a: [{ prefix: { "equals-ignore-case": "AB" } }] }, { a: "abc" }, true],
    ["suffix", { a: [{ suffix: ".png" }] }, { a: "x.png" }, true],
    ["suffix ignoring case", { a: [{ suffix: { "equals-ignore-case": ".PNG" } }] }, { a: "x.png" }, true],
    ["equals-ignore-case", { a: [{ "equals-ignore-case": "ALICE" }] }, { a: "alice" }, true],
    ["anything-but string", { a: [{ "anything-but": "x" }] }, { a: "y" }, true],
    ["anything-but that string", { a: [{ "anything-but": "x" }] }, { a: "x" }, false],
    ["anything-but needs a value", { a: [{ "anything-but": "x" }] }, {}, false],
    ["anything-but list", { a: [{ "anything-but": ["x", "y"] }] }, { a: "y" }, false],
    ["anything-but numbers", { a: [{ "anything-but": [1, 2] }] }, { a: 3 }, true],
    ["anything-but prefix", { a: [{ "anything-but": { prefix: "in" } }] }, { a: "initial" }, false],
    ["anything-but prefixes", { a: [{ "anything-but": { prefix: ["in", "x"] } }] }, { a: "out" }, true],
    ["anything-but suffix", { a: [{ "anything-but": { suffix: ".txt" } }] }, { a: "a.txt" }, false],
    [
      "anything-but ignoring case",
      { a: [{ "anything-but": { "equals-ignore-case": "X" } }] },
      { a: "x" },
      false,
    ],
    ["anything-but wildcard", { a: [{ "anything-but": { wildcard: "*/lib/*" } }] }, { a: "x/lib/y" }, false],
    ["numeric equal", { a: [{ numeric: ["=", 5] }] }, { a: 5 }, true],
    ["numeric range, inside", { a: [{ numeric: [">", 0, "<=", 5] }] }, { a: 5 }, true],
    ["numeric range, outside", { a: [{ numeric: [">", 0, "<=", 5] }] }, { a: 0 }, false],
    ["numeric is not for strings", { a: [{ numeric: [">", 0] }] }, { a: "5" }, false],
    ["exists true", { a: [{ exists: true }] }, { a: null }, true],
    ["exists true, missing", { a: [{ exists: true }] }, {}, false],
    ["exists false, missing", { a: [{ exists: false }] }, { b: 1 }, true],
    ["exists false, nested and missing", { a: { b: [{ exists: false }] } }, {}, true],
    ["exists false, there", { a: [{ exists: false }] }, { a: 1 }, false],
    ["exists or a value", { a: [{ exists: false }, "x"] }, { a: "x" }, true],
    ["cidr", { a: [{ cidr: "10.0.0.0/24" }] }, { a: "10.0.0.255" }, true],
    ["cidr, outside", { a: [{ cidr: "10.0.0.0/24" }] }, { a: "10.0.1.0" }, false],
    ["cidr v6", { a: [{ cidr: "2001:db8::/32" }] }, { a: "2001:db8::1" }, true],
    ["wildcard", { a: [{ wildcard: "dir/*/x.png" }] }, { a: "dir/a/b/x.png" }, true],
    ["wildcard takes dots as dots", { a: [{ wildcard: "*.png" }] }, { a: "xpng" }, false],
    ["wildcard with an escaped star", { a: [{ wildcard: "a\\*b" }] }, { a: "a*b" }, true],
    ["$or, first", { $or: [{ a: [1] }, { b: [2] }] }, { a: 1 }, true],
    ["$or, neither", { $or: [{ a: [1] }, { b: [2] }] }, { a: 2 }, false],
    ["$or beside a field", { c: ["x"], $or: [{ a: [1] }, { b: [2] }] }, { b: 2, c: "y" }, false],
    ["$or nested", { d: { $or: [{ a: [1] }, { b: [2] }] } }, { d: { b: 2 } }, true],
    [
      "stream record",
      { eventName: ["INSERT"], dynamodb: { NewImage: { sk: { S: [{ prefix: "commit#" }] } } } },
      { eventName: "INSERT", dynamodb: { NewImage: { sk: { S: "commit#1" } } } },
      true,
    ],
  ])("%s", (_name, pattern, event, expected) => {
    expect(matches(pattern, event)).toBe(expected);
  });

  test.each<[string, Json]>([
    ["an unknown operator", { a: [{ regex: ".*" }] }],
    ["two operators in one object", { a: [{ prefix: "a", suffix: "b" }] }],
    ["a bare scalar", { a: "x" }],
    ["an empty list", { a: [] }],
    ["an empty pattern", {}],
    ["a list in a list", { a: [["x"]] }],
    ["a prefix that is a number", { a: [{ prefix: 1 }] }],
    ["mixed anything-but", { a: [{ "anything-but": ["x", 1] }] }],
    ["anything-but of an unknown operator", { a: [{ "anything-but": { cidr: "10.0.0.0/8" } }] }],
    ["half a numeric range", { a: [{ numeric: [">"] }] }],
    ["two lower bounds", { a: [{ numeric: [">", 1, ">=", 2] }] }],
    ["a cidr without bits", { a: [{ cidr: "10.0.0.0" }] }],
    ["two stars in a row", { a: [{ wildcard: "a**b" }] }],
    ["exists with a string", { a: [{ exists: "yes" }] }],
    ["$or with one alternative", { $or: [{ a: [1] }] }],
  ])("%s is refused, never passed", (_name, pattern) => {
    expect(() => compilePattern(pattern)).toThrow(PatternError);
  });
});
