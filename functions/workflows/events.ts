/** The shop's events: what others may publish and wait for. Each name is the `detail-type` on the bus. */
import { event } from "holdfast";
import { z } from "zod";
import { duration } from "./duration.js";

const orderId = z.string().min(1).max(64);
const byOrder = (data: { readonly orderId: string }): string => data.orderId;

/**
 * The shop's terms travel with the order: one that is under way keeps those that it was placed under, whatever is
 * deployed meanwhile.
 */
export const Order = z.object({
  orderId,
  sku: z.string().min(1),
  quantity: z.number().int().positive(),
  amount: z.number().positive(),
  card: z.string().min(1),
  payWithin: duration.default("3d"),
  /** How long the customer may change their mind before the parcel leaves. */
  changeableFor: duration.default("2h"),
});

export type Order = z.output<typeof Order>;

export const OrderPlaced = event("order.placed", { schema: Order, key: byOrder });

export const PaymentCompleted = event("payment.completed", {
  schema: z.object({ orderId, amount: z.number().positive() }),
  key: byOrder,
});

export const OrderPaid = event("order.paid", {
  schema: z.object({ orderId, amount: z.number() }),
  key: byOrder,
});

export const OrderShipped = event("order.shipped", {
  schema: z.object({ orderId, tracking: z.string() }),
  key: byOrder,
});

export const OrderCancelled = event("order.cancelled", {
  schema: z.object({ orderId, reason: z.string() }),
  key: byOrder,
});

export const MoneyMoved = event("money.moved", {
  schema: z.object({ from: z.string(), to: z.string(), amount: z.number().positive() }),
});
