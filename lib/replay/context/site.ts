/** Where a context's call comes from, and what it needs of the replay that it belongs to. */
import type { Context } from "../../define/context.js";
import type { AnyWorkflow } from "../../define/workflow.js";
import type { EpochMs } from "../../model/time.js";
import type { Encoded } from "../../model/value.js";
import type { Branch } from "../branch.js";
import type { LogSink } from "../logger.js";
import type { NewOperation } from "../operation.js";

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
  readonly log: LogSink;
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
  /** What the last cancel, or the execution's timeout, threw: no rule of the code's own tolerates it. */
  readonly interruption: Error | undefined;
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
 * Lets code go on that waited for something to be undone. Not where it was abandoned meanwhile; and a cancel that came meanwhile is what
 * it finds, as at any other await.
 */
export function goOnAfter(
  { requests, branch }: Site,
  undoing: Promise<void> | undefined,
  goOn: () => void,
  reject: (error: unknown) => void,
): void {
  if (undoing === undefined) return goOn();
  const before = requests.interruption;
  void undoing.then(() => {
    if (branch.over === "abandoned") return;
    if (requests.interruption === before) goOn();
    else reject(requests.interruption);
  });
}

/** The code may well drop the promise: a rejection that nobody awaits must not end the process (I13). */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/**
 * Asks, or rejects with what was wrong with the question. No async function of ours stands between an operation's promise and the code:
 * each would cost a replay its promises.
 */
export function asking<T>({ requests, branch }: Site, name: string, ask: () => Promise<unknown>): Promise<T> {
  try {
    // What is answered is what the operation's own types promise: the recorded result of that very body, event or timer.
    return (requests.guard(branch, name) ? ask() : never()) as Promise<T>;
  } catch (error) {
    return handled(Promise.reject<T>(error));
  }
}
