/** One way to use an operation of the store, for whatever can go wrong with it. */
import type { Store } from "../../../lib/store/ports.js";

export interface Case<Answer = unknown> {
  readonly what: string;
  /** What is there before. */
  prepare?(store: Store): Promise<unknown>;
  /** Written just before: an index that lags behind does not show it. */
  last?(store: Store): Promise<unknown>;
  /** The operation. It may be repeated as it is. */
  run(store: Store): Promise<Answer>;
  /** What an answer means to who asked, where two that differ mean the same. */
  means?(answer: Answer): unknown;
  /** An answer upon which who asked will ask again. */
  asksAgain?(answer: Answer): boolean;
  /** Attributes of the head that a repeat may leave otherwise, which the case says why. */
  readonly besides?: readonly string[];
  /** What an answer from an index that lags behind must still be. Throws when it is not. */
  duringLag?(answer: Answer, calm: Store): Promise<void>;
}

export const one = <Answer>(theCase: Case<Answer>): Case<Answer> => theCase;
