/** The example's workflows, and one that is started by what another one sends: it can only run when the event took the bus. */
import { app, workflow } from "holdfast";
import { greeting, OrderShipped, orderSaga, PaymentCompleted } from "../../../functions/workflows/index.js";

export const followUp = workflow(
  "follow-up",
  { startOn: OrderShipped },
  async (ctx, { orderId, tracking }: { readonly orderId: string; readonly tracking: string }) =>
    ctx.step("ask", () => `How was ${tracking} of ${orderId}?`),
);

export default app({ workflows: [greeting, orderSaga, followUp], events: [PaymentCompleted] });
