/**
 * What was found out about the stages of one state, once. A state never changes, and each change makes another, so it is the key; without this, the
 * same is asked again along every path of the graph.
 */
import type { StageSpec } from "./graph.js";
import type { Readiness } from "./readiness.js";
import type { PipelineState } from "./state.js";

export class LookedAt {
  readonly #readiness = new Map<string, Readiness>();
  readonly #unchosen = new Map<string, boolean>();

  readiness(refId: string, judge: () => Readiness): Readiness {
    return remembered(this.#readiness, refId, judge);
  }

  unchosen(refId: string, judge: () => boolean): boolean {
    return remembered(this.#unchosen, refId, judge);
  }
}

const known = new WeakMap<PipelineState, WeakMap<readonly StageSpec[], LookedAt>>();

export function lookAt(stages: readonly StageSpec[], state: PipelineState): LookedAt {
  const ofState = known.get(state) ?? new WeakMap<readonly StageSpec[], LookedAt>();
  known.set(state, ofState);
  const found = ofState.get(stages) ?? new LookedAt();
  ofState.set(stages, found);
  return found;
}

function remembered<Value>(values: Map<string, Value>, key: string, judge: () => Value): Value {
  const before = values.get(key);
  if (before !== undefined) return before;
  const found = judge();
  values.set(key, found);
  return found;
}
