/**
 * A small model of what a pipeline comes to, written down apart from the code that runs it: random graphs whose tasks have a set outcome, and what
 * each stage must have come to in the end. Where nothing ends the pipeline early, that is one answer for each stage.
 */
import type { StageOptions } from "../../lib/pipeline/pipeline.js";

const OUTCOMES = [
  "SUCCEEDED",
  "SUCCEEDED",
  "SUCCEEDED",
  "SKIPPED",
  "FAILED_CONTINUE",
  "STOPPED",
  "CANCELED",
  "TERMINAL",
  "throws",
] as const;
type Outcome = (typeof OUTCOMES)[number];

export interface ModelStage {
  readonly refId: string;
  readonly requisites: readonly string[];
  readonly outcomes: readonly Outcome[];
  readonly kind: "fails the pipeline" | "stops its branch" | "continues" | "lets others complete";
  readonly isEnabled: boolean;
  readonly threshold?: number;
  readonly waits: boolean;
}

export function randomStages(random: () => number): ModelStage[] {
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <One>(list: readonly One[]): One => list[below(list.length)] as One;
  const count = 1 + below(9);
  return Array.from({ length: count }, (_, index) => {
    const before = Array.from({ length: index }, (_each, other) => `s${other}`);
    const requisites = before.filter(() => random() < 0.35);
    const hasQuorum = requisites.length > 1 && random() < 0.25;
    return {
      refId: `s${index}`,
      requisites,
      outcomes: Array.from({ length: below(3) }, () => (random() < 0.6 ? "SUCCEEDED" : pick(OUTCOMES))),
      kind: pick([
        "fails the pipeline",
        "fails the pipeline",
        "stops its branch",
        "continues",
        "lets others complete",
      ] as const),
      isEnabled: random() < 0.9,
      ...(hasQuorum ? { threshold: 1 + below(requisites.length) } : {}),
      waits: random() < 0.2,
    };
  });
}

export function optionsOf(stages: readonly ModelStage[], ran: string[]): StageOptions[] {
  return stages.map(({ refId, requisites, outcomes, kind, isEnabled, threshold, waits }) => ({
    refId,
    requisites,
    ...(isEnabled ? {} : { enabled: "false" }),
    ...(threshold === undefined ? {} : { join: { type: "N_OF_M", threshold } }),
    failPipeline: kind !== "stops its branch",
    continuePipelineOnFailure: kind === "continues",
    completeOtherBranchesThenFail: kind === "lets others complete",
    tasks: outcomes.map((outcome, index) => ({
      name: `t${index}`,
      // One process dies in each run, at most; that costs an attempt, and another one tells.
      retry: { maxAttempts: 3, initialInterval: "1s" },
      run: ({ context }) => {
        if (waits && index === 0 && context.waited !== true)
          return { status: "RUNNING", after: "20s", context: { waited: true } };
        ran.push(`${refId}/t${index}`);
        if (outcome === "throws") throw new Error(`${refId} breaks`);
        return { status: outcome };
      },
    })),
  }));
}

/** What a stage comes to that runs. */
export function endOf({ outcomes, kind }: ModelStage): string {
  let hasFailed = false;
  for (const outcome of outcomes) {
    if (outcome === "STOPPED" || outcome === "CANCELED") return outcome;
    if (outcome === "TERMINAL" || outcome === "throws") {
      if (kind === "continues") return "FAILED_CONTINUE";
      return kind === "fails the pipeline" ? "TERMINAL" : "STOPPED";
    }
    hasFailed ||= outcome === "FAILED_CONTINUE";
  }
  return hasFailed ? "FAILED_CONTINUE" : "SUCCEEDED";
}

const GOOD = ["SUCCEEDED", "SKIPPED", "FAILED_CONTINUE"];

/** Whether it may begin, once these have ended so; undefined: not known yet. */
function begins(
  { requisites, threshold }: ModelStage,
  ends: ReadonlyMap<string, string | undefined>,
): boolean {
  const well = requisites.filter((id) => GOOD.includes(ends.get(id) ?? "")).length;
  return well >= (threshold ?? requisites.length);
}

/** Of every stage what it comes to; undefined for one that never begins. Right where nothing ends the pipeline early. */
export function modelled(stages: readonly ModelStage[]): Map<string, string | undefined> {
  const ends = new Map<string, string | undefined>();
  for (const stage of stages) {
    if (begins(stage, ends)) ends.set(stage.refId, stage.isEnabled ? endOf(stage) : "SKIPPED");
    else ends.set(stage.refId, undefined);
  }
  return ends;
}

/** A stage that ends so ends the pipeline, unless everything behind it can do without. */
export function mayEndEarly(stages: readonly ModelStage[]): boolean {
  return [...modelled(stages)].some(([, end]) => end === "TERMINAL");
}

export function pipelineEnd(
  stages: readonly ModelStage[],
  ends: ReadonlyMap<string, string | undefined>,
): string {
  const all = [...ends.values()];
  if (all.includes("TERMINAL")) return "TERMINAL";
  if (all.includes("CANCELED")) return "CANCELED";
  const failsLate = stages.some(
    ({ refId, kind }) => kind === "lets others complete" && ends.get(refId) === "STOPPED",
  );
  return failsLate ? "TERMINAL" : "SUCCEEDED";
}

/** What is wrong with how it ended, whatever the order in which its stages did. */
export function wrongWith(stages: readonly ModelStage[], found: Readonly<Record<string, string>>): string[] {
  const { pipeline, ...ends } = found;
  const wrong: string[] = [];
  const isEarly = mayEndEarly(stages);
  const known = new Map(stages.map(({ refId }) => [refId, ends[refId]]));
  if (!isEarly) {
    for (const [refId, end] of modelled(stages))
      if (end !== ends[refId]) wrong.push(`${refId} is ${ends[refId]}, and was to be ${end}`);
    const end = pipelineEnd(stages, known);
    if (pipeline !== end) wrong.push(`the pipeline is ${pipeline}, and was to be ${end}`);
    return wrong;
  }
  for (const stage of stages) {
    const end = ends[stage.refId];
    if (end === undefined) continue;
    const own = stage.isEnabled ? endOf(stage) : "SKIPPED";
    if (end !== own && end !== "CANCELED")
      wrong.push(`${stage.refId} is ${end}, and was to be ${own} or CANCELED`);
    if (!begins(stage, known))
      wrong.push(`${stage.refId} began, and what it waits for is ${stage.requisites.map((id) => ends[id])}`);
  }
  const fatal = stages.filter(({ refId }) => ends[refId] === "TERMINAL");
  const isNeeded = fatal.some(({ refId }) => {
    const after = stages.filter(({ requisites }) => requisites.includes(refId));
    return (
      after.length === 0 ||
      after.some((stage) => stage.threshold === undefined || ends[stage.refId] === undefined)
    );
  });
  if (isNeeded && pipeline !== "TERMINAL")
    wrong.push(`the pipeline is ${pipeline}, and ${fatal[0]?.refId} failed`);
  return wrong;
}
