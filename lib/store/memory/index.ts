/**
 * The twin of the DynamoDB store: the same contract over plain maps, for tests and simulations. Every method does its whole work in one
 * synchronous step, as a conditional write does, and copies what comes in and what goes out, as a network does (commits go out frozen).
 */
import type { Store } from "../ports.js";
import { auditMethods } from "./audit.js";
import { directoryMethods } from "./directory.js";
import { executionMethods } from "./executions.js";
import { outboxMethods } from "./outbox.js";
import { emptyState } from "./state.js";

/** A store of one's own, empty. It is gone with its last reference. */
export function createMemoryStore(): Store {
  const state = emptyState();
  return {
    ...executionMethods(state),
    ...outboxMethods(state),
    ...directoryMethods(state),
    ...auditMethods(state),
  };
}
