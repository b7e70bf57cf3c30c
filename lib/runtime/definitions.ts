/**
 * The record of what code a workflow has: whoever starts it, and whoever runs its first turn, sees to it that the directory knows its text,
 * and that this is its current one. Once for each process and workflow: one read, and writes only where it differs. It goes on beside the
 * start or the turn, and never fails it.
 */

import type { AnyWorkflow } from "../define/workflow.js";
import type { EpochMs } from "../model/time.js";
import { told } from "../model/told.js";
import type { Outside } from "./outside.js";

/** A process that could not record it tries again at a start that comes later than this. */
const AGAIN_AFTER_MS = 60_000;

type Known = Map<string, EpochMs>;

/** A process has one store: by it and by definition, from when on there is something to do again. */
const processes = new WeakMap<Outside["store"], Known>();

/** Never rejects. Resolves once it is recorded, or has failed: a process that is frozen before would record nothing. */
export async function recordDefinition(outside: Outside, workflow: AnyWorkflow): Promise<void> {
  const known = knownTo(outside.store);
  const key = `${workflow.name}\n${workflow.definition}`;
  if ((known.get(key) ?? 0) > outside.clock.now()) return;
  known.set(key, Number.POSITIVE_INFINITY);
  try {
    await record(outside, workflow);
  } catch (error) {
    known.set(key, outside.clock.now() + AGAIN_AFTER_MS);
    outside.log.write("warn", "The workflow's definition could not be recorded; a later start tries again.", {
      workflow: workflow.name,
      definition: workflow.definition,
      error: told(error),
    });
  }
}

function knownTo(store: Outside["store"]): Known {
  const found = processes.get(store);
  if (found !== undefined) return found;
  const made: Known = new Map();
  processes.set(store, made);
  return made;
}

/** The text first: whoever reads which one is current finds it. */
async function record({ store, clock }: Outside, workflow: AnyWorkflow): Promise<void> {
  const { name, definition: hash, version, source } = workflow;
  const current = await store.readCurrentDefinition(name);
  if (current?.hash === hash) return;
  const now = clock.now();
  const named = { workflow: name, hash, ...(version === undefined ? {} : { version }) };
  await store.putDefinition({ ...named, recordedAt: now, source });
  // Refused when another process has changed it since the read: of two deployments at one moment, either is the current one.
  await store.setCurrentDefinition({ ...named, since: now, revision: (current?.revision ?? 0) + 1 });
}
