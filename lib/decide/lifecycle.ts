/**
 * The event for the bus that a fact of an execution's life comes with. It rides in the commit that records the fact, so that it is sent if and
 * only if that was recorded.
 *
 * | the fact                                       | told as                                |
 * |------------------------------------------------|----------------------------------------|
 * | the first commit of all that a turn writes     | started                                |
 * | ExecutionCompleted, -Failed, -Cancelled, -Terminated, -Continued, -Stalled, -Redriven | the same |
 * | anything else                                  | nothing                                |
 */
import type { Head } from "../model/head.js";
import type { HistoryEvent } from "../model/history-event.js";
import { digest } from "../model/ids.js";
import { type ExecutionEvent, type LifecycleKind, lifecycleEventName } from "../model/lifecycle.js";
import type { OutgoingEvent } from "../model/outgoing.js";
import type { EpochMs } from "../model/time.js";
import { decode, type Encoded, textOf } from "../model/value.js";

/** In characters: enough to know what happened, and little in the commit. */
const LONGEST_MESSAGE = 1_000;

/** What is known of the execution in whose name it is sent. */
type Sender = Pick<Head, "executionId" | "workflow" | "version" | "parent" | "epoch" | "lifecycleEvents">;

/** What the fact itself does not say. */
interface Circumstances {
  readonly error?: Encoded | undefined;
  readonly continuedTo?: string | undefined;
}

/** Empty where nobody asked for it. */
export function startedEvent(sender: Sender, at: EpochMs): readonly OutgoingEvent[] {
  return eventOf(sender, "started", at, {});
}

/** Empty where nobody asked for it, and for what is no such fact. */
export function lifecycleEvents(
  sender: Sender,
  { type, at }: HistoryEvent,
  around: Circumstances = {},
): readonly OutgoingEvent[] {
  const kind = KINDS[type];
  return kind === undefined ? [] : eventOf(sender, kind, at, around);
}

const KINDS: Partial<Record<HistoryEvent["type"], LifecycleKind>> = {
  ExecutionCompleted: "completed",
  ExecutionFailed: "failed",
  ExecutionCancelled: "cancelled",
  ExecutionTerminated: "terminated",
  ExecutionStalled: "stalled",
  ExecutionContinued: "continued",
  ExecutionRedriven: "redriven",
};

function eventOf(
  { executionId, workflow, version, parent, epoch, lifecycleEvents: asked = [] }: Sender,
  kind: LifecycleKind,
  at: EpochMs,
  { error, continuedTo }: Circumstances,
): readonly OutgoingEvent[] {
  if (!asked.includes(kind)) return [];
  const detail: ExecutionEvent = {
    executionId,
    workflow,
    ...(version === undefined ? {} : { version }),
    status: kind === "started" || kind === "redriven" ? "running" : kind,
    at: new Date(at).toISOString(),
    ...(parent === undefined ? {} : { parent: parent.executionId }),
    ...(error === undefined ? {} : { error: nameAndMessage(decode(error)) }),
    ...(continuedTo === undefined ? {} : { continuedTo }),
  };
  return [
    {
      kind: "event",
      // Of each kind an owner records one at most.
      id: digest(`${executionId}\n${lifecycleEventName(kind)}\n${epoch}`, 22),
      name: lifecycleEventName(kind),
      detail: JSON.stringify(detail),
      at,
    },
  ];
}

function nameAndMessage(thrown: unknown): { readonly name: string; readonly message: string } {
  const { name, message } = thrown instanceof Error ? thrown : { name: "Error", message: textOf(thrown) };
  return { name: name.slice(0, LONGEST_MESSAGE), message: message.slice(0, LONGEST_MESSAGE) };
}
