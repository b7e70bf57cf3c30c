import { expect, test } from "vitest";
import { InvalidInputError } from "../../../lib/model/errors.js";
import { shardOf } from "../../../lib/model/ids.js";
import { STAGED_SLOT, stagedId } from "../../../lib/store/outbox.js";
import { INDEX_SHARDS, type Store } from "../../../lib/store/ports.js";
import { commit, execution, outgoing, T0 } from "../builders.js";

const PENDING = { state: "pending", tries: 0 } as const;
const PUBLISHED = { state: "published", tries: 1 } as const;
const FAILED = { state: "failed", tries: 1, lastError: "throttled" } as const;

export function outboxContract(store: () => Store): void {
  const withOutbox = async (id: string, pendingAt: number, slot = 1): Promise<void> => {
    await store().appendCommit(commit(id, slot, { outgoing: [outgoing("e1"), outgoing("e2")] }), pendingAt);
  };
  const due = async (id: string, dueBy: number): Promise<number[]> => {
    const shard = shardOf(id, INDEX_SHARDS);
    const found = await store().listOutboxes({ mark: "pending", shard, until: dueBy, limit: 100 });
    return found.items.filter((one) => one.executionId === id).map((one) => one.slot);
  };

  test("begins with every entry pending", async () => {
    await withOutbox("begins", T0);
    expect(await store().readOutbox("begins", 1)).toEqual({
      executionId: "begins",
      slot: 1,
      outgoing: [outgoing("e1"), outgoing("e2")],
      states: [PENDING, PENDING],
      version: 0,
      pendingAt: T0,
    });
  });

  test("is not there for a commit without outgoing events, or no commit", async () => {
    await store().appendCommit(commit("none", 1), T0);
    expect(await store().readOutbox("none", 1)).toBeUndefined();
    expect(await store().readOutbox("none", 2)).toBeUndefined();
    expect(await due("none", T0 + 1)).toEqual([]);
  });

  test("is always marked, even when its writer names no time", async () => {
    await store().appendCommit(commit("unnamed", 1, { outgoing: [outgoing("e1")] }));
    expect(await due("unnamed", T0)).toEqual([1]);
  });

  test("is listed from the time when it is due, the oldest first", async () => {
    await withOutbox("due", T0 + 200, 1);
    await withOutbox("due", T0 + 100, 2);
    expect(await due("due", T0 + 99)).toEqual([]);
    expect(await due("due", T0 + 100)).toEqual([2]);
    expect(await due("due", T0 + 200)).toEqual([2, 1]);
  });

  test("is listed up to a limit", async () => {
    for (let slot = 1; slot <= 3; slot += 1) await withOutbox("limited", slot, slot);
    const request = { mark: "pending", shard: shardOf("limited", INDEX_SHARDS), until: 3, limit: 2 } as const;
    const first = await store().listOutboxes(request);
    expect(first.items).toEqual([
      { executionId: "limited", slot: 1 },
      { executionId: "limited", slot: 2 },
    ]);
    const { cursor = "" } = first;
    expect(await store().listOutboxes({ ...request, cursor })).toEqual({
      items: [{ executionId: "limited", slot: 3 }],
    });
  });

  test("keeps its mark, at a new time, while an entry is to be tried again", async () => {
    await withOutbox("retried", T0);
    const request = {
      executionId: "retried",
      slot: 1,
      version: 0,
      states: [PUBLISHED, FAILED],
      pendingAt: T0 + 5_000,
    };
    expect(await store().markOutbox(request)).toEqual({ marked: true });
    expect(await store().readOutbox("retried", 1)).toMatchObject({
      states: [PUBLISHED, FAILED],
      version: 1,
      pendingAt: T0 + 5_000,
    });
    expect(await due("retried", T0 + 4_999)).toEqual([]);
    expect(await due("retried", T0 + 5_000)).toEqual([1]);
  });

  test("loses its mark when all is final, and keeps its history", async () => {
    await withOutbox("final", T0);
    await store().markOutbox({ executionId: "final", slot: 1, version: 0, states: [PUBLISHED, PUBLISHED] });
    expect(await due("final", T0 * 2)).toEqual([]);
    expect((await store().readOutbox("final", 1))?.pendingAt).toBeUndefined();
    expect(await store().loadHistory("final", 0)).toEqual([
      commit("final", 1, { outgoing: [outgoing("e1"), outgoing("e2")] }),
    ]);
  });

  test("gets its mark again when it is redriven", async () => {
    await withOutbox("redriven", T0);
    await store().markOutbox({
      executionId: "redriven",
      slot: 1,
      version: 0,
      states: [PUBLISHED, { state: "dead", tries: 9 }],
    });
    await store().markOutbox({
      executionId: "redriven",
      slot: 1,
      version: 1,
      states: [PUBLISHED, PENDING],
      pendingAt: T0,
    });
    expect(await due("redriven", T0)).toEqual([1]);
  });

  test("refuses a mark on a version that has passed", async () => {
    await withOutbox("versions", T0);
    await store().markOutbox({
      executionId: "versions",
      slot: 1,
      version: 0,
      states: [PUBLISHED, FAILED],
      pendingAt: T0,
    });
    const late = { executionId: "versions", slot: 1, version: 0, states: [FAILED, FAILED], pendingAt: T0 };
    expect(await store().markOutbox(late)).toEqual({ marked: false });
    expect(await store().markOutbox({ ...late, version: 7 })).toEqual({ marked: false });
    expect((await store().readOutbox("versions", 1))?.states).toEqual([PUBLISHED, FAILED]);
  });

  test("knows its own mark when the reply was lost", async () => {
    await withOutbox("lost", T0);
    const request = { executionId: "lost", slot: 1, version: 0, states: [PUBLISHED, PUBLISHED] };
    await store().markOutbox(request);
    expect(await store().markOutbox(request)).toEqual({ marked: true });
    expect((await store().readOutbox("lost", 1))?.version).toBe(1);
  });

  test("that was staged goes with its last mark, once everything in it is published", async () => {
    const id = stagedId("s-1");
    const stored = async () => (await store().readOutbox(id, STAGED_SLOT)) !== undefined;
    await withOutbox(id, T0, STAGED_SLOT);
    const mark = {
      executionId: id,
      slot: STAGED_SLOT,
      version: 0,
      states: [PUBLISHED, FAILED],
      pendingAt: T0,
    };
    expect(await store().markOutbox(mark)).toEqual({ marked: true });
    expect(await stored()).toBe(true);
    const { pendingAt: _, ...last } = { ...mark, version: 1, states: [PUBLISHED, PUBLISHED] };
    expect(await store().markOutbox({ ...last, version: 0 })).toEqual({ marked: false });
    expect(await store().markOutbox(last)).toEqual({ marked: true });
    expect(await stored()).toBe(false);
    expect(await due(id, T0 * 2)).toEqual([]);
    // Its reply was lost.
    expect(await store().markOutbox(last)).toEqual({ marked: true });
  });

  test("that was staged and given up stays to be looked at", async () => {
    const id = stagedId("s-2");
    await withOutbox(id, T0, STAGED_SLOT);
    const states = [PUBLISHED, { state: "dead", tries: 9 } as const];
    await store().markOutbox({ executionId: id, slot: STAGED_SLOT, version: 0, states });
    expect(await store().readOutbox(id, STAGED_SLOT)).toMatchObject({ states, version: 1 });
  });

  test("is claimed by one of several re-relays, and is due again when the claim has ended", async () => {
    await withOutbox("claimed", T0);
    const PROCESSING = { state: "processing", tries: 0 } as const;
    const claim = { executionId: "claimed", slot: 1, version: 0, pendingAt: T0 + 60_000 };
    const answers = await Promise.all([
      store().markOutbox({ ...claim, states: [PROCESSING, PROCESSING] }),
      store().markOutbox({ ...claim, states: [PROCESSING, PROCESSING], pendingAt: T0 + 60_001 }),
    ]);
    expect(answers.filter(({ marked }) => marked)).toHaveLength(1);
    expect(await due("claimed", T0 + 59_999)).toEqual([]);
    expect(await due("claimed", T0 + 60_001)).toEqual([1]);
  });

  test("of which something was given up is listed so, and no longer as pending, until it is to be tried again", async () => {
    const DEAD = { state: "dead", tries: 9, lastError: "throttled" } as const;
    const EXPIRED = { state: "expired", tries: 0, lastError: "late" } as const;
    const mark = { executionId: "given-up", slot: 1, version: 0, states: [DEAD, EXPIRED], givenUpAt: T0 + 5 };
    const shard = shardOf("given-up", INDEX_SHARDS);
    const givenUp = async (until?: number) => {
      const found = await store().listOutboxes({
        mark: "given up",
        shard,
        limit: 100,
        ...(until === undefined ? {} : { until }),
      });
      return found.items.filter(({ executionId }) => executionId === "given-up");
    };
    await withOutbox("given-up", T0);
    expect(await store().markOutbox(mark)).toEqual({ marked: true });
    // Its reply was lost.
    expect(await store().markOutbox(mark)).toEqual({ marked: true });
    expect(await store().readOutbox("given-up", 1)).toEqual({
      executionId: "given-up",
      slot: 1,
      outgoing: [outgoing("e1"), outgoing("e2")],
      states: [DEAD, EXPIRED],
      version: 1,
      givenUpAt: T0 + 5,
    });
    expect(await due("given-up", T0 * 2)).toEqual([]);
    expect(await givenUp()).toEqual([{ executionId: "given-up", slot: 1 }]);
    expect(await givenUp(T0 + 4)).toEqual([]);
    await store().markOutbox({
      executionId: "given-up",
      slot: 1,
      version: 1,
      states: [PENDING, EXPIRED],
      pendingAt: T0 + 7,
    });
    expect(await givenUp()).toEqual([]);
    expect(await due("given-up", T0 + 7)).toEqual([1]);
    expect(await store().readOutbox("given-up", 1)).not.toHaveProperty("givenUpAt");
  });

  test("is listed with all others of every shard, page by page, each once", async () => {
    const ids = Array.from({ length: 20 }, (_, each) => `paged-${each}`);
    for (const [at, id] of ids.entries()) await withOutbox(id, 1_000 + (at % 3));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store().listOutboxes({
        mark: "pending",
        until: 2_000,
        limit: 3,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(page.items.length).toBeLessThanOrEqual(3);
      seen.push(...page.items.map(({ executionId }) => executionId).filter((id) => id.startsWith("paged-")));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen.toSorted()).toEqual(ids.toSorted());
  });

  test("is not listed by a cursor that is none of its own", async () => {
    const asked = store().listOutboxes({ mark: "pending", limit: 3, cursor: "nonsense" });
    await expect(asked).rejects.toThrow(InvalidInputError);
  });

  test("takes no mark where there is no outbox", async () => {
    await store().appendCommit(commit("plain", 1));
    expect(await store().markOutbox({ executionId: "plain", slot: 1, version: 0, states: [] })).toEqual({
      marked: false,
    });
    expect(await store().markOutbox({ executionId: "nobody", slot: 1, version: 0, states: [] })).toEqual({
      marked: false,
    });
    expect(await store().readHead("nobody")).toBeUndefined();
    expect(await store().loadHistory("nobody", 0)).toEqual([]);
  });

  test("that was staged and given up is deleted as it was read, and not when it is tried again", async () => {
    const place = { executionId: stagedId("s-3"), slot: STAGED_SLOT };
    await withOutbox(place.executionId, T0, place.slot);
    const states = [PUBLISHED, { state: "dead", tries: 9 }] as const;
    await store().markOutbox({ ...place, version: 0, states, givenUpAt: T0 });
    await store().markOutbox({ ...place, version: 1, states: [PUBLISHED, PENDING], pendingAt: T0 });
    expect(await store().deleteStaged({ ...place, version: 1 })).toEqual({ deleted: false });
    expect(await store().readOutbox(place.executionId, place.slot)).toMatchObject({ version: 2 });
    expect(await store().deleteStaged({ ...place, version: 2 })).toEqual({ deleted: true });
    expect(await store().deleteStaged({ ...place, version: 2 })).toEqual({ deleted: true });
    expect(await store().readOutbox(place.executionId, place.slot)).toBeUndefined();
    await withOutbox("history", T0);
    const commitOf = { executionId: "history", slot: 1, version: 0 };
    await expect(store().deleteStaged(commitOf)).rejects.toThrow("is an execution");
    expect(await store().loadHistory("history", 0)).toHaveLength(1);
  });

  test("is marked by one of fifty that read the same version", async () => {
    await withOutbox("raced", T0);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, tries) =>
        store().markOutbox({
          executionId: "raced",
          slot: 1,
          version: 0,
          states: [PUBLISHED, { state: "failed", tries }],
          pendingAt: T0,
        }),
      ),
    );
    expect(answers.filter((answer) => answer.marked)).toHaveLength(1);
  });

  test("a head that bears no mark is as one whose mark was removed; one that is not there is not", async () => {
    await store().createExecution(execution("unmarked-head"));
    const mark = { slot: 0, version: 3, states: [{ state: "published", tries: 1 }] } as const;
    expect(await store().markOutbox({ executionId: "unmarked-head", ...mark })).toEqual({ marked: true });
    expect(await store().markOutbox({ executionId: "unmarked-head", ...mark, pendingAt: T0 })).toEqual({
      marked: false,
    });
    expect(await store().markOutbox({ executionId: "no-head", ...mark })).toEqual({ marked: false });
  });
}
