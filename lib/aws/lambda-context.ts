/** What we use of Lambda's context, and what follows from it. */
import { type Limits, limitsUntil } from "../runtime/turn/work.js";
import type { SystemClock } from "./clock.js";

export interface LambdaContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** A handler of ours: its event is whatever came, and is checked. */
export type Handler<Result = unknown> = (event: unknown, context: LambdaContext) => Promise<Result>;

/** Kept free at the end of an invocation for settling: ten seconds, or a fifth of what there is. */
const SETTLING_MS = 10_000;
const SETTLING_SHARE = 0.2;

/**
 * When this invocation ends, on our clock. Lambda counts real milliseconds; a scaled clock runs through more of its own in that time, and
 * everything that the turn compares with its limits is on that clock.
 */
export function limitsOf(context: LambdaContext, clock: SystemClock): Limits {
  const realMs = context.getRemainingTimeInMillis();
  const wholeMs = clock.fromReal(realMs);
  const deadline = clock.now() + wholeMs;
  const settlingMs = clock.fromReal(Math.min(SETTLING_MS, SETTLING_SHARE * realMs));
  return limitsUntil(deadline, wholeMs, settlingMs);
}
