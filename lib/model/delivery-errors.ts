/** What can be wrong with an event that came from the bus, and with its delivery. */
import { HoldfastError } from "./errors.js";
import { shown } from "./shown.js";

/** An event type that this app does not declare. */
export class UnknownEventError extends HoldfastError {
  readonly code = "UNKNOWN_EVENT";
  constructor(name: string, known: readonly string[]) {
    super(
      `This app declares no event ${shown(name)}. It declares: ${known.join(", ") || "none"}. Declare it in app({ events }) and deploy, then have it tried again: holdfast dead-letters retry.`,
    );
    this.name = "UnknownEventError";
  }
}

/** Some of the executions that wait for an event could not take it now: it comes again for them. */
export class DeliveryIncompleteError extends HoldfastError {
  readonly code = "DELIVERY_INCOMPLETE";
  constructor(event: string, failures: readonly unknown[]) {
    super(
      `Event ${event} could not be handed to ${failures.length} of those that wait for it. It comes again for them; the others have it. The first failure is the cause.`,
      { cause: failures[0] },
    );
    this.name = "DeliveryIncompleteError";
  }
}

/** What lies in the relay's dead-letter queue was asked to be sent back. */
export class NotSentBackError extends HoldfastError {
  readonly code = "NOT_SENT_BACK";
  constructor(id: string) {
    super(
      `Message ${id} says where records lie that the relay failed on, and can't be sent back. What they hold is marked, and the audit carries it: holdfast outbox list shows what is left. Delete the message.`,
    );
    this.name = "NotSentBackError";
  }
}
