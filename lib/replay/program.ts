/** What goes into a replay, and what comes out of it at its end. */
import type { AnyWorkflow } from "../define/workflow.js";
import type { CompensationOutcome } from "../model/history-event.js";
import type { EpochMs } from "../model/time.js";
import type { Encoded, ErrorClasses } from "../model/value.js";
import type { Requests } from "./context.js";

/** What is replayed. */
export interface Program {
  readonly executionId: string;
  readonly workflow: AnyWorkflow;
  readonly input: Encoded;
  /** The id of the bus event that started it: counts as consumed (PROTOCOL A4). */
  readonly startedBy?: string;
  /** `now` until the first delivery. */
  readonly startAt: EpochMs;
  readonly errors: ErrorClasses;
  /** Where `ctx.log` goes, with this replay deciding whether anything is said. */
  readonly log: Requests["log"];
}

/** How the workflow function, and the compensations after it, ended. */
export type Outcome =
  | { readonly kind: "completed"; readonly output: Encoded }
  | {
      readonly kind: "failed" | "cancelled";
      readonly error: Encoded;
      readonly compensation: CompensationOutcome;
    };
