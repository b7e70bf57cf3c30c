/**
 * The relay: carries what commits hold for others: events to the bus, signals to inboxes, starts to the table. The commit's `pending` mark
 * is the truth: it goes when every entry is final, and until then a nudge (`nudge.ts`), or the audit, tries again. One try per call; nothing
 * here can block what comes after it, and no entry another.
 */
import {
  afterTry,
  expired,
  LARGEST_ENTRY_BYTES,
  nextTryAt,
  RELAY_GRACE_MS,
  type TryOutcome,
} from "../../decide/relay.js";
import { delaySecondsFor } from "../../decide/timer.js";
import { isFinal, isGivenUp, type OutboxEntryState, type OutgoingEvent } from "../../model/outgoing.js";
import type { EpochMs } from "../../model/time.js";
import type { Outbox } from "../../store/ports.js";
import { failuresOf, raiseFirst } from "../failures.js";
import type { BusEntry, Outside } from "../outside.js";
import { persistently } from "../persistently.js";
import { resourcesOf } from "./bus-event.js";
import { carry } from "./carry.js";
import { claimDue } from "./claim.js";

/** PutEvents takes ten entries. */
const MOST_ENTRIES = 10;

type Message = Outbox["outgoing"][number];

interface Candidate {
  readonly outbox: Outbox;
  readonly index: number;
  readonly message: Message;
  readonly before: OutboxEntryState;
}

interface ForTheBus {
  readonly candidate: Candidate;
  readonly entry: BusEntry;
}

type Outcomes = Map<Candidate, TryOutcome>;

export interface Relayed {
  readonly published: number;
  /** Nobody will ever get these. */
  readonly givenUp: number;
  /** Still to be carried. */
  readonly left: number;
}

/**
 * The first try of outboxes as they were written: what the stream tells. It is made at once, and unread; that of a record which comes late is
 * a further try, since others may have tried before: what the table says of it counts, and it is claimed.
 * @throws the first failure to read or to mark; the others were carried, and for this one the audit comes
 */
export async function relayNew(outside: Outside, written: readonly Outbox[]): Promise<Relayed> {
  const now = outside.clock.now();
  const isLate = ({ pendingAt = now }: Outbox): boolean => pendingAt <= now - RELAY_GRACE_MS;
  const claims = written.filter(isLate).map((outbox) => claimDue(outside, outbox, now));
  const claimed = (await Promise.allSettled(claims)).flatMap((end) =>
    end.status === "fulfilled" ? (end.value ?? []) : [],
  );
  const relayed = await relay(outside, [...written.filter((outbox) => !isLate(outbox)), ...claimed]);
  raiseFirst(await failuresOf(claims));
  return relayed;
}

/** Tries the entries of these outboxes that are not final, those for the bus ten at a time, and marks what became of each. */
export async function relay(outside: Outside, outboxes: readonly Outbox[]): Promise<Relayed> {
  const candidates = outboxes.flatMap((outbox) =>
    outbox.outgoing.flatMap((message, index): Candidate[] => {
      const before = outbox.states[index];
      return before === undefined || isFinal(before.state) ? [] : [{ outbox, index, message, before }];
    }),
  );
  const outcomes: Outcomes = new Map();
  await Promise.all([
    publishAll(outside, candidates, outcomes),
    ...lanes(candidates).map(async (lane) => {
      for (const { candidate, message } of lane) outcomes.set(candidate, await carry(outside, message));
    }),
  ]);
  raiseFirst(await failuresOf(outboxes.map((outbox) => mark(outside, outbox, candidates, outcomes))));
  const published = [...outcomes.values()].filter((outcome) => outcome.ok).length;
  const givenUp = [...outcomes].filter(([{ before }, outcome]) =>
    isGivenUp(afterTry(before, outcome).state),
  ).length;
  return { published, givenUp, left: candidates.length - published - givenUp };
}

interface Carried {
  readonly candidate: Candidate;
  readonly message: Exclude<Message, OutgoingEvent>;
}

/**
 * What is not for the bus, by the execution that it is for: lanes go on side by side, and in each its start comes first, since a signal may
 * be for what the same commit starts; then its signals one after the other, since their order is a promise.
 */
function lanes(candidates: readonly Candidate[]): Carried[][] {
  const lanes = new Map<string, Carried[]>();
  for (const candidate of candidates) {
    const { message } = candidate;
    if (message.kind === "event") continue;
    const executionId = message.kind === "signal" ? message.to : message.executionId;
    const lane = lanes.get(executionId) ?? [];
    lane.push({ candidate, message });
    lanes.set(executionId, lane);
  }
  const isLate = ({ message }: Carried): number => (message.kind === "signal" ? 1 : 0);
  return [...lanes.values()].map((lane) => lane.toSorted((one, other) => isLate(one) - isLate(other)));
}

async function publishAll(
  outside: Outside,
  candidates: readonly Candidate[],
  outcomes: Outcomes,
): Promise<void> {
  const fitting: ForTheBus[] = [];
  for (const candidate of candidates) {
    if (candidate.message.kind !== "event") continue;
    const late = expired(candidate.message.expiresAt, outside.clock.now());
    if (late !== undefined) {
      outcomes.set(candidate, late);
      continue;
    }
    const entry = entryOf(outside, candidate.outbox, candidate.message, candidate.index);
    const bytes = bytesOf(entry);
    if (bytes <= LARGEST_ENTRY_BYTES) fitting.push({ candidate, entry });
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
      batch.map(({ entry }) => entry),
    );
    batch.forEach(({ candidate }, at) => {
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
}

async function tryBatch(outside: Outside, entries: readonly BusEntry[]): Promise<readonly TryOutcome[]> {
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
  outcomes: ReadonlyMap<Candidate, TryOutcome>,
): Promise<void> {
  const states: OutboxEntryState[] = [...outbox.states];
  const givenUp: { readonly message: Message; readonly state: OutboxEntryState }[] = [];
  for (const candidate of candidates) {
    const outcome = outcomes.get(candidate);
    if (candidate.outbox !== outbox || outcome === undefined) continue;
    const state = afterTry(candidate.before, outcome);
    states[candidate.index] = state;
    if (isGivenUp(state.state)) givenUp.push({ message: candidate.message, state });
  }
  const open = states.filter((state) => !isFinal(state.state));
  const { executionId, slot, version } = outbox;
  const next = markFor(outside, outbox, states);
  // When the mark was changed by somebody else meanwhile, theirs stands: a message may be sent twice, and is never lost.
  const { marked } = await persistently(() =>
    outside.store.markOutbox({ executionId, slot, version, states, ...next }),
  );
  if (marked && next.pendingAt !== undefined) await nudge(outside, outbox, next.pendingAt);
  // Nothing will try these again, so this line is the last that is heard of them: once, by whoever made them final.
  for (const { message, state } of marked ? givenUp : []) {
    outside.log.write("error", `An outgoing ${message.kind} will never be ${DONE[message.kind]}.`, {
      ...namesOf(message),
      executionId,
      slot,
      state: state.state,
      error: state.lastError,
    });
  }
  for (const state of open) {
    outside.log.write("warn", "An outgoing message was not carried to its end and will be tried again.", {
      executionId,
      slot,
      error: state.lastError,
    });
  }
}

/** Brings the next try about (`nudge.ts`). Where it can't be sent, the audit does, some minutes later. */
async function nudge(outside: Outside, { executionId, slot }: Outbox, dueAt: EpochMs): Promise<void> {
  const wake = { executionId, reason: "relay", slot, dueAt } as const;
  try {
    await outside.wakes.send(wake, delaySecondsFor(dueAt, outside.clock.now()));
  } catch (error) {
    const said = "The next try of an outgoing message could not be announced; the audit makes it.";
    outside.log.write("warn", said, { executionId, slot, error: String(error) });
  }
}

/** How it is listed from now on: to be tried again, given up, or not at all. A head is no history, so nothing of it stays there. */
function markFor(
  outside: Outside,
  { slot }: Outbox,
  states: readonly OutboxEntryState[],
): { readonly pendingAt?: EpochMs; readonly givenUpAt?: EpochMs } {
  const now = outside.clock.now();
  const open = states.filter(({ state }) => !isFinal(state));
  if (open.length > 0)
    return { pendingAt: nextTryAt(Math.max(...open.map(({ tries }) => tries)), now, outside.random()) };
  return slot > 0 && states.some(({ state }) => isGivenUp(state)) ? { givenUpAt: now } : {};
}

const DONE = { event: "published", signal: "delivered", start: "made", wake: "sent" } as const;

function namesOf(message: Message): Readonly<Record<string, unknown>> {
  switch (message.kind) {
    case "event":
      return { eventId: message.id, event: message.name };
    case "signal":
      return { signalId: message.id, signal: message.message.name, to: message.to };
    case "start":
      return { workflow: message.workflow, started: message.executionId };
    case "wake":
      return {};
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
