/** Where a context's call comes from, and what it needs of the replay that it belongs to. */
import type { Context, Logger } from "../../define/context.js";
import type { AnyWorkflow } from "../../define/workflow.js";
import type { EpochMs } from "../../model/time.js";
import type { Encoded } from "../../model/value.js";
import type { Branch } from "../branch.js";
import type { NewOperation } from "../operation.js";

export type LogLevel = keyof Logger;

/** Answers updates of one name. */
export interface UpdateHandler {
  /** Throws for an input that does not fit. */
  readonly parse: (input: unknown) => unknown;
  readonly handle: (context: Context, input: never) => unknown;
}

/** The replay, as the context sees it. */
export interface Requests {
  readonly executionId: string;
  /** What chance is drawn from. */
  readonly seed: string;
  readonly workflow: AnyWorkflow;
  readonly startAt: EpochMs;
  readonly log: { write(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void };
  now(): EpochMs;
  /** Throws when the call is misplaced (I14); false when the code may not run on (I10), and then must never be answered. */
  guard(branch: Branch, operation: string): boolean;
  request(operation: NewOperation, branch: Branch): Promise<unknown>;
  /** Runs code of a branch, with a context of its own. */
  run<T>(branch: Branch, code: (context: Context) => T | Promise<T>): Promise<T>;
  /** Ends branches whose outcome no longer matters. A promise when there is something to undo first. */
  abandon(branches: readonly Branch[]): Promise<void> | undefined;
  /** Ends what a saga still has under way, and undoes what completed in it. */
  undoSaga(branch: Branch, error: Encoded): Promise<void>;
  /** Whether it is what a cancel or the execution's timeout threw: no rule of the code's own tolerates it. */
  interrupts(error: unknown): boolean;
  patched(change: string): boolean;
  setState(value: Encoded): void;
  handleUpdate(name: string, handler: UpdateHandler): void;
  continueWith(input: Encoded): void;
}

export interface Site {
  readonly requests: Requests;
  readonly branch: Branch;
}

/** Awaited by code that may not go on: it is garbage-collected with the replay (I7: no exception runs through user code). */
export const never = (): Promise<never> => new Promise(() => {});

/**
 * Asks, or rejects with what was wrong with the question. A workflow may well drop the promise: a rejection that nobody awaits must not end
 * the process (I13). No async function of ours stands between an operation's promise and the code: each would cost a replay its promises.
 */
export function asking<T>({ requests, branch }: Site, name: string, ask: () => Promise<unknown>): Promise<T> {
  try {
    // What is answered is what the operation's own types promise: the recorded result of that very body, event or timer.
    return (requests.guard(branch, name) ? ask() : never()) as Promise<T>;
  } catch (error) {
    const refused = Promise.reject<T>(error);
    refused.catch(() => {});
    return refused;
  }
}
