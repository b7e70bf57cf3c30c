/** A termination that was recorded, and whose recorder died before it settled: an owner that finds it runs no code (PROTOCOL E4). */
import type { Hooks } from "../../define/hooks.js";
import type { EpochMs } from "../../model/time.js";
import type { Outside } from "../outside.js";
import type { Owned, Seized } from "../turn/own.js";
import { doClosingDuties } from "./closing.js";
import { settleSeized, terminatedAt } from "./terminate.js";

/** @param at when it was recorded */
export async function settleTermination(
  outside: Outside,
  { head, leaseToken, slot, carried, history }: Owned,
  at: EpochMs,
  hooks: readonly Hooks[],
): Promise<"terminated"> {
  const events = history.map(({ event }) => event);
  const seized: Seized = { head, leaseToken, slot, events, unread: [] };
  const settlement = await terminatedAt(outside, seized, at);
  const tail = carried.length === 0 ? {} : { tail: { slot: slot + 1, events: carried } };
  await settleSeized(outside, seized, { settlement, slot, ...tail });
  const { executionId, createdAt, parent, epoch, waits } = head;
  await doClosingDuties(outside, { executionId, createdAt, parent, epoch, waits, ...settlement }, hooks);
  return "terminated";
}
