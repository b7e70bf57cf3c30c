/** An owner that finds its execution terminated writes nothing but the settlement. */
import type { Hooks } from "../define/hooks.js";
import type { ExecutionStatus } from "../model/status.js";
import { doClosingDuties } from "./closing.js";
import type { Outside } from "./outside.js";
import type { Owned } from "./own.js";
import { settleTerminated } from "./terminate.js";

export async function closeTerminated(
  outside: Outside,
  owned: Owned,
  hooks: readonly Hooks[],
): Promise<ExecutionStatus> {
  const settlement = await settleTerminated(outside, owned, []);
  const { executionId, parent, waits, epoch } = owned.head;
  await doClosingDuties(outside, { executionId, parent, epoch, waits, ...settlement }, hooks);
  return settlement.status;
}
