import { budget, errorKilobytes } from "../budget.js";
import type { Scene } from "../scene.js";

const ORDER = "order-unpaid";

/** (b) An order that nobody pays: after its time, everything is undone in reverse order. */
export const unpaidOrder: Scene = {
  title: "An order that nobody pays",
  async play(on) {
    const { stage, say } = on;
    say("→ order.placed, on the bus, to be paid within 3 s");
    const placed = await stage.publish("order.placed", {
      orderId: ORDER,
      sku: "toaster",
      quantity: 2,
      amount: 58,
      card: "visa",
      payWithin: "3s",
    });
    const id = await on.startedBy(placed, "order-saga");
    await on.waitsFor(id, "payment.completed");
    say("suspended: waits for payment.completed, and nobody pays");
    const ended = await on.ended(id);
    await on.until("order.cancelled on the bus", () => stage.audience.heard("order.cancelled", ORDER)[0]);

    on.claim("it failed, and says why", [ended.status, ended.error?.name], ["failed", "PaymentOverdueError"]);
    on.claim(
      "what was done was undone in reverse order",
      stage.effects.of(id).map(({ effect }) => effect),
      ["inventory.reserve", "payments.authorize", "payments.void", "inventory.release"],
    );
    on.claim("its history is that of its code", await on.story(id), STORY);
    on.claim("the compensation is complete", ended.compensation, "complete");
    on.claim("order.cancelled was on the bus once", stage.audience.heard("order.cancelled", ORDER).length, 1);
    return {
      executionId: id,
      ids: [id, ORDER],
      budget: budget({
        start: 1,
        recentEvent: 1,
        // The first step, the timeout with what it led to, the first undo; the other results ride in settlements.
        commit: 3,
        errorKilobyte: errorKilobytes(await stage.client.history(id)),
        wait: 1,
        suspension: 1,
        lease: 1,
        sent: 1,
        failure: 1,
      }),
    };
  },
};

const STORY = [
  "ExecutionStarted",
  "StepCompleted step:reserve",
  "StepCompleted step:authorize",
  "WaitTimedOut wait:payment.completed",
  "EventSent send:order.cancelled",
  "CompensationStarted undo/begin",
  "StepCompleted undo/step:authorize",
  "StepCompleted undo/step:reserve",
  "ExecutionFailed",
];
