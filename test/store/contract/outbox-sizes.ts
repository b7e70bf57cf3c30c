import { expect, test } from "vitest";
import { PayloadTooLargeError } from "../../../lib/model/errors.js";
import type { OutboxEntryState, OutgoingEvent } from "../../../lib/model/outgoing.js";
import type { Commit, Store } from "../../../lib/store/ports.js";
import { incompressible } from "../../setup/text.js";
import { commit, outgoing, T0 } from "../builders.js";

const LIMIT = 390 * 1_024;
const OF_EACH_STATE = 150;

/** The largest commit that so many messages may have, and so many bytes beyond it. */
function fullCommit(executionId: string, messages: number, beyond = 0): Commit {
  const of = (bytes: number): OutgoingEvent[] =>
    Array.from({ length: messages }, (_, index) => ({
      ...outgoing(`e${String(index).padStart(5, "0")}`),
      detail: JSON.stringify("x".repeat(index === 0 ? bytes : 0)),
    }));
  const { events } = commit(executionId, 1);
  const others = JSON.stringify(events).length + JSON.stringify(of(0)).length;
  return commit(executionId, 1, { outgoing: of(LIMIT + beyond - messages * OF_EACH_STATE - others) });
}

/** No two alike, and nothing that compression could make small. */
function errorsOf(messages: number, bytes: number): string[] {
  const text = incompressible(messages * 200 + bytes);
  return Array.from({ length: messages }, (_, index) => text.slice(index * 200, index * 200 + bytes));
}

export function outboxSizeContract(store: () => Store): void {
  const mark = async (executionId: string, version: number, states: readonly OutboxEntryState[]) =>
    store().markOutbox({ executionId, slot: 1, version, states, pendingAt: T0 + version });
  const statesOf = async (executionId: string) => (await store().readOutbox(executionId, 1))?.states ?? [];

  test.each([
    ["one message", 1],
    ["190 messages", 190],
    ["600 messages", 600],
  ])(
    "leaves room for every mark, however much there is to say, with %s in the largest commit",
    async (name, many) => {
      const id = name.replaceAll(/\W/g, "-");
      await store().appendCommit(fullCommit(id, many), T0);
      const errors = errorsOf(many, 5_000);
      const failed = errors.map((lastError) => ({ state: "failed", tries: 9_999, lastError }) as const);
      expect(await mark(id, 0, failed)).toEqual({ marked: true });
      // Its reply was lost.
      expect(await mark(id, 0, failed)).toEqual({ marked: true });
      const claimed = (await statesOf(id)).map(
        (entry, index): OutboxEntryState => ({
          ...entry,
          state: "processing",
          ...(index === 0 ? { claim: "0b8f6a1e-6d0f-4b7e-9a55-1f3c2d4e5f60" } : {}),
        }),
      );
      expect(await mark(id, 1, claimed)).toEqual({ marked: true });
      expect(await mark(id, 2, failed)).toEqual({ marked: true });
      const states = await statesOf(id);
      expect(states.map(({ state, tries }) => [state, tries])).toEqual(errors.map(() => ["failed", 9_999]));
      const shortened = states.map(({ lastError = "" }) => lastError);
      expect(Math.min(...shortened.map(({ length }) => length))).toBeGreaterThan(80);
      expect(shortened.every((text, index) => errors[index]?.startsWith(text.replace(/…$/, "")))).toBe(true);
    },
  );

  test("cuts the errors of a few among many the less, and none that fits, whatever JSON makes of their letters", async () => {
    await store().appendCommit(fullCommit("few", 190), T0);
    const states = Array.from({ length: 190 }, (_, index): OutboxEntryState => {
      if (index === 3) return { state: "failed", tries: 1, lastError: '\u0000"é😀'.repeat(2_000) };
      if (index === 4) return { state: "invalid", tries: 1, lastError: "it is too large" };
      return { state: "published", tries: 1 };
    });
    await mark("few", 0, states);
    const stored = await statesOf("few");
    expect(stored.filter((_, index) => index !== 3)).toEqual(states.filter((_, index) => index !== 3));
    expect(stored[3]?.lastError?.length).toBeGreaterThan(2_000);
    expect(JSON.stringify(stored).length).toBeLessThan(190 * OF_EACH_STATE + 5_000);
  });

  test("counts where a commit is made: one that would leave no room for its states is refused", async () => {
    for (const many of [1, 190]) {
      const refused = fullCommit(`refused-${many}`, many, 1);
      await expect(store().appendCommit(refused, T0)).rejects.toThrow(PayloadTooLargeError);
      await expect(store().commitTransaction(refused, [], T0)).rejects.toThrow(
        `is ${LIMIT + 1} bytes, and at most ${LIMIT} can be stored`,
      );
      expect(await store().readOutbox(refused.executionId, 1)).toBeUndefined();
    }
  });
}
