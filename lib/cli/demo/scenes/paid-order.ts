import { setTimeout as pause } from "node:timers/promises";
import { budget, errorKilobytes } from "../budget.js";
import type { Scene } from "../scene.js";
import type { Stage } from "../stage.js";

const ORDER = "order-paid";

/** Long enough to be seen waiting for, and not only to be passing by. */
const REST_MS = 300;

/** (a) An order that meets a payment provider that is down once, is paid, and ships. */
export const paidOrder: Scene = {
  title: "An order that is paid",
  async play(on) {
    const { stage, say } = on;
    say("→ order.placed, on the bus");
    const placed = await stage.publish("order.placed", {
      orderId: ORDER,
      sku: "kettle",
      quantity: 1,
      amount: 39,
      card: "test-unreachable-once",
      changeableFor: "2s",
    });
    const id = await on.startedBy(placed, "order-saga");
    await on.waitsFor(id, "payment.completed");
    await on.until("all functions to rest", () => (running(stage) === 0 ? true : undefined));
    say("suspended: waits for payment.completed, and no function is running");
    await pause(REST_MS);
    const meanwhile = running(stage);
    say("→ payment.completed, on the bus");
    await stage.publish("payment.completed", { orderId: ORDER, amount: 39 });
    await on.until("the sleep", async () => {
      const { status, waits } = await stage.client.describe(id);
      return status === "suspended" && waits.length === 0 ? true : undefined;
    });
    say("suspended: sleeps for two seconds, in no process");
    const ended = await on.ended(id);
    const [shipped] = await on.until("order.shipped on the bus", () => {
      const heard = stage.audience.heard("order.shipped", ORDER);
      return heard.length > 0 ? heard : undefined;
    });

    const history = await stage.client.history(id);
    const authorized = stage.effects.of(id, "payments.authorize");
    on.claim("the event on the bus started the execution", ended.startedBy, placed);
    on.claim("the first authorization really failed, the second one did not", authorized.map(failure), [
      "provider unreachable",
      "",
    ]);
    on.claim(
      "its attempts were 1 and 2",
      authorized.map(({ attempt }) => attempt),
      [1, 2],
    );
    on.claim(
      "reserved once, shipped once",
      [stage.effects.of(id, "inventory.reserve").length, stage.effects.of(id, "carrier.ship").length],
      [1, 1],
    );
    on.claim("while it waited, no function was running", meanwhile, 0);
    on.claim("its history is that of its code", await on.story(id), STORY);
    const [slept, rest] = instants(history, "EventSent send:order.paid", "TimerFired sleep");
    on.claim("it slept its two seconds, and hardly longer", rest - slept >= 2_000 && rest - slept < 5_000);
    on.claim("order.paid was on the bus once", stage.audience.heard("order.paid", ORDER).length, 1);
    on.claim("order.shipped was on the bus once", stage.audience.heard("order.shipped", ORDER).length, 1);
    const sent = history.flatMap(({ event }) => (event.type === "EventSent" ? [event.eventId] : []));
    on.claim(
      "… with the stable id that its history holds",
      shipped?.resources.includes(`holdfast:event:${sent[1]}`),
    );
    on.claim("it completed with its parcel's number", ended.output, {
      status: "shipped",
      tracking: `parcel-${ORDER}`,
    });
    return {
      executionId: id,
      ids: [id, ORDER],
      // Its first turn runs in the start function, inside of the start's own write.
      budget: budget({
        start: 1,
        recentEvent: 2,
        // The first step, its neighbour's failed attempt, the payment, the end of the sleep, the parcel; the rest rides in settlements.
        commit: 5,
        errorKilobyte: errorKilobytes(history),
        wait: 1,
        suspension: 2,
        delivery: 1,
        lease: 2,
        sent: 2,
        completion: 1,
      }),
    };
  },
};

const STORY = [
  "ExecutionStarted",
  "StepCompleted step:reserve",
  "StepAttemptFailed step:authorize",
  "StepCompleted step:authorize",
  "EventReceived wait:payment.completed",
  "EventSent send:order.paid",
  "TimerFired sleep",
  "StepCompleted step:ship",
  "EventSent send:order.shipped",
  "ExecutionCompleted",
];

function running({ cloud }: Stage): number {
  return cloud.functions.processes().filter(({ requestId }) => requestId !== undefined).length;
}

function failure({ failed }: { readonly failed?: string }): string {
  return failed ?? "";
}

function instants(
  history: readonly {
    readonly event: { readonly type: string; readonly at: number; readonly op?: string };
  }[],
  ...names: readonly [string, string]
): [number, number] {
  const at = (name: string) =>
    history.find(({ event }) => `${event.type} ${event.op}` === name)?.event.at ?? Number.NaN;
  return [at(names[0]), at(names[1])];
}
