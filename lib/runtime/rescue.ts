/** A wake out of the dead-letter queue: the table of `decide/rescue.ts`, with the calls. */
import { decideRescue } from "../decide/rescue.js";
import { isBeforeStart } from "../decide/wake.js";
import { CrashLoopError } from "../model/errors.js";
import type { Head } from "../model/head.js";
import { isClosingEvent } from "../model/history-event.js";
import type { Wake } from "../model/wake.js";
import { arm } from "./arm.js";
import { stall } from "./ending/stall.js";
import { cancelIn } from "./messages/cancel-in.js";
import { Inbox } from "./messages/inbox.js";
import type { Outside } from "./outside.js";
import { persistently } from "./persistently.js";
import { LEASE_SLACK_MS } from "./turn/handle-wake.js";
import { Journal } from "./turn/journal.js";
import { takeOver } from "./turn/own.js";

/** What a stall takes, by far. */
const LEASE_MS = 60_000 + LEASE_SLACK_MS;

/** @throws while the tables can't be read: then the message stays where it is, and the next run of the audit looks again */
export async function rescue(outside: Outside, wake: Wake, requestId: string): Promise<void> {
  const { store, clock, wakes } = outside;
  const now = clock.now();
  const head = await persistently(() => store.readHead(wake.executionId));
  const unbegun = head !== undefined && isBeforeStart(head, now);
  const cancelled = unbegun && (await cancelIn(store, head)) !== undefined;
  const action = decideRescue({ wake, head, cancelled, now });
  switch (action.do) {
    case "drop":
      return;
    case "arm":
      return arm(outside, action.wake);
    case "send":
      return wakes.send(action.wake, action.delaySeconds);
    case "stall":
      return stallDeadly(outside, action.head, action.lives, requestId);
  }
}

async function stallDeadly(outside: Outside, head: Head, lives: number, owner: string): Promise<void> {
  const { store, clock } = outside;
  const { executionId } = head;
  const owned = await takeOver(outside, { head, owner, until: clock.now() + LEASE_MS });
  if (owned === undefined) return;
  const last = owned.history.findLast(({ event }) => event.type !== "LeaseTaken")?.event;
  if (last !== undefined && isClosingEvent(last)) {
    // Its end was recorded, and perhaps told: all that is missing is that somebody settles it, and does its duties.
    await outside.wakes.send({ executionId, reason: "audit" }, Math.ceil(LEASE_MS / 1_000));
    return;
  }
  const journal = new Journal({
    store,
    executionId,
    epoch: owned.head.epoch,
    leaseToken: owned.leaseToken,
    slot: owned.slot,
    loaded: owned.history.length,
    carried: owned.carried,
    pendingAt: () => clock.now(),
  });
  const inbox = new Inbox(store, executionId, new Set());
  await stall(outside, owned, { journal, inbox, inHistory: () => false }, new CrashLoopError(lives));
}
