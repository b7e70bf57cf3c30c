/** Spans of whole runs, as an in-memory exporter gets them. */
import { AsyncLocalStorage } from "node:async_hooks";
import { type Context, type ContextManager, context, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  InMemorySpanExporter,
  ParentBasedSampler,
  type ReadableSpan,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import { app, event, workflow } from "holdfast";
import { executionSpanContext, openTelemetry } from "holdfast/otel";
import { testApp } from "holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** What `@opentelemetry/context-async-hooks` is, at its smallest. */
class Contexts implements ContextManager {
  readonly #active = new AsyncLocalStorage<Context>();
  active = (): Context => this.#active.getStore() ?? ROOT_CONTEXT;
  with: ContextManager["with"] = (active, call, self, ...args) =>
    this.#active.run(active, () => Reflect.apply(call, self, args));
  bind: ContextManager["bind"] = (_, target) => target;
  enable = (): this => this;
  disable = (): this => this;
}

beforeAll(() => void context.setGlobalContextManager(new Contexts()));
afterAll(() => context.disable());

function tracing(sampler?: ConstructorParameters<typeof BasicTracerProvider>[0]) {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    ...sampler,
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer("test");
  return { tracer, hooks: openTelemetry({ tracer }), spans: () => exporter.getFinishedSpans() };
}

const Paid = event<{ order: string }>("paid", { key: (paid) => paid.order });
const named = (spans: readonly ReadableSpan[], name: string) => spans.filter((span) => span.name === name);
const parentOf = (span: ReadableSpan | undefined) => span?.parentSpanContext?.spanId;

describe("an execution's spans", () => {
  it("are one for each turn and each attempt, in one trace over days and processes", async () => {
    const { tracer, hooks, spans } = tracing();
    const order = workflow("order", async (ctx) => {
      await ctx.step("reserve", async () => {
        // Anything that is instrumented: its span is the step's child.
        tracer.startSpan("call").end();
      });
      await ctx.sleep("2d");
      await ctx.step(
        "pack",
        async ({ attempt }) => {
          if (attempt === 1) throw new RangeError("no box");
        },
        { retry: { initialInterval: "1h", jitter: "none" } },
      );
    });
    const t = await testApp(app({ workflows: [order], hooks: [hooks] }));
    await t.run(order, undefined, { id: "x" });

    const all = spans();
    expect(all.map(({ name }) => name)).toEqual([
      "call",
      "step reserve",
      "turn order",
      "step pack",
      "turn order",
      "step pack",
      "turn order",
    ]);
    const root = executionSpanContext("x");
    expect(new Set(all.map((span) => span.spanContext().traceId))).toEqual(new Set([root.traceId]));
    const turns = named(all, "turn order");
    expect(turns.map(parentOf)).toEqual([root.spanId, root.spanId, root.spanId]);
    expect(turns.map(({ attributes }) => attributes["holdfast.execution.status"])).toEqual([
      "suspended",
      "suspended",
      "completed",
    ]);
    const [reserve] = named(all, "step reserve");
    expect(parentOf(reserve)).toBe(turns[0]?.spanContext().spanId);
    expect(parentOf(named(all, "call")[0])).toBe(reserve?.spanContext().spanId);

    const [failed, packed] = named(all, "step pack");
    expect(failed?.attributes).toMatchObject({
      "holdfast.execution.id": "x",
      "holdfast.workflow.name": "order",
      "holdfast.step.name": "pack",
      "holdfast.step.attempt": 1,
      "error.type": "RangeError",
    });
    expect(failed?.status).toEqual({ code: 2, message: "no box" });
    expect(failed?.events[0]).toMatchObject({
      name: "exception",
      attributes: { "exception.message": "no box" },
    });
    expect(packed?.attributes["holdfast.step.attempt"]).toBe(2);
    expect(packed?.status.code).toBe(0);
    expect(turns[1]?.events.map(({ name }) => name)).toEqual(["holdfast.stepRetrying"]);
  });

  it("say what came in and what failed it, and link to their children", async () => {
    const { hooks, spans } = tracing();
    const child = workflow("child", async (ctx) => ctx.sleep("1h"));
    const order = workflow("order", async (ctx) => {
      await ctx.waitForEvent(Paid, { key: "o-1" });
      await ctx.child(child, undefined, { id: "c-1" });
      throw new TypeError("no stock");
    });
    const t = await testApp(app({ workflows: [order, child], events: [Paid], hooks: [hooks] }));
    await t.client.start(order, undefined, { id: "x" });
    await t.settle();
    await t.publish(Paid, { order: "o-1" });
    await t.advance("2h");

    const turns = named(spans(), "turn order");
    const events = turns.flatMap((span) => span.events.filter(({ name }) => name.startsWith("holdfast.")));
    expect(events.map(({ name }) => name)).toEqual([
      "holdfast.executionStarted",
      "holdfast.eventReceived",
      "holdfast.childStarted",
      "holdfast.childEnded",
      "holdfast.executionFailed",
    ]);
    expect(events[1]?.attributes).toEqual({ "holdfast.message.name": "paid", "holdfast.message.key": "o-1" });
    const linked = turns.flatMap((span) => span.links.map(({ context }) => context.traceId));
    expect(new Set(linked)).toEqual(new Set([executionSpanContext("c-1").traceId]));
    const ofChild = named(spans(), "turn child");
    expect(ofChild.length).toBe(2);
    for (const span of ofChild)
      expect(span.links.map(({ context }) => context.traceId)).toEqual([executionSpanContext("x").traceId]);
    expect(turns.at(-1)?.status).toEqual({ code: 2, message: "no stock" });
  });

  it("link to the span of the invocation that they run in", async () => {
    const { tracer, hooks, spans } = tracing();
    const quick = workflow("quick", async () => {});
    const t = await testApp(app({ workflows: [quick], hooks: [hooks] }));
    await t.client.start(quick, undefined, { id: "x" });
    const invocation = tracer.startSpan("invocation");
    await context.with(trace.setSpan(ROOT_CONTEXT, invocation), () => t.settle());
    expect(named(spans(), "turn quick")[0]?.links.map(({ context }) => context.spanId)).toEqual([
      invocation.spanContext().spanId,
    ]);
  });

  it("of a process that died are lost, and those of the one that took over say so", async () => {
    const { hooks, spans } = tracing();
    let began = 0;
    const fragile = workflow("fragile", async (ctx) =>
      ctx.step("work", async () => {
        began += 1;
        if (began === 1) t.killAll();
        return began;
      }),
    );
    const t = await testApp(app({ workflows: [fragile], hooks: [hooks] }));
    expect(await t.run(fragile, undefined, { id: "x" })).toBe(2);
    expect(spans().map(({ name }) => name)).toEqual(["step work", "turn fragile"]);
    expect(spans()[0]?.attributes["holdfast.step.attempt"]).toBe(2);
    expect(spans()[1]?.attributes["holdfast.turn.taken_over"]).toBe(true);
  });

  it("are sampled together, by their trace id, where the SDK is told so", async () => {
    const remoteParentSampled = new TraceIdRatioBasedSampler(0.5);
    const sampler = new ParentBasedSampler({ root: remoteParentSampled, remoteParentSampled });
    const { hooks, spans } = tracing({ sampler });
    const naps = workflow("naps", async (ctx) => {
      await ctx.step("one", () => {});
      await ctx.sleep("1h");
      await ctx.step("two", () => {});
    });
    const t = await testApp(app({ workflows: [naps], hooks: [hooks] }));
    for (let n = 0; n < 20; n++) await t.client.start(naps, undefined, { id: `x-${n}` });
    await t.advance("2h");
    const traceIds = spans().map((span) => span.spanContext().traceId);
    const traces = new Set(traceIds);
    expect(traces.size).toBeGreaterThan(0);
    expect(traces.size).toBeLessThan(20);
    for (const id of traces) expect(traceIds.filter((each) => each === id)).toHaveLength(4);
  });

  it("are flushed before the turn's invocation ends", async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
    const hooks = openTelemetry({ tracer: provider.getTracer("test"), flush: () => provider.forceFlush() });
    const quick = workflow("quick", async () => {});
    const t = await testApp(app({ workflows: [quick], hooks: [hooks] }));
    await t.client.start(quick, undefined, { id: "x" });
    await t.settle();
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(["turn quick"]);
    await provider.shutdown();
  });
});

it("without an SDK nothing is traced, and everything runs", async () => {
  const quick = workflow("quick", async (ctx) => ctx.step("one", () => 1));
  const t = await testApp(app({ workflows: [quick], hooks: [openTelemetry()] }));
  expect(await t.run(quick, undefined)).toBe(1);
});

it("without a context manager steps still belong to their turn", async () => {
  context.disable();
  try {
    const { hooks, spans } = tracing();
    const quick = workflow("quick", async (ctx) => ctx.step("one", () => 1));
    const t = await testApp(app({ workflows: [quick], hooks: [hooks] }));
    await t.run(quick, undefined, { id: "x" });
    const [step, turn] = spans();
    expect(parentOf(step)).toBe(turn?.spanContext().spanId);
  } finally {
    context.setGlobalContextManager(new Contexts());
  }
});

it("a span context made from an id is valid, always the same, and another for another id", () => {
  const ids = Array.from({ length: 100 }, (_, n) => executionSpanContext(`order-${n}`));
  expect(new Set(ids.map(({ traceId }) => traceId)).size).toBe(100);
  for (const id of ids) expect(id.traceId + id.spanId).toMatch(/^[0-9a-f]{48}$/);
  expect(executionSpanContext("order-7")).toEqual(ids[7]);
});
