/** One line of the ledger: what is done, and the most that it may cost. */
import type { Head } from "../../../lib/model/head.js";
import { newHead } from "../../../lib/store/new-head.js";
import type { NewExecution, Settlement, Store } from "../../../lib/store/ports.js";
import type { Spent } from "../../setup/capacity.js";
import { execution, lease, settlementOf } from "../builders.js";

export interface Ground {
  readonly store: Store;
  /** An execution's id of this line's own, as long as real ones. */
  readonly id: string;
}

export interface Entry {
  readonly what: string;
  /** The operations of the store whose price it shows. */
  readonly of: readonly (keyof Store)[];
  /** What is there before, which is not measured. */
  prepare?(ground: Ground): Promise<unknown>;
  run(ground: Ground): Promise<unknown>;
  /** What is not named is none. */
  readonly budget: Partial<Spent>;
}

/** Ids, names and tokens as long as real ones, so that heads have their real size. */
export const ID = "order-saga/2026-01-01/0f8fad5b-d9cb-469f-a165-70867728950e";

export const LEASE = lease(
  "7c9e6679-7425-40de-944b-e07fc1f90ae7",
  "msg-9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d",
);

const ORDINARY = {
  definition: "sha256-9f86d081884c7d659a2f",
  input: { inline: { orderId: "0f8fad5b-d9cb-469f", amount: 1299, note: "x".repeat(150) } },
  createToken: "5b8aa5ad-9d5c-4b8a-8d2f-1f3b5c7d9e0a",
};

/** A new execution of ordinary size. */
export function ordinary(id: string, fields: Partial<NewExecution> = {}) {
  return execution(id, { ...ORDINARY, ...fields });
}

/** Creates one that its creator owns. */
export function start({ store, id }: Ground) {
  return store.createExecution(ordinary(id, { lease: LEASE }));
}

/** Its head, as {@link start} has written it. */
export function started(id: string): Head {
  return newHead(ordinary(id, { lease: LEASE }));
}

/** Starts it and settles it at once. */
export async function end(ground: Ground, settlement: Settlement): Promise<void> {
  await start(ground);
  await ground.store.settle(settlementOf(started(ground.id), settlement));
}
