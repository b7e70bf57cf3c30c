import { describe, expect, test } from "vitest";
import {
  commitKey,
  commitsAfter,
  currentDefinitionKey,
  definitionKey,
  groupOf,
  headKey,
  indexKey,
  messageKey,
  payloadKey,
  recentByTimeKey,
  recentSince,
  slotOf,
  waitKey,
  waitPartitions,
} from "../../lib/store/dynamodb/keys.js";
import { T0 } from "./builders.js";

describe("keys", () => {
  test("of an execution's items are its id and what they are", () => {
    expect(headKey("o-1")).toEqual({ pk: "o-1", sk: "head" });
    expect(commitKey("o-1", 42)).toEqual({ pk: "o-1", sk: "commit#0000000042" });
    expect(messageKey("o-1", "bus-1")).toEqual({ pk: "o-1", sk: "inbox#bus-1" });
    expect(payloadKey("o-1", "input")).toEqual({ pk: "o-1", sk: "payload#input" });
  });

  test("of definitions are their workflow's, and what it has now is found beside that of all others", () => {
    expect(definitionKey("orders:v1/eu", "h_-1")).toEqual({ pk: "definition#orders:v1/eu", sk: "h_-1" });
    expect(currentDefinitionKey("orders:v1/eu")).toEqual({ pk: "definitions", sk: "orders:v1/eu" });
  });

  test("of commits sort as their slots do, and can be read back", () => {
    const slots = [1, 2, 9, 10, 99, 100, 1_000_000];
    const sorted = slots.map((slot) => commitKey("o-1", slot).sk).sort();
    expect(sorted.map(slotOf)).toEqual(slots);
    expect(commitsAfter(9)).toEqual({ from: "commit#0000000010", to: "commit#9999999999" });
  });

  test.each([
    "head",
    "commit#",
    "commit#1",
    "commit#000000000x",
    "commit#00000000011",
    "commit#0001000001",
    "commit#4000000000",
    "inbox#commit#0000000001",
  ])("%s is no commit's", (sk) => expect(slotOf(sk)).toBeUndefined());

  test("of an index give back the name that they were made from", () => {
    expect(groupOf(indexKey("order-saga", "o-1"))).toBe("order-saga");
    expect(groupOf(indexKey("a#1", "o-1"))).toBe("a#1");
    expect(groupOf("")).toBe("");
  });

  test("of waits escape what would forge a separator, a shard or a hash", () => {
    expect(waitKey({ name: "paid", key: "a#b", executionId: "o-1", op: "x#y" })).toEqual({
      pk: "wait#paid#a%23b",
      sk: "o-1#x%23y",
    });
    expect(waitKey({ name: "paid", key: "~3", executionId: "o-1", op: "!" })).toEqual({
      pk: "wait#paid#%7E3",
      sk: "o-1#%21",
    });
    expect(waitPartitions({ name: "paid" })).toHaveLength(8);
    expect(waitPartitions({ name: "paid" })).toContain(
      waitKey({ name: "paid", executionId: "o-1", op: "x" }).pk,
    );
    expect(waitPartitions({ name: "paid", key: "k" })).toEqual(["wait#paid#k"]);
  });

  test("never exceed what the table takes", () => {
    const long = "ü#".repeat(5_000);
    const { pk, sk } = waitKey({ name: long, key: long, executionId: long, op: long });
    expect(Buffer.byteLength(pk)).toBeLessThanOrEqual(2048);
    expect(Buffer.byteLength(sk)).toBeLessThanOrEqual(1024);
    const almost = "x".repeat(450);
    expect(
      Buffer.byteLength(waitKey({ name: almost, key: almost, executionId: almost, op: almost }).sk),
    ).toBeLessThanOrEqual(1024);
    expect(Buffer.byteLength(messageKey("o-1", long).sk)).toBeLessThanOrEqual(1024);
  });

  test("of recent events sort by time, and begin where a lookback begins", () => {
    const at = (recordedAt: number) => recentByTimeKey({ name: "n", id: "id", recordedAt }).sk;
    expect([at(T0 + 1), at(999), at(T0)].sort()).toEqual([at(999), at(T0), at(T0 + 1)]);
    expect(at(T0) >= recentSince(T0)).toBe(true);
    expect(at(T0 - 1) >= recentSince(T0)).toBe(false);
    expect(at(0) >= recentSince(-5)).toBe(true);
  });
});
