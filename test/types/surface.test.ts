import { app, event, workflow } from "holdfast";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";

const OrderPlaced = event("order.placed", {
  schema: z.object({ id: z.string(), amount: z.coerce.number() }),
});
const Paid = event("payment.completed", {
  schema: z.object({ orderId: z.string(), at: z.coerce.date() }),
  key: (data) => data.orderId,
});

describe("types are inferred end to end, with no casts in user code", () => {
  it("gives the handler its input, steps their results, and events their payloads", () => {
    const order = workflow(
      "order",
      { input: z.object({ id: z.string(), amount: z.number() }), startOn: OrderPlaced, version: "2" },
      async (ctx, input) => {
        expectTypeOf(input).toEqualTypeOf<{ id: string; amount: number }>();
        const hold = await ctx.step("reserve", async () => ({ holdId: "h" }), {
          compensate: (result) => {
            expectTypeOf(result).toEqualTypeOf<{ holdId: string }>();
          },
        });
        expectTypeOf(hold).toEqualTypeOf<{ holdId: string }>();
        const paid = await ctx.waitForEvent(Paid, { key: input.id, timeout: "3d" });
        expectTypeOf(paid).toEqualTypeOf<{ orderId: string; at: Date }>();
        await ctx.sendEvent(OrderPlaced, { id: "x", amount: 3 });
        // @ts-expect-error the payload must fit the event
        void (() => ctx.sendEvent(OrderPlaced, { id: 3 }));
        return { status: "shipped" as const };
      },
    );
    expectTypeOf(order.name).toBeString();
    workflow("all-of-it", async (ctx, input: { ids: string[] }) => {
      const raced = await ctx.race({
        paid: (ctx) => ctx.waitForEvent(Paid, { key: "o-1" }),
        late: async (ctx) => {
          await ctx.sleep("1d");
          return 7;
        },
      });
      expectTypeOf(raced).toEqualTypeOf<
        | { readonly winner: "paid"; readonly value: { orderId: string; at: Date } }
        | { readonly winner: "late"; readonly value: number }
      >();
      const mapped = await ctx.map(input.ids, (ctx, id) => ctx.step("look", () => id.length));
      expectTypeOf(mapped.values).toEqualTypeOf<readonly number[]>();
      expectTypeOf(await ctx.saga((ctx) => ctx.step("one", () => "s"))).toBeString();
      expectTypeOf(await ctx.child(order, { id: "o-1", amount: 1 })).toEqualTypeOf<{ status: "shipped" }>();
      // @ts-expect-error the input must fit the child
      void (() => ctx.child(order, { id: 1 }));
      expectTypeOf(ctx.callback<number>("ask").promise).toEqualTypeOf<Promise<number>>();
      expectTypeOf(await ctx.waitForSignal<Date>("go")).toEqualTypeOf<Date>();
      ctx.handleUpdate("limit", { input: z.object({ limit: z.coerce.number() }) }, (_ctx, update) => {
        expectTypeOf(update).toEqualTypeOf<{ limit: number }>();
      });
      const total = await ctx.transaction("book", (tx) => {
        tx.put({ TableName: "accounts", Item: { pk: "a" } });
        tx.sendEvent(OrderPlaced, { id: "x", amount: 3 });
        return 3;
      });
      expectTypeOf(total).toBeNumber();
      return ctx.continueAsNew({ ids: [] });
    });
    const plain = workflow("plain", async (_ctx, input: { n: number }) => input.n);
    expectTypeOf(plain.name).toBeString();
    app({ workflows: [order, plain], events: [Paid] });
  });
});
