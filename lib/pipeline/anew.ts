/** Which stages a restart or a jump makes anew, and which it skips. */
import { ancestorsOf, descendantsOf, type StageSpec } from "./graph.js";

export interface Anew {
  /** As if they had never begun. */
  readonly reset: readonly string[];
  readonly skip: readonly string[];
}

/** The stage, and all that comes after it. */
export function restartOf(stages: readonly StageSpec[], refId: string): Anew {
  return { reset: [refId, ...descendantsOf(stages, refId)], skip: [] };
}

/**
 * A jump back makes the target anew, the stage that jumps, and of what comes after the target whatever follows from these alone: a stage that
 * waits for others, too, keeps what it has. A jump ahead skips what follows from the jumping stage alone, up to the target.
 */
export function jumpFrom(stages: readonly StageSpec[], source: string, target: string): Anew {
  if (target === source || ancestorsOf(stages, source).has(target)) {
    return { reset: [...new Set([...exclusivelyAfter(stages, target, new Set()), source])], skip: [] };
  }
  const [, ...between] = exclusivelyAfter(
    stages,
    source,
    new Set([target, ...descendantsOf(stages, target)]),
  );
  return { reset: [target], skip: between };
}

/** The stage, and those that wait for nothing but it and each other. */
function exclusivelyAfter(stages: readonly StageSpec[], refId: string, but: ReadonlySet<string>): string[] {
  const found = new Set([refId]);
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const { refId: id, requisites } of stages)
      if (!but.has(id) && requisites.length > 0 && requisites.every((each) => found.has(each))) found.add(id);
  }
  return [...found];
}
