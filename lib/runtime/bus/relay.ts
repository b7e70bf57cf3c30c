/**
 * The relay: carries what commits hold for others: events to the bus, signals to inboxes, starts to the table. The commit's `pending` mark
 * is the truth: it goes when every entry is final, and until then a nudge (`nudge.ts`), or the audit, tries again. One try per call; nothing
 * here can block what comes after it, and no entry another.
 *
 * A commit is marked as soon as its own messages are through, so that a run that dies in the midst of many has the first ones behind it. A run
 * whose time is over begins nothing more: what it has not tried is marked as due at once, with a nudge.
 */
import { RELAY_GRACE_MS } from "../../decide/relay.js";
import type { OutgoingEvent } from "../../model/outgoing.js";
import type { EpochMs } from "../../model/time.js";
import type { Outbox } from "../../store/ports.js";
import { failuresOf, raiseFirst } from "../failures.js";
import type { Outside } from "../outside.js";
import { Attempt, type Candidate, type Message, type Relayed } from "./attempt.js";
import { carry } from "./carry.js";
import { claimDue } from "./claim.js";
import { type Course, publishAll } from "./publish.js";

/**
 * The first try of outboxes as they were written: what the stream tells. It is made at once, and unread; that of a record which comes late is
 * a further try, since others may have tried before: what the table says of it counts, and it is claimed.
 * @param stopAt as for {@link relay}
 * @throws the first failure to read or to mark; the others were carried, and for this one the audit comes
 */
export async function relayNew(
  outside: Outside,
  written: readonly Outbox[],
  stopAt = Number.POSITIVE_INFINITY,
): Promise<Relayed> {
  const now = outside.clock.now();
  const isLate = ({ pendingAt = now }: Outbox): boolean => pendingAt <= now - RELAY_GRACE_MS;
  const claims = written.filter(isLate).map((outbox) => claimDue(outside, outbox, now));
  const claimed = (await Promise.allSettled(claims)).flatMap((end) =>
    end.status === "fulfilled" ? (end.value ?? []) : [],
  );
  const relayed = await relay(outside, [...written.filter((outbox) => !isLate(outbox)), ...claimed], stopAt);
  raiseFirst(await failuresOf(claims));
  return relayed;
}

/**
 * Tries the entries of these outboxes that are not final, those for the bus ten at a time, and marks what became of each.
 * @param stopAt nothing more is begun after it, but the first call of the bus and the first message for each execution. Default: all of it
 */
export async function relay(
  outside: Outside,
  outboxes: readonly Outbox[],
  stopAt: EpochMs = Number.POSITIVE_INFINITY,
): Promise<Relayed> {
  const attempts = outboxes.map((outbox) => new Attempt(outbox));
  const marks: Promise<void>[] = [];
  const failures: unknown[] = [];
  const mark = (attempt: Attempt): void => {
    const failed = (error: unknown) => void failures.push(error);
    marks.push(attempt.mark(outside).catch(failed));
  };
  const course: Course = {
    isOver: () => outside.clock.now() >= stopAt,
    note: (candidate, outcome) => {
      const { attempt } = candidate;
      attempt.note(candidate, outcome);
      if (attempt.isThrough) mark(attempt);
    },
  };
  // Whoever carried all of it has died before the mark.
  for (const attempt of attempts) if (attempt.isThrough) mark(attempt);
  const candidates = attempts.flatMap((attempt) => attempt.candidates);
  await Promise.all([
    publishAll(outside, candidates, course),
    ...lanes(candidates).map((lane) => carryAll(outside, lane, course)),
  ]);
  for (const attempt of attempts) if (!attempt.isThrough) mark(attempt);
  await Promise.all(marks);
  raiseFirst(failures);
  return sumOf(attempts);
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

async function carryAll(outside: Outside, lane: readonly Carried[], { isOver, note }: Course): Promise<void> {
  for (const [at, { candidate, message }] of lane.entries()) {
    if (at > 0 && isOver()) return;
    note(candidate, await carry(outside, message));
  }
}

function sumOf(attempts: readonly Attempt[]): Relayed {
  return attempts.reduce(
    (sum, { relayed: { published, givenUp, left } }) => ({
      published: sum.published + published,
      givenUp: sum.givenUp + givenUp,
      left: sum.left + left,
    }),
    { published: 0, givenUp: 0, left: 0 },
  );
}
