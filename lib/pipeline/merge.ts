/** What a stage sees of the stages before it: their outputs, merged in one order that is the same in every process. */
import { ancestorsOf, inOrder, type Reducer, type StageSpec } from "./graph.js";
import { canonical, isObject, type Json, type JsonObject } from "./json-value.js";

/**
 * The outputs of all stages before this one: each after its requisites, ties by id. A later value replaces an earlier one, whatever it is (null
 * and objects, too); of two lists the later one's items that are not there yet are put behind the earlier one's.
 */
export function mergedOutputs(
  stages: readonly StageSpec[],
  refId: string,
  outputsOf: (refId: string) => JsonObject | undefined,
): JsonObject {
  const before = ancestorsOf(stages, refId);
  return inOrder(stages)
    .filter((stage) => before.has(stage.refId))
    .reduce<JsonObject>((merged, stage) => merge(merged, outputsOf(stage.refId) ?? {}), {});
}

/** Of all of these stages. */
export function allOutputs(
  stages: readonly StageSpec[],
  outputsOf: (refId: string) => JsonObject | undefined,
): JsonObject {
  return inOrder(stages).reduce<JsonObject>(
    (merged, stage) => merge(merged, outputsOf(stage.refId) ?? {}),
    {},
  );
}

/** Of lists both are kept; of anything else the later. */
export function merge(earlier: JsonObject, later: JsonObject): JsonObject {
  const merged = new Map(Object.entries(earlier));
  for (const [key, value] of Object.entries(later)) {
    const before = merged.get(key);
    merged.set(key, Array.isArray(before) && Array.isArray(value) ? joined(before, value) : value);
  }
  return Object.fromEntries(merged);
}

function joined(earlier: readonly Json[], later: readonly Json[]): Json[] {
  const all = new Map<string, Json>();
  for (const item of [...earlier, ...later]) {
    const text = canonical(item);
    if (!all.has(text)) all.set(text, item);
  }
  return [...all.values()];
}

/**
 * One value for each key that has a reducer, out of what each stage before this one gave.
 * @returns keys that no stage gave are left out
 */
export function reduced(
  stages: readonly StageSpec[],
  refId: string,
  reducers: Readonly<Record<string, Reducer>>,
  outputsOf: (refId: string) => JsonObject | undefined,
): JsonObject {
  const before = ancestorsOf(stages, refId);
  const outputs = inOrder(stages)
    .filter((stage) => before.has(stage.refId))
    .map((stage) => outputsOf(stage.refId) ?? {});
  const entries = Object.entries(reducers).flatMap(([key, reducer]) => {
    const values = outputs.flatMap((output) => (Object.hasOwn(output, key) ? [output[key] ?? null] : []));
    return values.length === 0 ? [] : [[key, reduceBy(reducer, values)] as const];
  });
  return Object.fromEntries(entries);
}

function reduceBy(reducer: Reducer, values: readonly Json[]): Json {
  const numbers = values.filter((value) => typeof value === "number");
  switch (reducer) {
    case "collect":
      return values;
    case "extend":
      return values.flatMap((value) => (Array.isArray(value) ? value : [value]));
    case "sum":
      return numbers.reduce((sum, value) => sum + value, 0);
    case "max":
      return numbers.length === 0 ? null : Math.max(...numbers);
    case "min":
      return numbers.length === 0 ? null : Math.min(...numbers);
    case "merge":
      return Object.fromEntries(values.filter(isObject).flatMap((value) => Object.entries(value)));
    case "first":
      return values[0] ?? null;
    case "last":
      return values.at(-1) ?? null;
  }
}
