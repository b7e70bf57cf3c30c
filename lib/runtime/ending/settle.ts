/**
 * Settling a turn (I6): one conditional head write that releases the lease. It is conditional on epoch, lease and `inboxSeq`, and leaves
 * its token behind, so that an own success whose reply was lost is known.
 */
import { FencedError } from "../../model/errors.js";
import type { Head, StoredValue, Tail, WaitKey } from "../../model/head.js";
import { digest } from "../../model/ids.js";
import type { MetricName } from "../../model/metrics.js";
import type { ExecutionStatus } from "../../model/status.js";
import { jsonBytes } from "../../model/storable.js";
import type { Settlement } from "../../store/ports.js";
import type { Inbox } from "../messages/inbox.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";
import type { Owned } from "../turn/own.js";

/** What the head shows of the wait records: most executions wait for one thing, and thousands would make every lease and settlement dear. */
const SHOWN_WAITS_BYTES = 300;

export interface SettleOptions {
  readonly settlement: Settlement;
  /** The last committed slot. */
  readonly slot: number;
  readonly tail: Tail | undefined;
  /** When it changed. */
  readonly state?: StoredValue | undefined;
  readonly inbox: Inbox;
  /** The wait records that stand in the directory. */
  readonly waits: readonly WaitKey[];
  /** How many there are, when these are not all. */
  readonly waitCount?: number;
  /** Of the messages that are in history. */
  readonly inHistory: (messageId: string) => boolean;
  /** False settles whatever was accepted since the inbox was last looked at. */
  readonly guardInbox: boolean;
}

/**
 * `"settled"`, or `"inbox-moved"` when a message was accepted that this turn had not looked at (it has now).
 * @throws FencedError when somebody else owns the execution
 */
export async function settle(
  outside: Outside,
  owned: Pick<Owned, "head" | "leaseToken">,
  options: SettleOptions,
): Promise<"settled" | "inbox-moved"> {
  const { executionId, epoch } = owned.head;
  const { inbox, settlement, slot, tail, state, waits } = options;
  const drained = [...inbox.found].filter(options.inHistory);
  const result = await persistently(() =>
    outside.store.settle({
      executionId,
      from: owned.head.status,
      epoch,
      leaseToken: owned.leaseToken,
      ...(options.guardInbox
        ? { inboxSeq: inbox.seq, inboxItems: inbox.itemsBeside(options.inHistory) }
        : {}),
      slot,
      ...(tail === undefined ? {} : { tail }),
      settlement,
      ...(state === undefined ? {} : { state }),
      waits: shown(waits),
      waitCount: options.waitCount ?? waits.length,
      drained,
      token: digest(
        `${owned.leaseToken}\n${slot}\n${inbox.seq}\n${JSON.stringify([settlement, tail ?? null, state ?? null])}`,
        16,
      ),
    }),
  );
  if (result.settled) {
    noteEnd(outside, owned.head, settlement.status);
    const items = drained.filter((id) => inbox.items.has(id));
    // They are durable in history. What stays behind when this fails is ignored by its id, and goes with the execution.
    if (items.length > 0) await outside.store.deleteMessages(executionId, items);
    return "settled";
  }
  const { head } = result;
  if (head === undefined || head.epoch !== epoch || head.lease?.token !== owned.leaseToken) {
    throw new FencedError(executionId, `the head is at epoch ${head?.epoch ?? "none"}, and ours is ${epoch}`);
  }
  await inbox.take(head, outside.clock.now());
  return "inbox-moved";
}

const ENDS: Partial<Record<ExecutionStatus, MetricName>> = {
  completed: "ExecutionsCompleted",
  failed: "ExecutionsFailed",
  cancelled: "ExecutionsCancelled",
  stalled: "ExecutionsStalled",
};

/**
 * An end is measured where it is settled, which happens once for each, whoever recorded it before. Terminations are not: they are mostly settled by
 * clients, who measure nothing.
 */
export function noteEnd(
  { meter }: Outside,
  { workflow }: Pick<Head, "workflow">,
  status: ExecutionStatus,
): void {
  const name = ENDS[status];
  if (name !== undefined) meter?.note(name, 1, workflow);
}

/** Those of them that a settlement writes into the head. */
export function shown(waits: readonly WaitKey[]): WaitKey[] {
  let bytes = 0;
  const fitting: WaitKey[] = [];
  for (const wait of waits) {
    bytes += jsonBytes([wait.op, wait.name, wait.key]);
    if (bytes > SHOWN_WAITS_BYTES && fitting.length > 0) break;
    fitting.push(wait);
  }
  return fitting;
}
