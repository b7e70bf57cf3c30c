/** What goes into a replay, and what comes out of it at its end. */
import type { AnyWorkflow } from "../define/workflow.js";
import type { CompensationOutcome } from "../model/history-event.js";
import type { EpochMs } from "../model/time.js";
import type { Encoded, ErrorClasses } from "../model/value.js";
import type { Requests } from "./context/site.js";

/** What is replayed. */
export interface Program {
  readonly executionId: string;
  /** What chance is drawn from, where that is not the id. */
  readonly seed?: string;
  readonly workflow: AnyWorkflow;
  readonly input: Encoded;
  /** The id of the bus event that started it: counts as consumed (PROTOCOL A4). */
  readonly startedBy?: string;
  /** `now` until the first delivery. */
  readonly startAt: EpochMs;
  /** Its own timeout, for the words of the error. */
  readonly timeoutMs?: number;
  readonly errors: ErrorClasses;
  /** Where `ctx.log` goes, with this replay deciding whether anything is said. */
  readonly log: Requests["log"];
  /** Changes that the history says were in use (`ctx.patched`). */
  readonly patches?: ReadonlySet<string>;
  /** No code has ever run for this execution: what its first window asks for is new, and comes after the messages that it inherited. */
  readonly fresh?: { readonly inherited: number };
}

/** How the workflow function, and the compensations after it, ended. */
export type Outcome =
  /** With the compensation of sagas that failed in it, if any did. */
  | { readonly kind: "completed"; readonly output: Encoded; readonly compensation?: CompensationOutcome }
  | {
      readonly kind: "failed" | "cancelled";
      readonly error: Encoded;
      readonly compensation: CompensationOutcome;
    }
  | { readonly kind: "continued"; readonly input: Encoded };
