/** What could not be handled, and lies in the dead-letter queues: to be looked at, sent back, or deleted. */
import { InvalidInputError } from "../model/errors.js";
import { firingExecutionId, readFiring, saysFiring } from "../model/firing.js";
import { shown } from "../model/shown.js";
import {
  DEAD_LETTER_QUEUES,
  type DeadLetterQueueName,
  type DeadLetterQueueState,
  type DeadLetterQueues,
  type DeadLetterReason,
  type SetAside,
  type SetAsideGone,
  type SetAsideRequest,
} from "../runtime/dead-letters.js";
import type { Outside } from "../runtime/outside.js";
import { given } from "./given.js";
import { checkedLimit } from "./list.js";

export type { DeadLetterQueueName, DeadLetterQueueState, DeadLetterReason } from "../runtime/dead-letters.js";

/** A message that was set aside. */
export interface DeadLetterDescription {
  /** The queue's own id of the message: it changes when it dies again. */
  readonly id: string;
  readonly queue: DeadLetterQueueName;
  /** Absent for one whose receives ran out: the audit sends it back by itself. */
  readonly reason?: DeadLetterReason;
  readonly sentAt?: Date;
  /** Of an event its name; of a firing the id of what it starts. As far as it can be read. */
  readonly event?: string;
  readonly eventId?: string;
  /** Of a wake: whom it is for. */
  readonly executionId?: string;
  /** As it came. */
  readonly body: string;
}

/** Which dead letters are looked at, and how many at most. */
export interface DeadLetterOptions {
  /** Only of these queues. */
  readonly queues?: readonly DeadLetterQueueName[];
  /** How many of each queue are looked at: 1 to 1,000, default 50. */
  readonly limit?: number;
}

/** What became of those that were to go. */
export interface DeadLettersGone {
  /** Those that were sent back, or deleted. */
  readonly gone: readonly DeadLetterDescription[];
  /** Of the ids that were asked for: those that were not found now. SQS may have left them out; ask again. */
  readonly missing: readonly string[];
  /** What broke it off after them. */
  readonly failure?: { readonly error: unknown };
}

/**
 * The dead-letter queues of the deployment. SQS has no look that takes nothing: what is looked at is hidden from others for that moment, a minute
 * at most, and a look may leave some out. Needs `sqs:ReceiveMessage` and `sqs:ChangeMessageVisibility` on the dead-letter queues, to count
 * `sqs:GetQueueAttributes`, to delete `sqs:DeleteMessage`, and to send back `sqs:SendMessage` on the queues, too.
 */
export class ClientDeadLetters {
  readonly #connect: () => Promise<Outside>;

  constructor(connect: () => Promise<Outside>) {
    this.#connect = connect;
  }

  /** How many lie in each queue, about. */
  async count(): Promise<readonly DeadLetterQueueState[]> {
    return (await this.#queues()).count();
  }

  /** The oldest first. */
  async list(options: DeadLetterOptions = {}): Promise<readonly DeadLetterDescription[]> {
    const request = requestOf("list", options);
    return (await (await this.#queues()).list(request)).map(described);
  }

  /**
   * Sends them back to the queues that they died in; mend the cause first. What dies again at once is not sent back once more.
   * @param which ids, as they are listed, or all that can be had; those of `relay` are never sent back
   */
  async retry(which: readonly string[] | "all", options: DeadLetterOptions = {}): Promise<DeadLettersGone> {
    const request = requestOf("retry", options, which);
    return goneOf(await (await this.#queues()).sendBack(request), which);
  }

  /** Deletes them for good. @param which ids, as they are listed, or all that can be had */
  async delete(which: readonly string[] | "all", options: DeadLetterOptions = {}): Promise<DeadLettersGone> {
    const request = requestOf("delete", options, which);
    return goneOf(await (await this.#queues()).delete(request), which);
  }

  async #queues(): Promise<DeadLetterQueues> {
    const { deadLetters } = await this.#connect();
    if (deadLetters !== undefined) return deadLetters;
    throw new InvalidInputError("The client", [
      {
        path: "deadLetters",
        message:
          "expected a client that knows the deployment's dead-letter queues: one of DurableClient.fromStack(...), or one that was given their names",
      },
    ]);
  }
}

function requestOf(
  call: string,
  options: DeadLetterOptions,
  which?: readonly string[] | "all",
): SetAsideRequest {
  const { queues, limit } = given(`client.deadLetters.${call}`, options);
  for (const queue of queues ?? []) {
    if (DEAD_LETTER_QUEUES.includes(queue)) continue;
    const message = `expected some of ${DEAD_LETTER_QUEUES.join(", ")}, found ${shown(queue)}`;
    throw new InvalidInputError("The request", [{ path: "queues", message }]);
  }
  return {
    limit: checkedLimit(limit),
    ...(queues === undefined ? {} : { queues }),
    ...(which === undefined || which === "all" ? {} : { ids: new Set(which) }),
  };
}

function goneOf({ gone, failure }: SetAsideGone, which: readonly string[] | "all"): DeadLettersGone {
  const found = new Set(gone.map(({ id }) => id));
  return {
    gone: gone.map(described),
    missing: which === "all" ? [] : which.filter((id) => !found.has(id)),
    ...(failure === undefined ? {} : { failure }),
  };
}

function described({ sentAt, ...letter }: SetAside): DeadLetterDescription {
  return {
    ...letter,
    ...(sentAt === undefined ? {} : { sentAt: new Date(sentAt) }),
    ...namesIn(letter.body),
  };
}

function namesIn(body: string): Pick<DeadLetterDescription, "event" | "eventId" | "executionId"> {
  try {
    const found: unknown = JSON.parse(body);
    if (typeof found !== "object" || found === null) return {};
    if (saysFiring(found)) {
      const firing = readFiring(found);
      return { event: firingExecutionId(firing, firing.scheduledAt) };
    }
    const text = (field: string, name: string): object => {
      const value: unknown = Reflect.get(found, field);
      return typeof value === "string" ? { [name]: value } : {};
    };
    return {
      ...text("detail-type", "event"),
      ...text("id", "eventId"),
      ...text("executionId", "executionId"),
    };
  } catch {
    return {};
  }
}
