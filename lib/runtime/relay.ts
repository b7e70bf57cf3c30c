/**
 * The relay: publishes what commits hold for the bus. The commit's `pending` mark is the truth: it goes when every entry is
 * final, and until then the audit tries again. One try per call; nothing here can block what comes after it.
 */
import { afterTry, LARGEST_ENTRY_BYTES, nextTryAt, type PublishOutcome } from "../decide/relay.js";
import { isFinal, type OutboxEntryState, type OutgoingEvent } from "../model/outgoing.js";
import type { Outbox } from "../store/ports.js";
import { resourcesOf } from "./bus-event.js";
import type { BusEntry, Outside } from "./outside.js";
import { persistently } from "./persistently.js";

/** PutEvents takes ten entries. */
const MOST_ENTRIES = 10;

interface Candidate {
  readonly outbox: Outbox;
  readonly index: number;
  readonly entry: BusEntry;
}

/** Publishes the entries of these outboxes that are not final, ten at a time, and marks what became of each. */
export async function relay(
  outside: Outside,
  outboxes: readonly Outbox[],
): Promise<{ published: number; left: number }> {
  const candidates = outboxes.flatMap((outbox) =>
    outbox.outgoing.flatMap((event, index): Candidate[] => {
      const state = outbox.states[index];
      return state === undefined || isFinal(state.state)
        ? []
        : [{ outbox, index, entry: entryOf(outside, outbox, event, index) }];
    }),
  );
  const outcomes = new Map<Candidate, PublishOutcome>();
  const fitting: Candidate[] = [];
  for (const candidate of candidates) {
    const bytes = bytesOf(candidate.entry);
    if (bytes <= LARGEST_ENTRY_BYTES) fitting.push(candidate);
    else
      outcomes.set(candidate, {
        ok: false,
        permanent: true,
        error: `it is ${bytes} bytes, and the bus takes ${LARGEST_ENTRY_BYTES}`,
      });
  }
  for (const batch of batches(fitting)) {
    const results = await tryBatch(
      outside,
      batch.map((candidate) => candidate.entry),
    );
    batch.forEach((candidate, at) => {
      outcomes.set(
        candidate,
        results[at] ?? {
          ok: false,
          permanent: false,
          error: "the bus answered with fewer results than entries",
        },
      );
    });
  }
  await Promise.all(outboxes.map((outbox) => mark(outside, outbox, candidates, outcomes)));
  const published = [...outcomes.values()].filter((outcome) => outcome.ok).length;
  return { published, left: candidates.length - published };
}

async function tryBatch(outside: Outside, entries: readonly BusEntry[]): Promise<readonly PublishOutcome[]> {
  try {
    return await outside.bus.publish(entries);
  } catch (error) {
    // Whether any of it arrived is not known; a second publication of the same stable id is harmless.
    return entries.map(() => ({ ok: false, permanent: false, error: String(error) }));
  }
}

async function mark(
  outside: Outside,
  outbox: Outbox,
  candidates: readonly Candidate[],
  outcomes: ReadonlyMap<Candidate, PublishOutcome>,
): Promise<void> {
  const states: OutboxEntryState[] = [...outbox.states];
  const givenUp: { readonly event: OutgoingEvent; readonly state: OutboxEntryState }[] = [];
  for (const candidate of candidates) {
    const outcome = outcomes.get(candidate);
    const before = states[candidate.index];
    const event = outbox.outgoing[candidate.index];
    if (candidate.outbox !== outbox || outcome === undefined || before === undefined || event === undefined)
      continue;
    const state = afterTry(before, outcome);
    states[candidate.index] = state;
    if (isFinal(state.state) && state.state !== "published") givenUp.push({ event, state });
  }
  const open = states.filter((state) => !isFinal(state.state));
  const tries = Math.max(0, ...open.map((state) => state.tries));
  const { executionId, slot, version } = outbox;
  // When the mark was changed by somebody else meanwhile, theirs stands: an event may be published twice, and is never lost.
  const { marked } = await persistently(() =>
    outside.store.markOutbox({
      executionId,
      slot,
      version,
      states,
      ...(open.length === 0 ? {} : { pendingAt: nextTryAt(tries, outside.clock.now(), outside.random()) }),
    }),
  );
  // Nothing will try these again, so this line is the last that is heard of them: once, by whoever made them final.
  for (const { event, state } of marked ? givenUp : []) {
    outside.log.write("error", "An outgoing event will never be published.", {
      eventId: event.id,
      event: event.name,
      executionId,
      slot,
      state: state.state,
      error: state.lastError,
    });
  }
  for (const state of open) {
    outside.log.write("warn", "An outgoing event was not published and will be tried again.", {
      executionId,
      slot,
      error: state.lastError,
    });
  }
}

function entryOf(outside: Outside, outbox: Outbox, event: OutgoingEvent, index: number): BusEntry {
  const { executionId, slot } = outbox;
  return {
    name: event.name,
    detail: event.detail,
    at: event.at,
    resources: resourcesOf({
      id: event.id,
      service: outside.service,
      executionId,
      slot,
      index,
      at: event.at,
    }),
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
function* batches(candidates: readonly Candidate[]): Generator<Candidate[]> {
  let batch: Candidate[] = [];
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
