/** Merging index partitions whose pages are cut short, which a table does after a megabyte of keys and no test table holds. */
import { expect, test } from "vitest";
import type { ListedHead } from "../../lib/store/listed-head.js";
import { type IndexQuery, listExecutions } from "../../lib/store/listing.js";
import { T0 } from "./builders.js";

test("nothing is taken from behind what a short page may hide", async () => {
  const all = Array.from(
    { length: 60 },
    (_, index): ListedHead => ({
      executionId: `e${index}`,
      workflow: "w",
      definition: "d",
      status: "running",
      createdAt: T0 + index,
      startAt: T0 + index,
      waits: [],
      waitCount: 0,
    }),
  );
  /** Shard 0 has half of them and gives two at a time; shard 1 has the other half and gives as many as are wanted. */
  const queryNewestFirst = async ({ partition, notAfter, after, limit }: IndexQuery) => {
    const shard = Number(partition.slice(-1));
    const behind = all
      .filter((_, index) => index % 2 === shard)
      .filter(({ createdAt, executionId }) => createdAt <= (notAfter ?? createdAt) && executionId !== after)
      .reverse();
    const entries = behind.slice(0, shard === 0 ? Math.min(2, limit) : limit);
    return { entries, more: entries.length < behind.length };
  };
  const readHeads = async (ids: readonly string[]) => ({
    heads: new Map(all.filter((one) => ids.includes(one.executionId)).map((one) => [one.executionId, one])),
    damaged: [],
  });

  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const request = { workflow: "w", limit: 20, ...(cursor === undefined ? {} : { cursor }) };
    const page = await listExecutions({ queryNewestFirst, readHeads }, request);
    found.push(...page.items.map((one) => one.executionId));
    cursor = page.cursor;
  } while (cursor !== undefined);
  expect(found).toEqual(all.map((one) => one.executionId).reverse());
});
