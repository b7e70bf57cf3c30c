/** The example app: what `npx cdk deploy --all` deploys, and what the demo runs. */
import { app } from "holdfast";
import {
  MoneyMoved,
  OrderCancelled,
  OrderPaid,
  OrderPlaced,
  OrderShipped,
  PaymentCompleted,
} from "./events.js";
import { greeting } from "./greeting.js";
import { importFiles } from "./import-files.js";
import { orderSaga, PaymentOverdueError } from "./order-saga.js";
import { release } from "./release.js";
import { report } from "./report.js";
import { ProviderUnreachableError } from "./services.js";
import { statements } from "./statements.js";
import { transfer } from "./transfer.js";

export {
  greeting,
  importFiles,
  MoneyMoved,
  OrderCancelled,
  OrderPaid,
  OrderPlaced,
  OrderShipped,
  orderSaga,
  PaymentCompleted,
  release,
  report,
  statements,
  transfer,
};

export default app({
  workflows: [orderSaga, report, statements, greeting, transfer, release, importFiles],
  events: [PaymentCompleted],
  errors: [PaymentOverdueError, ProviderUnreachableError],
});
