/** The part of the relay that the bus takes: as many events in a call as it takes in one, whichever commits they are of. */
import { expired, LARGEST_ENTRY_BYTES, type TryOutcome } from "../../decide/relay.js";
import type { OutgoingEvent } from "../../model/outgoing.js";
import { SEALED_TEXT } from "../../model/sealed-mark.js";
import type { Outbox } from "../../store/ports.js";
import type { BusEntry, Outside } from "../outside.js";
import type { Candidate } from "./attempt.js";
import { resourcesOf } from "./bus-event.js";

/** PutEvents takes ten entries. */
const MOST_ENTRIES = 10;

interface ForTheBus {
  readonly candidate: Candidate;
  readonly entry: BusEntry;
}

/** How far a run goes, and what it tells of each try. */
export interface Course {
  readonly isOver: () => boolean;
  readonly note: (candidate: Candidate, outcome: TryOutcome) => void;
}

/** One call after the other, the first whatever the time. */
export async function publishAll(
  outside: Outside,
  candidates: readonly Candidate[],
  { isOver, note }: Course,
): Promise<void> {
  const fitting: ForTheBus[] = [];
  for (const candidate of candidates) {
    const { message, attempt, index } = candidate;
    if (message.kind !== "event") continue;
    const entry = entryOf(outside, attempt.outbox, message, index);
    const refused = expired(message.expiresAt, outside.clock.now()) ?? stillSealed(entry) ?? tooLarge(entry);
    if (refused === undefined) fitting.push({ candidate, entry });
    else note(candidate, refused);
  }
  let calls = 0;
  for (const batch of batches(fitting)) {
    if (calls > 0 && isOver()) return;
    calls += 1;
    const results = await tryBatch(
      outside,
      batch.map(({ entry }) => entry),
    );
    for (const [at, { candidate }] of batch.entries()) note(candidate, results[at] ?? UNANSWERED);
  }
}

const UNANSWERED: TryOutcome = {
  ok: false,
  permanent: false,
  error: "the bus answered with fewer results than entries",
};

async function tryBatch(outside: Outside, entries: readonly BusEntry[]): Promise<readonly TryOutcome[]> {
  try {
    return await outside.bus.publish(entries);
  } catch (error) {
    // Whether any of it arrived is not known; a second publication of the same stable id is harmless.
    return entries.map(() => ({ ok: false, permanent: false, error: String(error), thrown: error }));
  }
}

function entryOf(
  { service }: Outside,
  { executionId, slot }: Outbox,
  { id, name, detail, at }: OutgoingEvent,
  index: number,
): BusEntry {
  return { name, detail, at, resources: resourcesOf({ id, service, executionId, slot, index, at }) };
}

/** Sealed by a codec that this process doesn't have, or that did not open it: it waits for one that does. */
function stillSealed({ detail }: BusEntry): TryOutcome | undefined {
  if (!detail.startsWith(SEALED_TEXT)) return undefined;
  const error = "it is sealed, and the codec that sealed it does not open it here";
  return { ok: false, permanent: false, error };
}

function tooLarge(entry: BusEntry): TryOutcome | undefined {
  const bytes = bytesOf(entry);
  if (bytes <= LARGEST_ENTRY_BYTES) return undefined;
  return {
    ok: false,
    permanent: true,
    error: `it is ${bytes} bytes, and the bus takes ${LARGEST_ENTRY_BYTES}`,
  };
}

/** As PutEvents counts an entry: 14 bytes for its time, and the bytes of source, detail-type, detail and resources (source is our name, at most 256). */
function bytesOf(entry: BusEntry): number {
  return (
    14 +
    256 +
    [entry.name, entry.detail, ...entry.resources].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  );
}

/** At most ten entries, and at most one call's size together. */
function* batches(candidates: readonly ForTheBus[]): Generator<ForTheBus[]> {
  let batch: ForTheBus[] = [];
  let bytes = 0;
  for (const candidate of candidates) {
    const more = bytesOf(candidate.entry);
    if (batch.length === MOST_ENTRIES || (batch.length > 0 && bytes + more > LARGEST_ENTRY_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(candidate);
    bytes += more;
  }
  if (batch.length > 0) yield batch;
}
