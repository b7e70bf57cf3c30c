/**
 * The world outside of the workflows. A real shop calls its warehouse, its payment provider and its carrier here; these
 * stand-ins only say what they did, one JSON line each, so that anybody can count how often a step's body really ran.
 */
import { NonRetryableError, type StepContext } from "holdfast";
import type { Order } from "./events.js";

/** The payment provider could not be reached: another attempt may succeed. */
export class ProviderUnreachableError extends Error {
  override readonly name = "ProviderUnreachableError";
}

/** As real providers do, this one knows test cards: the first attempt with this one meets a provider that is down. */
export const UNREACHABLE_ONCE = "test-unreachable-once";
export const DECLINED = "test-declined";

export const inventory = {
  async reserve(order: Order, step: StepContext): Promise<{ readonly holdId: string }> {
    say("inventory.reserve", step, { sku: order.sku, quantity: order.quantity });
    return { holdId: `hold-${order.orderId}` };
  },
  async release(hold: { readonly holdId: string }, step: StepContext): Promise<void> {
    say("inventory.release", step, hold);
  },
};

export const payments = {
  async authorize(order: Order, step: StepContext): Promise<{ readonly authorizationId: string }> {
    if (order.card === UNREACHABLE_ONCE && step.attempt === 1) {
      say("payments.authorize", step, { failed: "provider unreachable" });
      throw new ProviderUnreachableError("The payment provider did not answer.");
    }
    if (order.card === DECLINED) {
      say("payments.authorize", step, { failed: "declined" });
      throw new NonRetryableError("The card was declined.");
    }
    say("payments.authorize", step, { amount: order.amount });
    return { authorizationId: `auth-${order.orderId}` };
  },
  async void(authorization: { readonly authorizationId: string }, step: StepContext): Promise<void> {
    say("payments.void", step, authorization);
  },
};

export const carrier = {
  async ship(order: Order, step: StepContext): Promise<{ readonly tracking: string }> {
    say("carrier.ship", step, { sku: order.sku });
    return { tracking: `parcel-${order.orderId}` };
  },
};

export const mail = {
  /** How many were sent. */
  async statements(month: string, recipients: readonly string[], step: StepContext): Promise<number> {
    say("mail.statements", step, { month, recipients: recipients.length });
    return recipients.length;
  },
};

/** What a service did, for which execution, in which attempt and process. */
export function say(effect: string, step: StepContext, fields: Readonly<Record<string, unknown>> = {}): void {
  const { executionId, attempt, idempotencyKey } = step;
  console.log(JSON.stringify({ effect, executionId, attempt, idempotencyKey, pid: process.pid, ...fields }));
}
