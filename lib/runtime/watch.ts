/** Waiting for an execution's end: the head is read again and again, with growing pauses. */
import { ExecutionNotFoundError } from "../model/errors.js";
import type { Head } from "../model/head.js";
import { mayBeExecutionId } from "../model/ids.js";
import { isClosed } from "../model/status.js";
import type { EpochMs } from "../model/time.js";
import type { Outside } from "./outside.js";
import { persistently } from "./persistently.js";

/** A short run ends within this; one read is a millisecond's work for the table. */
const FIRST_PAUSE_MS = 50;
const GROWTH = 1.5;

/** A waiting caller costs at most one half of a read unit a second. */
const LONGEST_PAUSE_MS = 1_000;

/** Whether nothing more will happen to it by itself: closed, or stalled until a person acts. */
export function hasStopped({ status }: Head): boolean {
  return isClosed(status) || status === "stalled";
}

/**
 * The head once it has stopped, or as it is at `until`.
 * @throws ExecutionNotFoundError
 */
export async function watch(outside: Outside, executionId: string, until: EpochMs): Promise<Head> {
  if (!mayBeExecutionId(executionId)) throw new ExecutionNotFoundError(executionId);
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * GROWTH)) {
    const head = await persistently(() => outside.store.readHead(executionId));
    if (head === undefined) throw new ExecutionNotFoundError(executionId);
    if (head.continuedTo !== undefined) {
      // It goes on there; until the successor has been created, this one is all there is to see.
      const successor = await persistently(() => outside.store.readHead(head.continuedTo ?? ""));
      if (successor !== undefined) return watch(outside, successor.executionId, until);
      if (head.deletedAt !== undefined) throw new ExecutionNotFoundError(head.continuedTo);
    }
    const left = until - outside.clock.now();
    if ((hasStopped(head) && head.continuedTo === undefined) || left <= 0) return head;
    await outside.clock.sleep(Math.min(pause, left));
  }
}
