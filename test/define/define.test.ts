import {
  app,
  event,
  InvalidDefinitionError,
  InvalidInputError,
  UnknownWorkflowError,
  workflow,
} from "holdfast";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parse, parseSync, type Schema } from "../../lib/define/schema.js";

/** What plain JavaScript may pass, whatever the types say. */
// biome-ignore lint/suspicious/noExplicitAny: the types refuse what these tests are about
type Untyped = (...given: any[]) => unknown;
const untypedWorkflow: Untyped = workflow;
const untypedEvent: Untyped = event;
const untypedApp: Untyped = app;

const handler = async (): Promise<string> => "done";
const Order = z.object({ id: z.string(), amount: z.number().default(1) });
const OrderPlaced = event("order.placed", { schema: Order, key: (order) => order.id });

describe("an event", () => {
  it("is its name, its schema and its key, and nothing that was left out", () => {
    expect(OrderPlaced).toMatchObject({ kind: "event", name: "order.placed", schema: Order });
    expect(OrderPlaced.key?.({ id: "o-1", amount: 1 })).toBe("o-1");
    expect(event("ping")).toEqual({ kind: "event", name: "ping" });
  });

  it.each(["", " ", "order placed", "#1", "x".repeat(129), 7, undefined, null])(
    "is refused by the name %j",
    (name) => {
      expect(() => untypedEvent(name)).toThrow(InvalidDefinitionError);
      expect(() => untypedEvent(name)).toThrow(/can't be the name of an event: expected 1 to 128 characters/);
    },
  );

  it.each([
    ["a JSON schema", { type: "object" }],
    ["text", "Order"],
    ["a function", () => true],
    ["null", null],
    ["a number", 1],
    ["something that only claims to be one", { "~standard": { version: 1 } }],
  ])("is refused with a schema that is %s", (_, schema) => {
    expect(() => untypedEvent("order.placed", { schema })).toThrow(InvalidDefinitionError);
    expect(() => untypedEvent("order.placed", { schema })).toThrow(
      /The schema of event "order\.placed" is not a Standard Schema\. Expected a schema object of zod, valibot, arktype/,
    );
  });

  it("is refused with a key that is no function", () => {
    expect(() => untypedEvent("order.placed", { key: "id" })).toThrow(
      /The key of event "order\.placed" is not a function\. Expected \(data\) => string/,
    );
  });
});

describe("a workflow", () => {
  it("is its name and handler, and what its options say", () => {
    const order = workflow("order", { input: Order, version: "2" }, handler);
    expect(order).toMatchObject({ kind: "workflow", name: "order", version: "2", input: Order, handler });
    expect(Object.keys(workflow("plain", handler)).sort()).toEqual([
      "definition",
      "handler",
      "kind",
      "name",
      "source",
    ]);
  });

  it("has a definition that changes with its code and its version, and with nothing else", () => {
    const { definition } = workflow("a", handler);
    expect(definition).toMatch(/^[A-Za-z0-9_-]{16}$/);
    expect(workflow("b", handler).definition).toBe(definition);
    expect(workflow("a", { version: "2" }, handler).definition).not.toBe(definition);
    expect(workflow("a", async () => "other").definition).not.toBe(definition);
  });

  it.each(["", "order saga", "../etc", "#1", "x".repeat(129), 7, undefined])(
    "is refused by the name %j",
    (name) => {
      expect(() => untypedWorkflow(name, handler)).toThrow(InvalidDefinitionError);
      expect(() => untypedWorkflow(name, handler)).toThrow(/can't be the name of a workflow/);
    },
  );

  it.each([
    ["no handler", ["order"]],
    ["options, and no handler", ["order", {}]],
    ["a handler that is no function", ["order", {}, "handler"]],
  ])("is refused with %s", (_, given) => {
    expect(() => untypedWorkflow(...given)).toThrow(InvalidDefinitionError);
    expect(() => untypedWorkflow(...given)).toThrow(
      /Workflow "order" has no handler\. Expected workflow\(name, options, async \(ctx, input\) => …\)/,
    );
  });

  it("is refused with an input that is no schema", () => {
    expect(() => untypedWorkflow("order", { input: { type: "object" } }, handler)).toThrow(
      /The input of workflow "order" is not a Standard Schema/,
    );
  });

  it.each([
    ["an event's name", "order.placed"],
    ["a schema", Order],
    ["a workflow", workflow("other", handler)],
  ])("is refused when it starts on %s instead of an event", (_, startOn) => {
    expect(() => untypedWorkflow("order", { startOn }, handler)).toThrow(InvalidDefinitionError);
    expect(() => untypedWorkflow("order", { startOn }, handler)).toThrow(
      /startOn of workflow "order" is not an event\. Expected what event\(\.\.\.\) returns/,
    );
  });
});

describe("an app", () => {
  const order = workflow("order", { startOn: OrderPlaced, version: "2" }, handler);
  const report = workflow("report", handler);
  const Paid = event("payment.completed");

  it("tells the infrastructure its workflows, what starts them, and its events, as plain data", () => {
    const { manifest } = app({ workflows: [order, report], events: [Paid] });
    expect(manifest()).toEqual({
      workflows: [
        { name: "order", version: "2", startOn: ["order.placed"] },
        { name: "report", startOn: [] },
      ],
      events: [{ name: "payment.completed" }, { name: "order.placed" }],
    });
    expect(JSON.parse(JSON.stringify(manifest()))).toEqual(manifest());
  });

  it("needs no event twice: one that starts workflows, or is declared as well, counts once", () => {
    const invoice = workflow("invoice", { startOn: OrderPlaced }, handler);
    expect(app({ workflows: [order, invoice], events: [OrderPlaced] }).manifest().events).toEqual([
      { name: "order.placed" },
    ]);
  });

  it("finds the workflows that an event starts, in the order in which they were declared", () => {
    const invoice = workflow("invoice", { startOn: OrderPlaced }, handler);
    const shop = app({ workflows: [invoice, report, order] });
    expect(shop.startedBy("order.placed").map(({ name }) => name)).toEqual(["invoice", "order"]);
    expect(shop.startedBy("unheard.of")).toEqual([]);
  });

  it("finds a workflow by its name, or says which there are", () => {
    const shop = app({ workflows: [order, report] });
    expect(shop.workflow("report")).toBe(report);
    expect(() => shop.workflow("reports")).toThrow(UnknownWorkflowError);
    expect(() => shop.workflow("reports")).toThrow(
      /no workflow "reports" in this app. It declares: order, report/,
    );
    expect(() => app({ workflows: [] }).workflow("constructor")).toThrow(/It declares: none/);
  });

  it("keeps its error classes by name", () => {
    class OutOfStock extends Error {}
    expect(app({ workflows: [], errors: [OutOfStock] }).errors.get("OutOfStock")).toBe(OutOfStock);
  });

  it.each([
    ["two workflows of one name", { workflows: [report, workflow("report", handler)] }, "workflows"],
    ["one workflow twice", { workflows: [report, report] }, "workflows"],
  ])("is refused with %s", (_, options) => {
    expect(() => app(options)).toThrow(InvalidDefinitionError);
    expect(() => app(options)).toThrow(
      /Two workflows of this app are called "report"\. Give one of them another name/,
    );
  });

  it.each([
    ["declared twice", { workflows: [], events: [Paid, event("payment.completed")] }, "payment.completed"],
    [
      "declared, and another of its name that starts a workflow",
      { workflows: [order], events: [event("order.placed")] },
      "order.placed",
    ],
  ])("is refused with an event %s", (_, options, name) => {
    expect(() => app(options)).toThrow(`Two events of this app are called "${name}"`);
  });

  it.each([
    ["an event among its workflows", { workflows: [Paid] }, /under workflows that is not one/],
    ["a bare handler among its workflows", { workflows: [handler] }, /under workflows that is not one/],
    [
      "nothing among its workflows, as after a circular import",
      { workflows: [undefined] },
      /under workflows that is not one/,
    ],
    ["a workflow among its events", { workflows: [], events: [report] }, /under events that is not one/],
    ["an event's name among its events", { workflows: [], events: ["ping"] }, /under events that is not one/],
  ])("is refused with %s", (_, options, message) => {
    expect(() => untypedApp(options)).toThrow(message);
  });
});

describe("a schema at the edge", () => {
  const slow: Schema = {
    "~standard": { version: 1, vendor: "test", validate: async (value) => ({ value }) },
  };

  it("gives the parsed value, defaults filled in", async () => {
    expect(await parse(Order, { id: "o-1" }, "The input")).toEqual({ id: "o-1", amount: 1 });
    expect(parseSync(Order, { id: "o-1" }, "The input")).toEqual({ id: "o-1", amount: 1 });
  });

  it("lets everything through where none was declared", async () => {
    expect(await parse(undefined, 7, "The input")).toBe(7);
    expect(parseSync(undefined, 7, "The input")).toBe(7);
  });

  it("says what was wrong of what, with dotted paths, every issue at once", async () => {
    const Basket = z.object({ items: z.array(Order), note: z.string() });
    const refused = await parse(Basket, { items: [{ id: 1 }] }, "The input").catch((error: unknown) => error);
    if (!(refused instanceof InvalidInputError)) throw new Error("expected a refusal");
    expect(refused.issues.map(({ path }) => path)).toEqual(["items.0.id", "note"]);
    expect(refused.message).toMatch(
      /^The input is not valid, and nothing was written: items\.0\.id: .*; note: /,
    );
  });

  it("may take its time outside of workflow code, and not within, where nothing may be awaited that is not recorded", async () => {
    expect(await parse(slow, 7, "The input")).toBe(7);
    expect(() => parseSync(slow, 7, 'The payload of event "order.placed"')).toThrow(InvalidDefinitionError);
    expect(() => parseSync(slow, 7, 'The payload of event "order.placed"')).toThrow(
      /its schema validates asynchronously\. Workflow code needs one that answers at once/,
    );
  });
});
