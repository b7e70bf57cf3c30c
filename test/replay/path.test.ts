import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeName, readPath, Scope } from "../../lib/replay/path.js";

describe("the path of an operation (I3)", () => {
  it.each([
    ["the first of its kind and name", ["reserve"], "step:reserve"],
    ["the second", ["reserve", "reserve"], "step:reserve#2"],
    ["one whose name looks like a second", ["reserve#2"], "step:reserve%232"],
    ["one whose name looks like another kind's path", ["x/sleep"], "step:x%2Fsleep"],
    ["one whose name looks like a compensation's", ["undo/step:reserve"], "step:undo%2Fstep%3Areserve"],
    ["one whose name looks escaped", ["a%23"], "step:a%2523"],
    ["one whose name would break a line", ["a\nb\u0000\u007f"], "step:a%0Ab%00%7F"],
    ["one in another alphabet", ["заказ 1"], "step:заказ 1"],
  ])("of %s", (_, names, path) => {
    const scope = new Scope("");
    expect(names.map((name) => scope.next("step", name)).at(-1)).toBe(path);
  });

  it("counts each kind and each name by itself, so that code beside an operation can change without renaming it", () => {
    const scope = new Scope("");
    scope.next("step", "other");
    scope.next("wait", "a");
    scope.next("sleep", "");
    expect(scope.next("step", "a")).toBe("step:a");
    expect(scope.next("sleep", "")).toBe("sleep#2");
  });

  it("begins with its scope", () => {
    expect(new Scope("undo/").next("step", "reserve")).toBe("undo/step:reserve");
  });

  it("is read the other way round, wherever it stands", () => {
    const prefixes = fc.constantFrom("", "saga/", "race/left/", "map/3/", "undo/step:x/", "update:a#2/");
    const names = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.string({ minLength: 1, unit: fc.constantFrom("a", "#", "2", "/", ":", "%", "\n", "\u009f") }),
    );
    fc.assert(
      fc.property(prefixes, fc.constantFrom("step", "wait"), names, (prefix, kind, name) => {
        const scope = new Scope(prefix);
        for (const path of [scope.next(kind, name), scope.next(kind, name)])
          expect(readPath(path)).toEqual({ kind, name });
        expect([readPath(scope.next("sleep", "")), readPath(scope.next("sleep", ""))]).toEqual([
          { kind: "sleep" },
          { kind: "sleep" },
        ]);
      }),
    );
  });

  it.each(["undo/step:hold", "undo#2/step:hold#3", "saga/undo/step:hold", "race/a/saga#2/undo/step:hold"])(
    "of a compensation is told from that of its step: %s",
    (path) => {
      expect(readPath(path)).toEqual({ kind: "compensation", name: "hold" });
    },
  );

  it("belongs to one operation alone, whatever the names", () => {
    const kinds = fc.constantFrom("step", "wait", "send");
    const names = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.string({ minLength: 1, unit: fc.constantFrom("a", "#", "2", "/", ":", "%", "\n", "step") }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(kinds, names), { maxLength: 30 }), (requests) => {
        const main = new Scope("");
        const undo = new Scope("undo/");
        const paths = requests.flatMap(([kind, name]) => [main.next(kind, name), undo.next(kind, name)]);
        expect(new Set(paths).size).toBe(paths.length);
        for (const path of paths) expect(path).not.toMatch(/\p{Cc}/u);
      }),
      { numRuns: 1_000 },
    );
  });

  it("has names that no two names share once escaped", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(escapeName(one) === escapeName(other)).toBe(one === other);
      }),
    );
  });
});
