/** Where retention stands in its round: in which workflow and shard, behind which execution; in what was staged; or that a round has ended. */
import type { EpochMs } from "../../model/time.js";
import type { Created } from "../../store/ports.js";

/** One partition of the walk. */
export interface Place {
  readonly workflow: string;
  readonly shard: number;
  readonly after?: Created;
}

/** All executions were walked through; what was staged and given up comes last, behind the cursor of its list. */
export interface Staged {
  readonly staged: string;
}

export type Position = Place | Staged | { readonly roundEnded: EpochMs };

const FIRST: Place = { workflow: "", shard: 0 };

export function positionText(position: Position): string {
  return JSON.stringify(position);
}

/** What is no position is none: the round begins anew. */
export function parsePosition(text: string | undefined): Position {
  const found = parsed(text);
  if (typeof found !== "object" || found === null) return FIRST;
  if ("roundEnded" in found)
    return typeof found.roundEnded === "number" ? { roundEnded: found.roundEnded } : FIRST;
  if ("staged" in found) return typeof found.staged === "string" ? { staged: found.staged } : FIRST;
  if (!("workflow" in found) || !("shard" in found)) return FIRST;
  const { workflow, shard } = found;
  if (typeof workflow !== "string" || typeof shard !== "number") return FIRST;
  const after = "after" in found && isCreated(found.after) ? found.after : undefined;
  return { workflow, shard, ...(after && { after }) };
}

/** From there on, workflows in the order of their names. One that is not known any more is passed over. */
export function* placesFrom(
  position: Position,
  names: readonly string[],
  shards: number,
): Generator<Place, void, void> {
  const from = "workflow" in position ? position : FIRST;
  for (const workflow of names) {
    if (workflow < from.workflow) continue;
    const first = workflow === from.workflow ? from.shard : 0;
    for (let shard = first; shard < shards; shard++) {
      const isFrom = workflow === from.workflow && shard === from.shard;
      yield isFrom ? from : { workflow, shard };
    }
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isCreated(found: unknown): found is Created {
  return (
    typeof found === "object" &&
    found !== null &&
    "executionId" in found &&
    typeof found.executionId === "string" &&
    "createdAt" in found &&
    typeof found.createdAt === "number"
  );
}
