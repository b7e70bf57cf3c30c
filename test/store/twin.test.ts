/**
 * The memory store is the DynamoDB store's twin: whatever is asked of both, in whatever order, both answer the same. And the tables in memory
 * are the twins of DynamoDB's: the same items, and the same units. `npm run twin` runs any number of other seeds.
 */
import { afterAll, describe, expect, test } from "vitest";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { freshDynamo } from "../setup/client.js";
import { OPERATIONS_OF_A_TRIAL, trial } from "./twin/trial.js";

/** A few on every run. */
const SEEDS = 6;

/** Actions for a transaction of the user's own: tables have them, and a store without tables throws. */
const ONLY_OF_TABLES = ["stageExecution", "stagePayload", "stageOutgoing"];

describe("the memory store and the DynamoDB store", () => {
  const asked = new Set<string>();

  test.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
    `answer the same to ${OPERATIONS_OF_A_TRIAL} operations chosen with seed %i, and count the same units`,
    { timeout: 120_000 },
    async (seed) => {
      const tried = await trial(seed, freshDynamo());
      for (const operation of tried.asked.keys()) asked.add(operation);
      expect(tried.difference).toBeUndefined();
      expect(tried.spent.writes).toBeGreaterThan(0);
    },
  );

  afterAll(() => {
    const never = Object.keys(createMemoryStore()).filter((operation) => !asked.has(operation));
    expect(never).toEqual(ONLY_OF_TABLES);
  });
});
