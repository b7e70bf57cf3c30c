/** The example app: what `npx cdk deploy --all` deploys, and what the demo runs. */
import { app } from "holdfast";
import { OrderCancelled, OrderPaid, OrderPlaced, OrderShipped, PaymentCompleted } from "./events.js";
import { greeting } from "./greeting.js";
import { orderSaga, PaymentOverdueError } from "./order-saga.js";
import { report } from "./report.js";
import { ProviderUnreachableError } from "./services.js";
import { statements } from "./statements.js";

export {
  greeting,
  OrderCancelled,
  OrderPaid,
  OrderPlaced,
  OrderShipped,
  orderSaga,
  PaymentCompleted,
  report,
  statements,
};

export default app({
  workflows: [orderSaga, report, statements, greeting],
  events: [PaymentCompleted],
  errors: [PaymentOverdueError, ProviderUnreachableError],
});
