/**
 * What must still be done once an execution has ended (PROTOCOL B1). Its settlement names it, and while any of it is left the execution stays
 * among the open ones, where the audit looks.
 */
import { DUTIES, type Duty, type Parent } from "../model/head.js";
import type { ClosedStatus } from "../model/status.js";

/** The duties that its settlement names. */
export function dutiesOf(end: {
  readonly status: ClosedStatus;
  readonly parent: Parent | undefined;
  /** Some of its children do something when it ends. */
  readonly openChildren: boolean;
  /** Wait records still stand. */
  readonly waits: boolean;
}): readonly Duty[] {
  const isContinued = end.status === "continued";
  const duties: readonly (Duty | false)[] = [
    end.waits && "waits",
    end.openChildren && "children",
    isContinued && "successor",
    // It inherits the parent.
    !isContinued && end.parent !== undefined && "parent",
  ];
  return duties.filter((duty) => duty !== false);
}

/**
 * What a wake has done that finds it closed: what is left, and what somebody may ask for again: a parent that has been redriven, or whoever
 * has a message for the one that goes on.
 */
export function dutiesNow(closed: {
  readonly status: ClosedStatus;
  readonly parent?: Parent | undefined;
  readonly duties?: readonly Duty[] | undefined;
}): readonly Duty[] {
  const { status, parent, duties: left = [] } = closed;
  const again = dutiesOf({ status, parent, openChildren: false, waits: false });
  return DUTIES.filter((duty) => left.includes(duty) || again.includes(duty));
}
