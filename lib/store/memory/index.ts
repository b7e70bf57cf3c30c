/**
 * The twin of the DynamoDB store: the same contract over plain maps, for tests and simulations. Every method does its whole work in one
 * synchronous step, as a conditional write does, and copies what comes in and what goes out, as a network does (commits go out frozen).
 */
import type { Store } from "../ports.js";
import { stagingMethods } from "../staging.js";
import { type Transact, withoutTables } from "../transact.js";
import { auditMethods } from "./audit.js";
import { definitionMethods } from "./definitions.js";
import { directoryMethods } from "./directory.js";
import { executionMethods } from "./executions.js";
import { scheduleMethods } from "./firings.js";
import { listingMethods } from "./listing.js";
import { outboxMethods } from "./outbox.js";
import { createMemoryPayloads } from "./payloads.js";
import { retentionMethods } from "./retention.js";
import { emptyState } from "./state.js";

export type { Transact } from "../transact.js";

export interface MemoryStoreOptions {
  /** Does the user's own writes of a transaction. Without it, `commitTransaction` throws `InvalidTransactionError`. */
  readonly transact?: Transact;
}

export { createMemoryPayloads } from "./payloads.js";

/** A store of one's own, empty. It is gone with its last reference. */
export function createMemoryStore({ transact = withoutTables }: MemoryStoreOptions = {}): Store {
  const state = emptyState();
  return {
    ...executionMethods(state, transact),
    ...createMemoryPayloads(),
    ...outboxMethods(state),
    ...stagingMethods,
    ...directoryMethods(state),
    ...listingMethods(state),
    ...auditMethods(state),
    ...definitionMethods(state),
    ...scheduleMethods(state),
    ...retentionMethods(state),
  };
}
