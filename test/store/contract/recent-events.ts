import { expect, test } from "vitest";
import { PayloadTooLargeError } from "../../../lib/model/errors.js";
import type { RecentEvent, Store } from "../../../lib/store/ports.js";
import { recentEvent, T0 } from "../builders.js";

export function recentEventContract(store: () => Store): void {
  const keyless = (id: string, fields: Partial<RecentEvent> = {}): RecentEvent => {
    const { key: _key, ...event } = recentEvent(id, fields);
    return event;
  };

  test("are given back whole", async () => {
    const event = recentEvent("whole", { key: "whole", target: "e1", data: { deep: [null, "ü"] } });
    expect(await store().putRecentEvent(event)).toEqual({ first: true, recorded: event });
    expect(await store().findRecentEvents({ name: event.name, key: "whole", since: T0 })).toEqual([event]);
  });

  test.each([
    ["with a key", recentEvent],
    ["without a key", keyless],
  ])("%s: a repeat of an id gets the first record back, and changes nothing", async (what, make) => {
    const event = make("same", { name: `repeat ${what}` });
    await store().putRecentEvent(event);
    const late = { ...event, recordedAt: T0 + 60_000, data: "late" };
    expect(await store().putRecentEvent(late)).toEqual({ first: false, recorded: event });
    const request = { name: event.name, ...(event.key === undefined ? {} : { key: event.key }) };
    expect(await store().findRecentEvents({ ...request, since: T0 })).toEqual([event]);
    expect(await store().findRecentEvents({ ...request, since: T0 + 1 })).toEqual([]);
  });

  test.each([
    ["with a key", recentEvent],
    ["without a key", keyless],
  ])("%s: are found from a time on, oldest first", async (what, make) => {
    const name = `since ${what}`;
    for (const at of [30, 10, 40, 20])
      await store().putRecentEvent(make(`at-${at}`, { name, recordedAt: T0 + at }));
    const request = { name, ...(make === recentEvent ? { key: "order-1" } : {}) };
    const since = async (at: number) =>
      (await store().findRecentEvents({ ...request, since: T0 + at })).map((one) => one.id);
    expect(await since(0)).toEqual(["at-10", "at-20", "at-30", "at-40"]);
    expect(await since(20)).toEqual(["at-20", "at-30", "at-40"]);
    expect(await since(41)).toEqual([]);
    expect(await since(-T0 - 5)).toHaveLength(4);
  });

  test.each([
    ["with a key", recentEvent],
    ["without a key", keyless],
  ])("%s: one of fifty copies is the first, and all see the same time", async (what, make) => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        store().putRecentEvent(make("raced", { name: `raced ${what}`, recordedAt: T0 + index })),
      ),
    );
    expect(answers.filter((answer) => answer.first)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.recorded.recordedAt)).size).toBe(1);
    const request = { name: `raced ${what}`, ...(make === recentEvent ? { key: "order-1" } : {}) };
    expect(await store().findRecentEvents({ ...request, since: T0 })).toHaveLength(1);
  });

  test("of other keys, other names and none stay apart", async () => {
    await store().putRecentEvent(recentEvent("1", { name: "apart", key: "a#b" }));
    await store().putRecentEvent(recentEvent("2", { name: "apart#a", key: "b" }));
    await store().putRecentEvent(keyless("3", { name: "apart" }));
    await store().putRecentEvent(recentEvent("4", { name: "apart", key: "" }));
    const find = async (name: string, key?: string) =>
      (await store().findRecentEvents({ name, since: 0, ...(key === undefined ? {} : { key }) })).map(
        (one) => one.id,
      );
    expect(await find("apart", "a#b")).toEqual(["1"]);
    expect(await find("apart#a", "b")).toEqual(["2"]);
    expect(await find("apart")).toEqual(["3"]);
    expect(await find("apart", "")).toEqual(["4"]);
  });

  test("of many shards come in one order", async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `s${String(index).padStart(2, "0")}`);
    for (const [index, id] of ids.entries())
      await store().putRecentEvent(keyless(id, { name: "shards", recordedAt: T0 + index }));
    expect((await store().findRecentEvents({ name: "shards", since: T0 })).map((one) => one.id)).toEqual(ids);
  });

  test("that no item can hold are refused", async () => {
    await expect(store().putRecentEvent(recentEvent("huge", { data: "x".repeat(400_000) }))).rejects.toThrow(
      PayloadTooLargeError,
    );
  });
}
