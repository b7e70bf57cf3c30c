/** Looking into dead-letter queues: SQS has no look that takes nothing, so what is looked at is hidden for a moment, and then shown again. */
import { sentBack, type Verdict, verdictOf } from "../aws/event-attributes.js";
import type { DeadLetter, EventQueue } from "../aws/event-queue.js";
import type { EventConsumer } from "../aws/outside.js";
import { firingExecutionId, readFiring, saysFiring } from "../model/firing.js";

/** A dead event, as it is shown. */
export interface ShownLetter {
  /** SQS's id of the message: it changes when the event dies again. */
  readonly id: string;
  readonly queue: EventConsumer;
  /** Absent for one whose receives ran out: the audit sends it back by itself. */
  readonly reason?: Verdict;
  readonly sentAt?: Date;
  /** As far as it can be read; of a schedule's firing, the id of what it starts. */
  readonly event?: string;
  readonly eventId?: string;
  readonly body: string;
}

type Queues = ReadonlyMap<EventConsumer, EventQueue>;

/** Longer than the rest of a command takes; whoever looks meanwhile sees the others. */
const HIDDEN_SECONDS = 60;

/** SQS gives what the servers that it asked have: one empty answer is not yet the end. */
const EMPTY_ANSWERS = 2;

/** At most `limit` of all queues, the oldest of each first. SQS may leave some out: a list is what could be had now. */
export async function listDead(queues: Queues, limit: number): Promise<ShownLetter[]> {
  const shown: ShownLetter[] = [];
  await look(queues, limit, async (letter, which) => {
    shown.push(shownLetter(letter, which));
    return "keep";
  });
  return shown.sort((one, other) => (one.sentAt?.getTime() ?? 0) - (other.sentAt?.getTime() ?? 0));
}

export interface Retried {
  /** Those that were sent back. */
  readonly letters: readonly ShownLetter[];
  /** What broke it off after them; absent when all that was wanted was gone through. */
  readonly failure?: { readonly error: unknown };
}

/**
 * Sends dead events back to the queues that they died in, then takes them out: who dies between the two leaves one twice, and it counts once.
 * An event that dies again at once has another id then, and is not sent back once more.
 * @param ids which; undefined is all that can be had
 */
export async function retryDead(
  queues: Queues,
  ids: ReadonlySet<string> | undefined,
  limit: number,
): Promise<Retried> {
  const letters: ShownLetter[] = [];
  // By what was sent: SQS's clock and ours need not agree.
  const sent = new Set<string>();
  try {
    await look(queues, limit, async (letter, which, queue) => {
      const { id, body } = letter;
      const attributes = sentBack(letter);
      const content = JSON.stringify([which, body, attributes]);
      if (ids === undefined ? sent.has(content) : !ids.has(id)) return "keep";
      await queue.send({ body, attributes });
      sent.add(content);
      letters.push(shownLetter(letter, which));
      await queue.delete(letter.receipt);
      return "gone";
    });
    return { letters };
  } catch (error) {
    return { letters, failure: { error } };
  }
}

async function look(
  queues: Queues,
  limit: number,
  each: (letter: DeadLetter, which: EventConsumer, queue: EventQueue) => Promise<"keep" | "gone">,
): Promise<void> {
  for (const [which, queue] of queues) {
    const seen = new Set<string>();
    const hidden = new Map<string, DeadLetter>();
    try {
      for (let empty = 0; empty < EMPTY_ANSWERS && seen.size < limit; ) {
        const letters = await queue.receive(HIDDEN_SECONDS);
        const fresh = letters.filter(({ id }) => !seen.has(id));
        if (fresh.length === 0) empty += 1;
        for (const letter of fresh) hidden.set(letter.id, letter);
        for (const letter of fresh) {
          seen.add(letter.id);
          if (seen.size <= limit && (await each(letter, which, queue)) === "gone") hidden.delete(letter.id);
        }
      }
    } finally {
      // One that can't be shown again now shows itself within a minute.
      await Promise.allSettled([...hidden.values()].map(({ receipt }) => queue.show(receipt)));
    }
  }
}

function shownLetter({ id, body, attributes, sentAt }: DeadLetter, queue: EventConsumer): ShownLetter {
  const reason = verdictOf(attributes);
  return {
    id,
    queue,
    ...(reason === undefined ? {} : { reason }),
    ...(sentAt === undefined ? {} : { sentAt: new Date(sentAt) }),
    ...namesIn(body),
    body,
  };
}

function namesIn(body: string): { readonly event?: string; readonly eventId?: string } {
  try {
    const found: unknown = JSON.parse(body);
    if (typeof found !== "object" || found === null) return {};
    if (saysFiring(found)) {
      const firing = readFiring(found);
      return { event: firingExecutionId(firing, firing.scheduledAt) };
    }
    const [event, eventId]: unknown[] = [Reflect.get(found, "detail-type"), Reflect.get(found, "id")];
    return {
      ...(typeof event === "string" ? { event } : {}),
      ...(typeof eventId === "string" ? { eventId } : {}),
    };
  } catch {
    return {};
  }
}
