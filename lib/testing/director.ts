/**
 * Who decides what happens next among all that could: which held call goes on, what becomes of it, which message comes twice. Without one, calls go
 * on as they are made, and only messages are chosen between.
 */
import type { TestProcess } from "./process.js";

/** A call that a process makes to the outside. */
export interface OutsideCall {
  readonly process: TestProcess;
  /** `store.appendCommit` */
  readonly name: string;
  readonly args: readonly unknown[];
  /** Makes it: from then on it has taken effect, or was refused. */
  readonly take: () => Promise<unknown>;
}

/** A message that an invocation has in hand. */
export interface ReceivedMessage {
  readonly queue: string;
  /** Another invocation may receive it now, too: every queue delivers at least once. */
  readonly repeat: () => void;
  /** Nobody receives it any more. */
  readonly lose: () => void;
}

export interface Director {
  /** What could go on now beside the messages that could be received. */
  readonly moves: readonly (() => void)[];
  /** Stands in for the call: what it gives, or throws, is the call's reply. */
  call(call: OutsideCall): Promise<unknown>;
  /** An invocation begins with a message. */
  received(process: TestProcess, message: ReceivedMessage): void;
}
