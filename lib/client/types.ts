/** What a client asks and is answered. */

import type { Labels } from "../model/labels.js";
import type { ExecutionStatus } from "../model/status.js";
import type { Duration } from "../model/time.js";
import type { Damaged } from "../store/ports.js";
import type { Progress } from "./progress.js";

export type { ExecutionStarted, HistoryEntry } from "../model/history-entry.js";
export type { Damaged } from "../store/ports.js";

/**
 * `application` and `pipelineConfigId`, texts of 1 to 256 bytes, are what the execution can be listed by beside its workflow: on behalf of whom
 * it runs, and by which configuration. One write unit each. Its `continueAsNew` successors and its forks have the same, its children none.
 * An execution that exists already keeps its own.
 */
export interface StartOptions extends Labels {
  /** The execution's id, a natural key of yours: a repeated start with it finds what the first one started. Default: a new one. */
  readonly id?: string;
  /** What an existing execution of that id means: `"return"` it (if workflow and input are the same) or `"fail"`. Default `"return"`. */
  readonly onConflict?: "return" | "fail";
  /** The code does not begin before it has passed. */
  readonly delay?: Duration;
  /** Waits for the end, at most this long. `true`: as long as {@link DEFAULT_WAIT} says. */
  readonly wait?: true | Duration;
}

/** What a start gives. */
export interface StartedExecution<Output = unknown> {
  readonly executionId: string;
  readonly status: ExecutionStatus;
  /** False when it existed already. */
  readonly created: boolean;
  /** Of a completed one, if the call waited. */
  readonly output?: Output;
  /** Of one that ended otherwise, if the call waited. */
  readonly error?: Error;
}

/** As it stands in history. */
export interface Stopped {
  readonly at: Date;
  readonly by?: string;
  readonly reason?: string;
}

/** All that is known of an execution, but its history. */
export interface ExecutionDescription extends Labels {
  readonly executionId: string;
  readonly workflow: string;
  readonly version?: string;
  /** Digest of the workflow's code at the start. */
  readonly definition: string;
  /**
   * Of one whose workflow is pinned: the published version of the worker that runs it, `<function>:<version>`; `"next"`: the latest, from its next turn on. Absent: the
   * latest.
   */
  readonly pinnedTo?: string;
  readonly status: ExecutionStatus;
  readonly createdAt: Date;
  /** Later than `createdAt` for a delayed start. */
  readonly startAt: Date;
  readonly closedAt?: Date;
  /** Since then its history and large values go, or are gone. The head of one that was continued stays for as long as its successor does. */
  readonly deletedAt?: Date;
  readonly input: unknown;
  readonly output?: unknown;
  readonly error?: Error;
  /** What its code last set (`ctx.setState`), as of its last suspension. */
  readonly state?: unknown;
  /** The execution whose child it is. */
  readonly parent?: string;
  /** The execution whose `continueAsNew` or fork it is. */
  readonly origin?: { readonly kind: "continued" | "forked"; readonly executionId: string };
  /** The execution that goes on where this one ended by `continueAsNew`. */
  readonly continuedTo?: string;
  /** When it times out. */
  readonly deadline?: Date;
  /** The id of the bus event that started it. */
  readonly startedBy?: string;
  /** How many events it waits for. */
  readonly waitCount: number;
  /** Events that it waits for; of thousands, the first few. */
  readonly waits: readonly { readonly event: string; readonly key?: string }[];
  readonly compensation?: "none" | "complete" | "incomplete";
  /** The service whose functions run it, where the client knows which. */
  readonly service?: string;
  /** Whoever is at work on it, or was when it died, and until when nobody else takes it. */
  readonly lease?: { readonly owner: string; readonly until: Date };
  /** Of a cancelled one: who asked for it, why and when. */
  readonly cancelled?: Stopped;
  /** Of a terminated one. */
  readonly terminated?: Stopped;
  /** Why it is not at its end, when it is looked at next, what would free it, and what its code awaits (as of its last turn). */
  readonly progress: Progress;
}

/** Which executions: those that fit all that is given. `application` and `pipelineConfigId` are those of the start. */
export interface ExecutionFilter extends Labels {
  /** One or several. Open, failed and stalled executions are found by index; others only with a workflow, an application or a pipelineConfigId. */
  readonly status?: ExecutionStatus | readonly ExecutionStatus[];
  readonly workflow?: string;
  /** Created then or later: inclusive. */
  readonly createdAfter?: Date;
  /** Created earlier: exclusive, so that windows that follow each other hold each execution once. */
  readonly createdBefore?: Date;
  /** Open executions of which something (a timer, a timeout, a retry, their start) is due earlier. Pages may be short. */
  readonly dueBefore?: Date;
  /** Open executions held by a lease that ends earlier: those whose worker is late, where it is now. Pages may be short. */
  readonly leaseExpiredBefore?: Date;
}

/** Which executions are listed, and how many at a time. */
export interface ListOptions extends ExecutionFilter {
  /** 1 to 1,000, default 50. */
  readonly limit?: number;
  /** Of the page before. */
  readonly cursor?: string;
}

/** An execution as lists show it: what its head says, without its input and its history. */
export interface ListedExecution extends Labels {
  readonly executionId: string;
  readonly workflow: string;
  /** Digest of the workflow's code at the start. */
  readonly definition: string;
  /** Of one whose workflow is pinned: the code that runs it. */
  readonly pinnedTo?: string;
  readonly status: ExecutionStatus;
  readonly createdAt: Date;
  readonly closedAt?: Date;
  /** The earliest instant at which something of it is due; of one that is running with nobody at work on it, its start. */
  readonly dueAt?: Date;
  /** Whoever is at work on it, or was when it died. */
  readonly lease?: { readonly owner: string; readonly until: Date };
}

/** A page of a list. */
export interface ExecutionPage {
  /** Newest first. A filtered page may be short, or empty, and still not be the last. */
  readonly executions: readonly ListedExecution[];
  /** Executions of this page whose records can't be read, if there are any. Whether they fit a filter on what the record says is not known. */
  readonly damaged?: readonly Damaged[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/** Whom an event is for, and what makes it the same one when it is published again. */
export interface PublishOptions {
  /** Delivers it to this one execution. */
  readonly target?: string;
  /** The event's stable id: a repeat with the same id is the same event of its type. 1 to 256 bytes. Default: a new one. */
  readonly id?: string;
}

/** How long `wait: true` and a `result` without a timeout wait. */
export const DEFAULT_WAIT: Duration = "1m";
