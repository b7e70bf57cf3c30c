/** What a stage sees of the stages before it. */
import { describe, expect, it } from "vitest";
import type { StageSpec } from "../../lib/pipeline/graph.js";
import type { JsonObject } from "../../lib/pipeline/json-value.js";
import { merge, mergedOutputs, reduced } from "../../lib/pipeline/merge.js";
import { pipeline } from "../../lib/pipeline/pipeline.js";

/** `{ d: ["b", "c"] }`: d waits for b and c. */
function stagesOf(requisites: Readonly<Record<string, readonly string[]>>): readonly StageSpec[] {
  const stages = Object.entries(requisites).map(([refId, needs]) => ({ refId, requisites: needs }));
  return pipeline({ application: "shop", name: "any", stages }).graph.stages;
}

const DIAMOND = { a: [], b: ["a"], c: ["a"], d: ["b", "c"] };

function seenBy(
  refId: string,
  requisites: Readonly<Record<string, readonly string[]>>,
  outputs: Readonly<Record<string, JsonObject>>,
): JsonObject {
  return mergedOutputs(stagesOf(requisites), refId, (id) => outputs[id]);
}

describe("merged outputs", () => {
  it("are transitive, and a later stage's override an earlier one's", () => {
    const chain = { a: [], b: ["a"], c: ["b"] };
    expect(seenBy("c", chain, { a: { x: 1, y: 1 }, b: { y: 2 } })).toEqual({ x: 1, y: 2 });
    expect(seenBy("b", chain, { a: { x: 1 }, b: { y: 2 }, c: { z: 3 } })).toEqual({ x: 1 });
  });

  it("of parallel branches are merged in the order of their ids, however the stages are listed", () => {
    const outputs = { b: { key: "b" }, c: { key: "c" } };
    expect(seenBy("d", DIAMOND, outputs)).toEqual({ key: "c" });
    expect(seenBy("d", { d: ["c", "b"], c: ["a"], b: ["a"], a: [] }, outputs)).toEqual({ key: "c" });
  });

  it("put a branch that is longer behind, whatever its ids", () => {
    const outputs = { z: { key: "z" }, a2: { key: "a2" } };
    expect(seenBy("end", { a1: ["z"], a2: ["a1"], z: [], end: ["a2", "z"] }, outputs)).toEqual({ key: "a2" });
  });

  it("join lists without repeats, replace objects whole, and keep null", () => {
    expect(merge({ list: [1, { a: 1 }, 1] }, { list: [{ a: 1 }, 2] })).toEqual({ list: [1, { a: 1 }, 2] });
    expect(merge({ object: { a: 1 } }, { object: { b: 2 } })).toEqual({ object: { b: 2 } });
    expect(merge({ value: 1 }, { value: null })).toEqual({ value: null });
    expect(merge({ value: [1] }, { value: "text" })).toEqual({ value: "text" });
  });

  it("of a stage that is not there, or waits for one, are none", () => {
    expect(seenBy("nobody", DIAMOND, { a: { x: 1 } })).toEqual({});
    const torn = stagesOf(DIAMOND).filter(({ refId }) => refId !== "a");
    expect(mergedOutputs(torn, "d", (id) => ({ [id]: true }))).toEqual({ b: true, c: true });
  });

  it("come to an end where stages wait for each other", () => {
    const [a, b] = stagesOf({ a: [], b: ["a"] });
    if (a === undefined || b === undefined) throw new Error("two stages were made");
    const circle = [{ ...a, requisites: ["b"] }, b];
    expect(mergedOutputs(circle, "b", () => ({ x: 1 }))).toEqual({ x: 1 });
  });

  it("treat a key like __proto__ as any other", () => {
    const merged = merge(JSON.parse('{"__proto__": {"a": 1}}'), JSON.parse('{"constructor": 2}'));
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect(JSON.stringify(merged)).toBe('{"__proto__":{"a":1},"constructor":2}');
    expect(({} as JsonObject).a).toBeUndefined();
  });
});

describe("reducers", () => {
  const outputs: Readonly<Record<string, JsonObject>> = {
    a: { n: 3, list: [1] },
    b: { n: 1, list: [2] },
    c: { list: 3 },
  };

  it.each([
    ["collect", "n", [3, 1]],
    ["extend", "list", [1, 2, 3]],
    ["sum", "n", 4],
    ["max", "n", 3],
    ["min", "n", 1],
    ["first", "n", 3],
    ["last", "n", 1],
  ] as const)("%s", (reducer, key, expected) => {
    const value = reduced(stagesOf(DIAMOND), "d", { [key]: reducer }, (id) => outputs[id]);
    expect(value).toEqual({ [key]: expected });
  });

  it("merge objects by their keys, and leave out what no stage gave", () => {
    const given: Readonly<Record<string, JsonObject>> = { b: { of: { x: 1, y: 1 } }, c: { of: { y: 2 } } };
    expect(reduced(stagesOf(DIAMOND), "d", { of: "merge", none: "sum" }, (id) => given[id])).toEqual({
      of: { x: 1, y: 2 },
    });
  });
});
