/**
 * OpenTelemetry: one span for each turn and each attempt of a step, all of an execution's in one trace. An entry point of its own
 * (`holdfast/otel`), since nothing else may need `@opentelemetry/api`. It only uses that API: which spans are sampled, and where they go, is
 * the affair of the SDK that the app sets up.
 */
import {
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { HookCalls, HookName, Hooks, Told, Turn } from "../define/hooks.js";
import { digest } from "../model/ids.js";
import { attributesOf, detailsOf, fail, originsOf, othersIn } from "./attributes.js";

/** Options of {@link openTelemetry}. Everything has a default. */
export interface OpenTelemetryOptions {
  /** Default: `trace.getTracer("holdfast")`, looked up when the first span begins. */
  readonly tracer?: Tracer;
  /**
   * Called at the end of each turn, and waited for (two seconds at most): `() => provider.forceFlush()`, where spans are sent in batches and
   * nothing else flushes them before Lambda freezes the process.
   */
  readonly flush?: () => Promise<unknown>;
}

/**
 * The span context that all spans of an execution descend from: its trace id is made from the execution's id, so that turns that are days
 * and processes apart join one trace with nothing stored or handed on. There is no span of that id. For links from your own spans.
 */
export function executionSpanContext(executionId: string): SpanContext {
  const hex = (text: string, bytes: number): string =>
    Buffer.from(digest(text, 43), "base64url").subarray(0, bytes).toString("hex");
  return {
    traceId: hex(executionId, 16),
    spanId: hex(`${executionId}\nspan`, 8),
    // What follows from an execution's id is no decision about sampling: see docs/observability.md.
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  };
}

/** Hooks for `app({ hooks: [openTelemetry()] })`. */
export function openTelemetry({ tracer, flush }: OpenTelemetryOptions = {}): Hooks {
  const spans = (): Tracer => tracer ?? trace.getTracer("holdfast");
  /** The turns that run in this process, by execution. */
  const turns = new Map<string, Span>();
  return {
    ...notes(turns),
    aroundTurn(turn, run) {
      const span = spans().startSpan(
        `turn ${turn.workflow}`,
        { kind: SpanKind.CONSUMER, attributes: attributesOf(turn), links: linksOf(turn) },
        trace.setSpanContext(ROOT_CONTEXT, executionSpanContext(turn.executionId)),
      );
      turns.set(turn.executionId, span);
      return context.with(trace.setSpan(context.active(), span), async () => {
        const end = await run();
        if ("error" in end) fail(span, end.error);
        else span.setAttribute("holdfast.execution.status", end.status);
        span.end();
        if (turns.get(turn.executionId) === span) turns.delete(turn.executionId);
        await flush?.();
      });
    },
    aroundStep(attempt, run) {
      const turn = turns.get(attempt.executionId);
      // By the turn's own span, not by the active one: without a context manager there is none.
      const parent = turn === undefined ? context.active() : trace.setSpan(context.active(), turn);
      const name = `${attempt.compensation ? "compensate" : "step"} ${attempt.step}`;
      const span = spans().startSpan(name, { attributes: attributesOf(attempt) }, parent);
      return context.with(trace.setSpan(parent, span), async () => {
        const end = await run();
        if (!end.ok) fail(span, end.error);
        span.end();
      });
    },
  };
}

/** The invocation that runs the turn, where it is traced; the parent of a child; what a continued or forked execution comes from. */
function linksOf(turn: Turn): Link[] {
  const active = trace.getSpanContext(context.active());
  const origins = originsOf(turn).map(executionSpanContext);
  return [...(active === undefined ? [] : [active]), ...origins].map((linked) => ({ context: linked }));
}

/** What becomes an event of its turn's span. A body that begins, and one that ends well, has a span of its own. */
const NOTED = [
  "executionStarted",
  "executionCompleted",
  "executionFailed",
  "executionCancelled",
  "executionContinued",
  "executionStalled",
  "executionRedriven",
  "executionPaused",
  "executionResumed",
  "executionTimedOut",
  "cancelRequested",
  "compensationStarted",
  "stepRetrying",
  "stepFailed",
  "eventReceived",
  "signalReceived",
  "callbackReceived",
  "updateReceived",
  "waitTimedOut",
  "eventSent",
  "signalSent",
  "startSent",
  "childStarted",
  "childEnded",
] as const satisfies readonly HookName[];

function notes(turns: ReadonlyMap<string, Span>): Told {
  const note =
    (name: HookName) =>
    (fact: HookCalls[HookName]): void => {
      const span = turns.get(fact.executionId);
      if (span === undefined) return;
      span.addEvent(`holdfast.${name}`, detailsOf(fact));
      const error = "error" in fact ? fact.error : undefined;
      if (error !== undefined && (name === "executionFailed" || name === "executionStalled"))
        fail(span, error);
      for (const other of othersIn(fact)) span.addLink({ context: executionSpanContext(other) });
    };
  return Object.fromEntries(NOTED.map((name) => [name, note(name)]));
}
