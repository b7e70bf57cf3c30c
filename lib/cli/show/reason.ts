/** Why an execution is not at its end, with its instants as everything else on the screen shows them. */
import type { ExecutionDescription } from "../../client/types.js";
import { shownInstant } from "../format.js";

/** Only instants that the execution itself has are shown otherwise: a user's name may look like one. */
export function shownReason({ progress, lease }: ExecutionDescription): string {
  const instants = [progress.next, lease?.until].filter((at) => at !== undefined);
  return instants.reduce(
    (reason, at) => reason.replaceAll(at.toISOString(), () => shownInstant(at)),
    progress.reason,
  );
}
