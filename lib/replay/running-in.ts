/** Where the present code runs (I14): in a workflow's scope, in a step's body, or in neither. Known from `AsyncLocalStorage`. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Scope } from "./path.js";

type Place =
  | { readonly kind: "workflow"; readonly scope: Scope }
  | { readonly kind: "step"; readonly name: string };

const places = new AsyncLocalStorage<Place>();

export function runInWorkflow<T>(scope: Scope, code: () => T): T {
  return places.run({ kind: "workflow", scope }, code);
}

export function runInStep<T>(name: string, code: () => T): T {
  return places.run({ kind: "step", name }, code);
}

/** Runs engine code that was called from a user's place outside of that place. */
export function runNowhere<T>(code: () => T): T {
  return places.exit(code);
}

/** What is wrong with calling from here, in words, or undefined when `scope` is what runs. */
export function misplaced(scope: Scope): string | undefined {
  const place = places.getStore();
  if (place?.kind === "step") return `inside the body of step "${place.name}"`;
  if (place === undefined) return "from code that the workflow function did not start";
  if (place.scope !== scope) return "from another scope than the one it belongs to";
  return undefined;
}
