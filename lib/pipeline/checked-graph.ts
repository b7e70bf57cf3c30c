/** Whether a pipeline can run at all: every reference leads somewhere, and no stage waits for itself. */

import { InvalidPipelineError, type PipelineIssue } from "./errors.js";
import { syntaxErrorOf } from "./expression.js";
import { ancestorsOf, type Graph, type StageSpec } from "./graph.js";

/** Marks that ids of stages that belong to others are made of. */
const MARKS = /[<>!#]/;

/** @throws InvalidPipelineError naming everything that is wrong */
export function checkedGraph(graph: Graph): Graph {
  const issues = [...graph.stages.entries()].flatMap(([index, stage]) =>
    issuesOf(graph.stages, stage, index),
  );
  const all = [...limitOf(graph), ...issues, ...circlesIn(graph.stages)];
  if (all.length > 0) throw new InvalidPipelineError(graph.name, all);
  return graph;
}

function limitOf({ concurrency }: Graph): PipelineIssue[] {
  if (concurrency === undefined || (Number.isInteger(concurrency.limit) && concurrency.limit >= 1)) return [];
  return [
    { path: "concurrency.limit", message: `expected a whole number from 1, found ${concurrency.limit}` },
  ];
}

function issuesOf(stages: readonly StageSpec[], stage: StageSpec, index: number): PipelineIssue[] {
  const { refId, requisites, split, milestone, join } = stage;
  const at = (field: string, message: string): PipelineIssue => ({
    path: `stages[${index}].${field}`,
    message,
  });
  const isKnown = (id: string): boolean => stages.some((other) => other.refId === id);
  const first = stages.findIndex((other) => other.refId === refId);
  return [
    ...(refId === "" ? [at("refId", "expected a name, found an empty text")] : []),
    ...(MARKS.test(refId)
      ? [at("refId", `"${refId}" has one of < > ! #, of which ids of synthetic stages are made`)]
      : []),
    ...(first < index
      ? [at("refId", `"${refId}" is stage ${first}'s, too; each stage needs one of its own`)]
      : []),
    ...requisites.flatMap((id) => {
      if (id === refId) return [at("requisites", `stage "${refId}" waits for itself`)];
      return isKnown(id)
        ? []
        : [at("requisites", `stage "${refId}" waits for "${id}", and there is no such stage`)];
    }),
    ...Object.keys(split ?? {})
      .filter((id) => !stages.some((other) => other.refId === id && other.requisites.includes(refId)))
      .map((id) => at("split", `"${id}" does not wait for stage "${refId}"`)),
    ...(milestone !== undefined && !isKnown(milestone.stage)
      ? [at("milestone", `there is no stage "${milestone.stage}"`)]
      : []),
    ...(join.type === "N_OF_M" && join.threshold > requisites.length
      ? [at("join", `it needs ${join.threshold} stages, and waits for ${requisites.length}`)]
      : []),
    ...expressionsOf(stage).flatMap(([field, expression]) => {
      const wrong = syntaxErrorOf(expression);
      return wrong === undefined
        ? []
        : [at(field, `expected a CEL expression, found ${expression}: ${wrong}`)];
    }),
    ...repeatedTasks(stage).map((task) => at("tasks", `"${task}" is there more than once`)),
  ];
}

function expressionsOf({ enabled, instances, split = {} }: StageSpec): [string, string][] {
  const branches = Object.entries(split).map(([id, expression]): [string, string] => [
    `split.${id}`,
    expression,
  ]);
  return [
    ...(enabled === undefined ? [] : [["enabled", enabled] satisfies [string, string]]),
    ...(instances === undefined ? [] : [["instances.of", instances.of] satisfies [string, string]]),
    ...branches,
  ];
}

function repeatedTasks({ tasks }: StageSpec): string[] {
  const names = tasks.map(({ name }) => name);
  return [...new Set(names.filter((name, index) => names.indexOf(name) < index))];
}

/** Each circle once, with its members in the order in which they wait for each other. */
function circlesIn(stages: readonly StageSpec[]): PipelineIssue[] {
  const told = new Set<string>();
  return stages.flatMap(({ refId }, index) => {
    if (told.has(refId)) return [];
    const circle = circleFrom(stages, refId);
    if (circle === undefined) return [];
    for (const id of circle) told.add(id);
    return [
      {
        path: `stages[${index}].requisites`,
        message: `stages wait for each other: ${[...circle, refId].join(" → ")}`,
      },
    ];
  });
}

function circleFrom(stages: readonly StageSpec[], start: string): string[] | undefined {
  const walk = (id: string, path: readonly string[]): string[] | undefined => {
    for (const next of stages.find(({ refId }) => refId === id)?.requisites ?? []) {
      // Itself alone is told as such.
      if (next === start) {
        if (path.length > 1) return [...path];
        continue;
      }
      if (path.includes(next) || !ancestorsOf(stages, next).has(start)) continue;
      const found = walk(next, [...path, next]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(start, [start]);
}
