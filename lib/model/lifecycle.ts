/** What an execution tells the bus of its own life, where its workflow asks for it. */

/** In the order in which they can come. */
export const LIFECYCLE_KINDS = [
  "started",
  "completed",
  "failed",
  "cancelled",
  "terminated",
  "stalled",
  "continued",
  "redriven",
] as const;

/** What an execution can tell the bus of its own life. */
export type LifecycleKind = (typeof LIFECYCLE_KINDS)[number];

const PREFIX = "holdfast.execution.";

/** The event's `detail-type` on the bus: `holdfast.execution.failed`. */
export function lifecycleEventName(kind: LifecycleKind): string {
  return PREFIX + kind;
}

export function isLifecycleEventName(name: string): boolean {
  return LIFECYCLE_KINDS.some((kind) => lifecycleEventName(kind) === name);
}

/** The `detail` of a lifecycle event. Inputs, outputs and stacks are left out: they may be large, and are not everybody's to see. */
export interface ExecutionEvent {
  readonly executionId: string;
  readonly workflow: string;
  /** That the workflow declares. */
  readonly version?: string;
  /** As the fact leaves it. */
  readonly status: "running" | Exclude<LifecycleKind, "started" | "redriven">;
  /** When it was recorded, in ISO 8601. */
  readonly at: string;
  /** The execution whose child it is. */
  readonly parent?: string;
  /** Of one that failed, was cancelled or stalled; its message is cut to 1,000 characters. */
  readonly error?: { readonly name: string; readonly message: string };
  /** Of one that continued as new: the execution that goes on. */
  readonly continuedTo?: string;
}
