/** Children: created once their request is durable, and told to end when nobody waits for them any more (PROTOCOL B). */
import type { Hooks } from "../define/hooks.js";
import { parse } from "../define/schema.js";
import {
  ExecutionClosedError,
  ExecutionConflictError,
  InvalidInputError,
  PayloadTooLargeError,
  UnencodableValueError,
} from "../model/errors.js";
import type { OnParentClose } from "../model/history-event.js";
import { digest } from "../model/ids.js";
import { isClosed } from "../model/status.js";
import { storable, storableError } from "../model/storable.js";
import { type Encoded, encode } from "../model/value.js";
import type { ChildOperation } from "../replay/operation.js";
import { create } from "./create.js";
import { terminate } from "./ending/terminate.js";
import { deliverMessage } from "./messages/accept.js";
import type { Outside } from "./outside.js";
import type { Happening } from "./turn/happening.js";
import type { Work } from "./turn/work.js";
import { storeValue } from "./values/values.js";

/** Calls for children at once: enough to hide a call's latency, few enough that the SDK's 50 sockets are not all taken by them. */
export const MOST_CALLS = 32;

/**
 * Creates the child and wakes it; both may be repeated.
 * @throws UnknownWorkflowError when the app declares no such workflow: a deploy can mend that, so it is no failure of the child
 */
export async function createChild(
  { outside, app, owned }: Work,
  child: ChildOperation,
): Promise<Happening | undefined> {
  const { path: op, label, childId, workflow, input } = child;
  const declared = app.workflow(workflow.name);
  const refused = (error: unknown): Happening => ({
    event: { type: "ChildRefused", op, error: storableError(error) },
  });
  let stored: Encoded;
  try {
    const what = `The input of ${label}`;
    stored = storable(await parse(declared.input, input, what), what);
  } catch (error) {
    if (isOfTheInput(error)) return refused(error);
    throw error;
  }
  const parent = { executionId: owned.head.executionId, op };
  const { head } = await create(outside, {
    executionId: childId,
    workflow: declared,
    input: await storeValue(outside.store, childId, "input", stored),
    createdAt: outside.clock.now(),
    parent,
    // What it is given was made by that code, for its own version of the child.
    pin: owned.head.pin,
    createToken: tokenOf(parent),
  });
  if (head.parent?.executionId !== parent.executionId || head.parent.op !== op)
    return refused(new ExecutionConflictError(childId, "and is not a child of this operation"));
  // One that is closed already tells its parent again.
  await outside.wakes.send({ executionId: childId, reason: "start" }, 0);
  child.there = true;
  return undefined;
}

/** Nobody waits for the child any more. One that is left to itself is created all the same: it was requested. */
export async function abandonChild(work: Work, child: ChildOperation): Promise<Happening> {
  const { outside, app, owned } = work;
  const { path: op, childId, workflow, onParentClose } = child;
  if (onParentClose === "abandon" && !child.there) await createChild(work, child);
  const released = { op, childId, workflow: workflow.name, onParentClose };
  await releaseChild(outside, owned.head.executionId, released, app.hooks);
  return { event: { type: "ChildAbandoned", op } };
}

export interface ReleasedChild {
  readonly op: string;
  readonly childId: string;
  readonly workflow: string;
  readonly onParentClose: OnParentClose;
}

/** Does with a child what its `onParentClose` says. May be repeated. */
export async function releaseChild(
  outside: Outside,
  parentId: string,
  { op, childId, workflow, onParentClose }: ReleasedChild,
  hooks: readonly Hooks[],
): Promise<void> {
  if (onParentClose === "abandon") return;
  const parent = { executionId: parentId, op };
  // A creation that comes later finds it closed (PROTOCOL B2).
  const { created, head } = await create(outside, {
    executionId: childId,
    workflow: { name: workflow, definition: "" },
    input: { inline: encode(undefined) },
    createdAt: outside.clock.now(),
    parent,
    closed: onParentClose === "cancel" ? "cancelled" : "terminated",
    createToken: tokenOf({ ...parent, op: `${op}/closed` }),
  });
  const isOurs = head.parent?.executionId === parentId && head.parent.op === op;
  if (created || !isOurs || (isClosed(head.status) && head.status !== "continued")) return;
  const reason = `its parent "${parentId}" no longer waits for it`;
  if (onParentClose === "terminate") {
    await terminate(outside, childId, { by: parentId, reason }, hooks).catch((error: unknown) => {
      // It came to its own end first.
      if (!(error instanceof ExecutionClosedError)) throw error;
    });
    return;
  }
  const at = outside.clock.now();
  await deliverMessage(outside, childId, { kind: "cancel", id: "cancel", at, by: parentId, reason });
}

function tokenOf(parent: { readonly executionId: string; readonly op: string }): string {
  return digest(`${parent.executionId}\n${parent.op}`, 22);
}

function isOfTheInput(error: unknown): boolean {
  return (
    error instanceof InvalidInputError ||
    error instanceof UnencodableValueError ||
    error instanceof PayloadTooLargeError
  );
}
