/** Whether a pipeline can run at all: every reference leads somewhere, and no stage waits for itself. */

import { isShortText } from "../model/ids.js";
import { short, shown } from "../model/shown.js";
import { isDuration } from "./durations.js";
import { InvalidPipelineError, type PipelineIssue } from "./errors.js";
import { syntaxErrorOf } from "./expression.js";
import { descendantsOf, type Graph, type StageSpec } from "./graph.js";
import { windowIssues } from "./window.js";

/** Marks that ids of stages that belong to others are made of. */
const MARKS = /[<>!#]/;

/** With what a task's name, and marks of stages that belong to it, add to it, it must be the name of a step and of a signal. */
const LONGEST_ID_BYTES = 100;

/** What its fields are called where its author wrote them. */
export interface FieldNames {
  readonly requisites: string;
  readonly enabled: string;
  readonly window: string;
}

const NAMES: FieldNames = { requisites: "requisites", enabled: "enabled", window: "window" };

/** A stage, and the place that it has in its author's list. */
export interface Placed {
  readonly stage: StageSpec;
  readonly index: number;
}

/** @throws InvalidPipelineError naming everything that is wrong */
export function checkedGraph(graph: Graph): Graph {
  const stages = graph.stages.map((stage, index) => ({ stage, index }));
  const issues = [...limitOf(graph), ...graphIssues(stages)];
  if (issues.length > 0) throw new InvalidPipelineError(graph.name, issues);
  return graph;
}

function limitOf({ concurrency }: Graph): PipelineIssue[] {
  if (concurrency === undefined || (Number.isInteger(concurrency.limit) && concurrency.limit >= 1)) return [];
  return [
    { path: "concurrency.limit", message: `expected a whole number from 1, found ${concurrency.limit}` },
  ];
}

/** What is wrong with stages and their references. */
export function graphIssues(placed: readonly Placed[], names: FieldNames = NAMES): PipelineIssue[] {
  const firsts = new Map<string, number>();
  for (const { stage, index } of placed) if (!firsts.has(stage.refId)) firsts.set(stage.refId, index);
  const waits = new Set(
    placed.flatMap(({ stage }) => stage.requisites.map((id) => waitKey(stage.refId, id))),
  );
  const stages = placed.map(({ stage }) => stage);
  const known: Known = {
    names,
    firsts,
    waitsFor: (stage, other) => waits.has(waitKey(stage, other)),
    comesAfter: (stage, other) => descendantsOf(stages, other).has(stage),
  };
  return [...placed.flatMap((one) => issuesOf(one, known)), ...circlesIn(placed, names)];
}

/** What there is in the whole pipeline. */
interface Known {
  readonly names: FieldNames;
  /** Where each id is first. */
  readonly firsts: ReadonlyMap<string, number>;
  readonly waitsFor: (stage: string, other: string) => boolean;
  /** Directly or not. */
  readonly comesAfter: (stage: string, other: string) => boolean;
}

function waitKey(stage: string, other: string): string {
  return JSON.stringify([stage, other]);
}

function issuesOf({ stage, index }: Placed, { names, firsts, waitsFor, comesAfter }: Known): PipelineIssue[] {
  const { refId, requisites, split, milestone, join, window } = stage;
  const at = (field: string, message: string): PipelineIssue => ({
    path: `stages[${index}].${field}`,
    message,
  });
  const first = firsts.get(refId) ?? index;
  return [
    ...(refId === "" ? [at("refId", "expected a name, found an empty text")] : []),
    ...(refId !== "" && !isShortText(refId, LONGEST_ID_BYTES)
      ? [at("refId", `expected at most ${LONGEST_ID_BYTES} bytes, found ${shown(refId)}`)]
      : []),
    ...(MARKS.test(refId)
      ? [at("refId", `"${refId}" has one of < > ! #, of which ids of synthetic stages are made`)]
      : []),
    ...(first < index
      ? [at("refId", `"${refId}" is stage ${first}'s, too; each stage needs one of its own`)]
      : []),
    ...requisites.flatMap((id, place) => {
      const here = (message: string) => [at(`${names.requisites}[${place}]`, message)];
      if (id === refId) return here(`stage "${refId}" waits for itself`);
      if (!firsts.has(id)) return here(`stage "${refId}" waits for "${id}", and there is no such stage`);
      return requisites.indexOf(id) < place ? here(`stage "${refId}" waits for "${id}" more than once`) : [];
    }),
    ...Object.keys(split ?? {})
      .filter((id) => !waitsFor(id, refId))
      .map((id) => at("split", `"${id}" does not wait for stage "${refId}"`)),
    ...(milestone !== undefined && !firsts.has(milestone.stage)
      ? [at("milestone", `there is no stage "${milestone.stage}"`)]
      : []),
    ...(join.type === "N_OF_M" && join.threshold > requisites.length
      ? [at("join", `it needs ${join.threshold} stages, and waits for ${requisites.length}`)]
      : []),
    ...expressionsOf(stage, names).flatMap(([field, expression]) => {
      const wrong = syntaxErrorOf(expression);
      return wrong === undefined
        ? []
        : [at(field, `expected a CEL expression, found ${short(expression)}: ${short(wrong)}`)];
    }),
    ...(window === undefined ? [] : windowIssues(window)).map(({ path, message }) =>
      at(path === "" ? names.window : `${names.window}.${path}`, message),
    ),
    ...(milestone !== undefined && comesAfter(milestone.stage, refId)
      ? [at("milestone", `stage "${milestone.stage}" comes after "${refId}", which it would wait for`)]
      : []),
    ...partIssues(stage, `stages[${index}]`),
  ];
}

/** What is wrong with a stage whether it is one of its own or belongs to another. */
function partIssues({ tasks, timeout, startWithin, ...stage }: StageSpec, path: string): PipelineIssue[] {
  const names = tasks.map(({ name }) => name);
  const timed = [
    ["timeout", timeout],
    ["startWithin", startWithin],
    ...tasks.map((task, index) => [`tasks[${index}].timeout`, task.timeout] as const),
  ] as const;
  return [
    ...tasks.flatMap(({ name }, index) => {
      const at = (message: string): PipelineIssue[] => [{ path: `${path}.tasks[${index}].name`, message }];
      if (!isShortText(name, LONGEST_ID_BYTES))
        return at(`expected text of 1 to ${LONGEST_ID_BYTES} bytes, found ${shown(name)}`);
      return names.indexOf(name) < index ? at(`"${name}" is there more than once`) : [];
    }),
    ...timed.flatMap(([field, duration]) =>
      duration === undefined || isDuration(duration)
        ? []
        : [
            {
              path: `${path}.${field}`,
              message: `expected a duration such as "15m", found ${shown(duration)}`,
            },
          ],
    ),
    ...(["before", "after", "onFailure"] as const).flatMap((kind) =>
      stage[kind].flatMap((part, index) => partIssues(part, `${path}.${kind}[${index}]`)),
    ),
  ];
}

function expressionsOf({ enabled, split = {}, instances }: StageSpec, names: FieldNames): [string, string][] {
  return [
    ...(enabled === undefined ? [] : [[names.enabled, enabled] satisfies [string, string]]),
    ...Object.entries(split).map(([id, expression]): [string, string] => [`split.${id}`, expression]),
    ...(typeof instances?.of === "string" ? [["instances.of", instances.of] satisfies [string, string]] : []),
  ];
}

/** Of stages in circles each is told in one, with its members in the order in which they wait for each other. */
function circlesIn(placed: readonly Placed[], names: FieldNames): PipelineIssue[] {
  const left = leftInCircles(placed);
  const told = new Set<string>();
  return placed.flatMap(({ stage: { refId }, index }) => {
    const circle = left.has(refId) && !told.has(refId) ? circleFrom(left, refId) : undefined;
    if (circle === undefined) return [];
    for (const id of circle) told.add(id);
    return [
      {
        path: `stages[${index}].${names.requisites}`,
        message: `stages wait for each other: ${[...circle, refId].join(" → ")}`,
      },
    ];
  });
}

type Requisites = Map<string, readonly string[]>;

/** What is left when whatever waits for nothing that is left is taken away, again and again: circles, and what waits for them. */
function leftInCircles(placed: readonly Placed[]): Requisites {
  // Itself alone is told as such.
  const left: Requisites = new Map(
    placed.map(({ stage: { refId, requisites } }) => [refId, requisites.filter((id) => id !== refId)]),
  );
  const after = new Map<string, string[]>();
  for (const [refId, requisites] of left) for (const id of requisites) append(after, id, refId);
  const isFree = (id: string): boolean => left.get(id)?.every((before) => !left.has(before)) ?? false;
  let free = [...left.keys()].filter(isFree);
  while (free.length > 0) {
    for (const id of free) left.delete(id);
    free = [...new Set(free.flatMap((id) => after.get(id) ?? []))].filter(isFree);
  }
  return left;
}

/** The shortest way on which a stage waits for itself. */
function circleFrom(left: Requisites, start: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  let reached = [start];
  while (reached.length > 0) {
    const next: string[] = [];
    for (const id of reached) {
      for (const before of left.get(id) ?? []) {
        if (before === start) return wayTo(id, cameFrom);
        if (cameFrom.has(before) || !left.has(before)) continue;
        cameFrom.set(before, id);
        next.push(before);
      }
    }
    reached = next;
  }
  return undefined;
}

function wayTo(end: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [end];
  for (let id = cameFrom.get(end); id !== undefined; id = cameFrom.get(id)) way.push(id);
  return way.reverse();
}

function append(lists: Map<string, string[]>, key: string, item: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
