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
    const plain = workflow("plain", async (_ctx, input: { n: number }) => input.n);
    expectTypeOf(plain.name).toBeString();
    app({ workflows: [order, plain], events: [Paid] });
  });
});
