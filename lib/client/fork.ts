/** Forking: a new execution that has another's history up to a step, and goes on from there by itself. */
import { ExecutionConflictError, InvalidControlError } from "../model/errors.js";
import { type Head, timeoutOf } from "../model/head.js";
import type { HistoryEvent } from "../model/history-event.js";
import { checkExecutionId, digest } from "../model/ids.js";
import { labelsOf } from "../model/labels.js";
import { shown } from "../model/shown.js";
import { escapeName, readPath } from "../replay/path.js";
import { create } from "../runtime/create.js";
import { writeFirstHistory } from "../runtime/ending/copy-history.js";
import { wholeHistory } from "../runtime/history.js";
import type { Outside } from "../runtime/outside.js";
import { persistently } from "../runtime/persistently.js";
import { bringBack } from "../runtime/values/payloads.js";
import { loadValue, storeValue } from "../runtime/values/values.js";
import { readHead } from "./control.js";
import { given } from "./given.js";

/** Where a fork begins, and what it is called. */
export interface ForkOptions {
  /** The step to begin again with: its name, or its whole path as the history shows it (`saga/step:charge#2`). */
  readonly from: string;
  /** The new execution's id. Default: derived, the same for the same fork. */
  readonly id?: string;
}

export async function fork(
  outside: Outside,
  executionId: string,
  options: ForkOptions,
): Promise<{ readonly head: Head; readonly created: boolean }> {
  const { from, id } = given("client.fork", options);
  await readHead(outside, executionId);
  const { head, events } = await wholeHistory(outside.store, executionId);
  const prefix = await bringBack(outside.store, executionId, historyBefore(executionId, events, from));
  const forkId =
    id === undefined ? `${executionId.slice(0, 150)}/fork-${digest(`${executionId}\n${from}`, 10)}` : id;
  checkExecutionId(forkId);
  const token = digest(`${executionId}\n${from}\n${forkId}`, 16);
  // The same fork has the same token, by which its creation alone can't tell that it was asked for before.
  const standing = await persistently(() => outside.store.readHead(forkId));
  const slot = await writeFirstHistory(outside, forkId, token, prefix);
  const created = await create(outside, {
    executionId: forkId,
    workflow: {
      name: head.workflow,
      version: head.version,
      definition: head.definition,
      pinned: head.pin !== undefined,
      timeoutMs: timeoutOf(head),
      lifecycleEvents: head.lifecycleEvents,
    },
    input: await storeValue(
      outside.store,
      forkId,
      "input",
      await loadValue(outside.store, executionId, head.input),
    ),
    createdAt: outside.clock.now(),
    // What was recorded happened at its own time: the code's clock begins where it began.
    startAt: head.startAt,
    ...labelsOf(head),
    startedBy: head.startedBy,
    // What it takes over was recorded by that code.
    pin: head.pin,
    seed: head.seed ?? executionId,
    flags: head.flags,
    origin: { kind: "forked", executionId },
    slot,
    createToken: token,
  });
  if (created.head.createToken !== token)
    throw new ExecutionConflictError(forkId, "and is not a fork from here");
  await outside.wakes.send({ executionId: forkId, reason: "start" }, 0);
  return { head: created.head, created: created.created && standing === undefined };
}

/** What came before the step's end. Of what was under way beside it, only what has ended by then counts. */
function historyBefore(executionId: string, events: readonly HistoryEvent[], from: string): HistoryEvent[] {
  const names =
    typeof from !== "string" ? [] : [`step:${escapeName(from)}`, `transaction:${escapeName(from)}`];
  const isFrom = (op: string): boolean => op === from || names.includes(op.split("/").at(-1) ?? "");
  const at = events.findIndex((event) => "op" in event && isFrom(event.op));
  if (at < 0) {
    const ops = events.flatMap((event) => ("op" in event ? [event.op] : []));
    // Those that failed, too: they are what a fork begins with most often.
    const steps = [...new Set(ops.filter((op) => ["step", "transaction"].includes(readPath(op).kind)))];
    throw new InvalidControlError(
      "forked",
      executionId,
      `its history has no step ${shown(from)} (it has ${steps.slice(0, 20).join(", ") || "none"})`,
    );
  }
  const before = events.slice(0, at);
  // Children belong to the original, and so do the leases and the pauses: the fork asks for its own.
  const dropped: readonly string[] = [
    "ChildRequested",
    "LeaseTaken",
    "ExecutionPaused",
    "ExecutionResumed",
    "ExecutionStalled",
  ];
  const ends: readonly string[] = ["ChildEnded", "ChildAbandoned"];
  const ended = new Set(
    before.flatMap((event) => ("op" in event && ends.includes(event.type) ? [event.op] : [])),
  );
  const kept = before
    .map((event, position) => ({ event, position }))
    .filter(
      ({ event }) =>
        !dropped.includes(event.type) || (event.type === "ChildRequested" && ended.has(event.op)),
    );
  // What a redrive made void is named by its place, which may be another now.
  const places = new Map(kept.map(({ position }, place) => [position, place]));
  return kept.map(({ event }) =>
    event.type === "ExecutionRedriven" && event.voided !== undefined
      ? { ...event, voided: event.voided.flatMap((position) => places.get(position) ?? []) }
      : event,
  );
}
