/** The dead-letter queues of a deployment, as clients look into them. The runtime itself only puts into them. */
import type { EpochMs } from "../model/time.js";

/**
 * Which queue. `deliver`: events that waits could not be handed. `start`: events and firings that could not start anything. `wakes`: wakes whose
 * receives ran out. `timers`: wakes that EventBridge Scheduler could not hand over. `relay`: parts of the table's stream that the relay failed
 * on, by their place; what they hold stays marked, and the audit carries it.
 */
export type DeadLetterQueueName = (typeof DEAD_LETTER_QUEUES)[number];

/** In the order in which they are gone through. */
export const DEAD_LETTER_QUEUES = ["deliver", "start", "wakes", "timers", "relay"] as const;

/** Why something was given up, and by whom. */
export interface DeadLetterReason {
  /** Stable and for programs. */
  readonly code: string;
  readonly message: string;
  /** ISO time. */
  readonly at?: string;
  readonly by?: string;
}

/** One message that was set aside. */
export interface SetAside {
  /** The queue's own id of the message: it changes when it dies again. */
  readonly id: string;
  readonly queue: DeadLetterQueueName;
  /** Absent for one whose receives ran out. */
  readonly reason?: DeadLetterReason;
  /** When it was sent to the queue that it died in, or to the dead-letter queue. */
  readonly sentAt?: EpochMs;
  /** As it came. */
  readonly body: string;
}

/** A dead-letter queue, and how full it is. */
export interface DeadLetterQueueState {
  readonly queue: DeadLetterQueueName;
  /** About how many lie in it, those that somebody looks at just now included. */
  readonly count: number;
}

/** What became of those that were to go. */
export interface SetAsideGone {
  readonly gone: readonly SetAside[];
  /** What broke it off after them; absent when all that was wanted was gone through. */
  readonly failure?: { readonly error: unknown };
}

/** Which of them: by their ids, or all that can be had. At most `limit` of each queue are looked at. */
export interface SetAsideRequest {
  readonly ids?: ReadonlySet<string>;
  readonly queues?: readonly DeadLetterQueueName[];
  readonly limit: number;
}

/** SQS has no look that takes nothing: what is looked at is hidden for that moment, and a look may leave some out. */
export interface DeadLetterQueues {
  /** Of the queues that are known. */
  count(): Promise<readonly DeadLetterQueueState[]>;
  list(request: SetAsideRequest): Promise<readonly SetAside[]>;
  /** Sends them back to where they died, then takes them out: who dies between the two leaves one twice, and it counts once. Never those of `relay`. */
  sendBack(request: SetAsideRequest): Promise<SetAsideGone>;
  /** Takes them out for good. */
  delete(request: SetAsideRequest): Promise<SetAsideGone>;
}
