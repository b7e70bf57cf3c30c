/** A termination that was recorded, and whose recorder died before it settled: it stands, and an owner that finds it runs no code (PROTOCOL E4). */
import type { Hooks } from "../../define/hooks.js";
import type { HistoryEvent } from "../../model/history-event.js";
import type { EpochMs } from "../../model/time.js";
import type { Outside } from "../outside.js";
import type { Seized } from "../turn/seize.js";
import { doClosingDuties } from "./closing.js";
import { settleSeized, terminatedAt } from "./terminate.js";

/**
 * @param carried the tail that no commit has superseded
 * @param at when it was recorded
 */
export async function settleTermination(
  outside: Outside,
  seized: Seized,
  carried: readonly HistoryEvent[],
  at: EpochMs,
  hooks: readonly Hooks[],
): Promise<"terminated"> {
  const { head, slot } = seized;
  const settlement = await terminatedAt(outside, seized, at);
  const tail = carried.length === 0 ? {} : { tail: { slot: slot + 1, events: carried } };
  await settleSeized(outside, seized, { settlement, slot, ...tail });
  const { executionId, createdAt, parent, epoch, waits } = head;
  await doClosingDuties(outside, { executionId, createdAt, parent, epoch, waits, ...settlement }, hooks);
  return "terminated";
}
