/** The example app: what `npx cdk deploy --all` deploys, and what the demo runs. */
import { app } from "holdfast";
import { OrderCancelled, OrderPaid, OrderPlaced, OrderShipped, PaymentCompleted } from "./events.js";
import { greeting } from "./greeting.js";
import { orderSaga, PaymentOverdueError } from "./order-saga.js";
import { report } from "./report.js";
import { ProviderUnreachableError } from "./services.js";

export {
  greeting,
  OrderCancelled,
  OrderPaid,
  OrderPlaced,
  OrderShipped,
  orderSaga,
  PaymentCompleted,
  report,
};

export default app({
  workflows: [orderSaga, report, greeting],
  events: [PaymentCompleted],
  errors: [PaymentOverdueError, ProviderUnreachableError],
});
