/** Where the present code runs (I14): in a branch of a workflow, in a step's body, or in neither. Known from `AsyncLocalStorage`. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Branch } from "./branch.js";

interface Attempt {
  /** Of the step. */
  readonly name: string;
  readonly attempt: number;
}

type Place = { readonly kind: "workflow"; readonly branch: Branch } | ({ readonly kind: "step" } & Attempt);

const places = new AsyncLocalStorage<Place>();

export function runInWorkflow<T>(branch: Branch, code: () => T): T {
  return places.run({ kind: "workflow", branch }, code);
}

export function runInStep<T>({ name, attempt }: Attempt, code: () => T): T {
  return places.run({ kind: "step", name, attempt }, code);
}

/** Whose body the present code is, as a log line says it; undefined when it is none. */
export function attemptHere(): { readonly step: string; readonly attempt: number } | undefined {
  const place = places.getStore();
  return place?.kind === "step" ? { step: place.name, attempt: place.attempt } : undefined;
}

/** What is wrong with calling from here, in words, or undefined when `branch` is what runs. */
export function misplaced(branch: Branch): string | undefined {
  const place = places.getStore();
  if (place?.kind === "step") return `inside the body of step "${place.name}"`;
  if (place === undefined) return "from code that the workflow function did not start";
  if (place.branch !== branch)
    return "from another branch than the one it belongs to (a race, map, saga or update hands each of its functions a context of its own: use that one)";
  return undefined;
}
