/** The app: all workflows and the events that they wait for. Its default export is what is deployed. */
import { app } from "holdfast";
import { order, Paid } from "./order.js";

export default app({ workflows: [order], events: [Paid] });
