/** What spans and their events say, in OpenTelemetry's words where it has some (`error.type`, `exception.*`), else under `holdfast.`. */
import { type Attributes, type Span, SpanStatusCode } from "@opentelemetry/api";
import type { Descent, Fact, HookError } from "../define/hooks.js";

/** Fields whose name alone would not say what they are of. */
const NAMES: Readonly<Record<string, string>> = {
  executionId: "holdfast.execution.id",
  workflow: "holdfast.workflow.name",
  parent: "holdfast.execution.parent",
  turn: "holdfast.turn.number",
  takenOver: "holdfast.turn.taken_over",
  step: "holdfast.step.name",
  path: "holdfast.step.path",
  attempt: "holdfast.step.attempt",
  retryAt: "holdfast.step.retry_at",
  name: "holdfast.message.name",
  key: "holdfast.message.key",
  eventId: "holdfast.message.id",
  to: "holdfast.message.to",
  childId: "holdfast.child.id",
  childWorkflow: "holdfast.child.workflow",
  status: "holdfast.child.status",
};

/** Of everything that is text, a number, a truth or an instant. */
export function attributesOf(fact: Partial<Fact>): Attributes {
  const attributes: Attributes = {};
  for (const [field, value] of Object.entries(fact)) {
    // Spans and their events have a time of their own.
    if (field === "at") continue;
    const name =
      NAMES[field] ?? `holdfast.${field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    if (value instanceof Date) attributes[name] = value.toISOString();
    else if (isScalar(value)) attributes[name] = value;
  }
  return attributes;
}

/** The same for an event of a span that says already whose it is. */
export function detailsOf({
  executionId,
  workflow,
  ...fact
}: Fact & { readonly error?: HookError }): Attributes {
  const error = fact.error;
  return {
    ...attributesOf(fact),
    ...(error === undefined ? {} : { "error.type": error.name, "exception.message": error.message }),
  };
}

/** The executions that a turn descends from. */
export function originsOf({ parent, origin }: Descent): string[] {
  return [parent, origin?.executionId].flatMap((id) => id ?? []);
}

/** The executions that a fact is about besides its own. */
export function othersIn(fact: Fact & About): string[] {
  return [fact.childId, fact.startedId, fact.to, fact.continuedTo].flatMap((id) => id ?? []);
}

type About = { readonly [Field in "childId" | "startedId" | "to" | "continuedTo"]?: string };

export function fail(span: Span, error: HookError): void {
  span.recordException(error);
  span.setAttribute("error.type", error.name);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
