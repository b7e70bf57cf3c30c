import { expect, test } from "vitest";
import type { Head } from "../../../lib/model/head.js";
import { shardOf } from "../../../lib/model/ids.js";
import { type AsClosed, type Created, INDEX_SHARDS, type Store } from "../../../lib/store/ports.js";
import { incompressible } from "../../setup/text.js";
import {
  COMPLETED,
  commit,
  execution,
  FAILED,
  largeMessage,
  lease,
  outgoing,
  owned,
  redrive,
  STALLED,
  settled,
  settlementOf,
  T0,
} from "../builders.js";

const AT = T0 + 86_400_000;

export function retentionContract(store: () => Store): void {
  const asClosed = (executionId: string, fields: Partial<AsClosed> = {}): AsClosed => ({
    executionId,
    status: "completed",
    closedAt: T0 + 1_000,
    ...fields,
  });
  const headOf = async (executionId: string): Promise<Head> => {
    const head = await store().readHead(executionId);
    if (head === undefined) throw new Error(`${executionId} is gone`);
    return head;
  };
  /** A completed execution with so many commits, and a message and a payload beside them. */
  const whole = async (executionId: string, commits: number): Promise<void> => {
    const head = await owned(store(), executionId);
    for (let slot = 1; slot <= commits; slot += 1)
      await store().appendCommit(commit(executionId, slot), undefined);
    await store().appendMessage(executionId, largeMessage("m#1", 2_000));
    await store().putPayload(executionId, "result#1", incompressible(3_000));
    const latest = await headOf(executionId);
    await store().settle(settlementOf({ ...head, inboxSeq: latest.inboxSeq }, COMPLETED, { slot: commits }));
  };
  const deleteAll = async (executionId: string, limit: number): Promise<number[]> => {
    const counts: number[] = [];
    for (;;) {
      const { deleted, done } = await store().deleteItems({ executionId, deletedAt: AT, limit });
      expect(deleted).toBeLessThanOrEqual(limit);
      counts.push(deleted);
      if (done || counts.length > 200) return counts;
    }
  };
  const idsInShard = (prefix: string, shard: number, count: number): string[] =>
    Array.from({ length: count * 40 }, (_, index) => `${prefix}${index}`)
      .filter((id) => shardOf(id, INDEX_SHARDS) === shard)
      .slice(0, count);

  test("a workflow's executions of a shard are listed oldest first, up to a time, in pages of any size", async () => {
    const ids = idsInShard("created", 3, 9);
    // Pairs share a millisecond.
    for (const [index, id] of ids.entries())
      await store().createExecution(
        execution(id, { workflow: "aging", createdAt: T0 + Math.floor(index / 2) }),
      );
    await settled(store(), idsInShard("done", 3, 1)[0] ?? "", COMPLETED, {
      workflow: "aging",
      createdAt: T0 + 9,
    });
    const until = T0 + 3;
    for (const limit of [1, 2, 3, 50]) {
      const found: Created[] = [];
      for (let after: Created | undefined, more = true; more; ) {
        const page = await store().listCreated({
          workflow: "aging",
          shard: 3,
          until,
          limit,
          ...(after && { after }),
        });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        found.push(...page.items);
        ({ more } = page);
        after = page.items.at(-1) ?? after;
        if (page.items.length === 0) break;
      }
      expect(found.map(({ createdAt }) => createdAt - T0)).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
      expect(new Set(found.map(({ executionId }) => executionId))).toEqual(new Set(ids.slice(0, 8)));
    }
    const behind = { executionId: "x", createdAt: until + 1 };
    const empty = { items: [], more: false };
    expect(
      await store().listCreated({ workflow: "aging", shard: 3, until, after: behind, limit: 5 }),
    ).toEqual(empty);
    expect(await store().listCreated({ workflow: "agi", shard: 3, until, limit: 5 })).toEqual(empty);
  });

  test("a listing goes on behind an execution that is gone", async () => {
    const [one = "", two = ""] = idsInShard("gone", 5, 2);
    await settled(store(), one, COMPLETED, { workflow: "leaving", createdAt: T0 });
    await settled(store(), two, COMPLETED, { workflow: "leaving", createdAt: T0 });
    const list = (after?: Created) =>
      store().listCreated({ workflow: "leaving", shard: 5, until: AT, limit: 1, ...(after && { after }) });
    const [first] = (await list()).items;
    await store().deleteHead(asClosed(first?.executionId ?? ""));
    expect((await list(first)).items).toEqual([
      { executionId: first?.executionId === one ? two : one, createdAt: T0 },
    ]);
  });

  test.each([1, 2, 3, 50])(
    "commits are read in pages of %i, around those that are missing",
    async (limit) => {
      const id = `pages-${limit}`;
      const slots = [1, 2, 3, 5, 6, 9];
      for (const slot of slots) await store().appendCommit(commit(id, slot));
      await store().putPayload(id, "a", "1");
      const found: number[] = [];
      for (let afterSlot = 0, more = true; more; ) {
        const page = await store().readCommits({ executionId: id, afterSlot, limit });
        expect(page.commits.length).toBeLessThanOrEqual(limit);
        expect(page.upTo).toBe(page.commits.at(-1)?.slot ?? afterSlot);
        found.push(...page.commits.map(({ slot }) => slot));
        ({ more } = page);
        afterSlot = page.upTo;
      }
      expect(found).toEqual(slots);
      const behind = { executionId: id, afterSlot: 9, limit };
      expect(await store().readCommits(behind)).toEqual({ commits: [], upTo: 9, more: false });
    },
  );

  test("a survey says whether anything lies beside the head, and which commit is still to be carried", async () => {
    expect(await store().surveyItems("nobody")).toEqual({ any: false });
    await settled(store(), "bare", COMPLETED);
    expect(await store().surveyItems("bare")).toEqual({ any: false });
    await store().putPayload("bare", "a", "1");
    expect(await store().surveyItems("bare")).toEqual({ any: true });
    await store().appendCommit(commit("survey", 1), undefined);
    for (const slot of [2, 3])
      await store().appendCommit(commit("survey", slot, { outgoing: [outgoing(`e${slot}`)] }), T0);
    expect(await store().surveyItems("survey")).toEqual({ any: true, pendingSlot: 2 });
    const published = [{ state: "published", tries: 1 }] as const;
    await store().markOutbox({ executionId: "survey", slot: 2, version: 0, states: published });
    expect(await store().surveyItems("survey")).toEqual({ any: true, pendingSlot: 3 });
    // One that was given up is carried no further.
    const dead = [{ state: "dead", tries: 9 }] as const;
    await store().markOutbox({ executionId: "survey", slot: 3, version: 0, states: dead, givenUpAt: T0 });
    expect(await store().surveyItems("survey")).toEqual({ any: true });
  });

  test("a deletion begins on the end that was read, and keeps its first mark", async () => {
    await settled(store(), "begun", FAILED);
    const read = asClosed("begun", { status: "failed" });
    const before = await headOf("begun");
    expect(await store().beginDeletion(read, AT)).toEqual({
      begun: true,
      head: { ...before, deletedAt: AT },
    });
    expect(await store().beginDeletion(read, AT + 5)).toEqual({
      begun: true,
      head: { ...before, deletedAt: AT },
    });
    expect(await headOf("begun")).toEqual({ ...before, deletedAt: AT });
  });

  test("a deletion does not begin on another end, on none, or on nobody", async () => {
    await settled(store(), "redriven", FAILED);
    await store().reopen("redriven", { epoch: 1 }, redrive("r1"));
    await settled(store(), "later", COMPLETED);
    await settled(store(), "stalled", STALLED);
    for (const read of [
      asClosed("redriven", { status: "failed" }),
      asClosed("later", { closedAt: T0 + 1_001 }),
      asClosed("later", { status: "cancelled" }),
      asClosed("stalled"),
    ]) {
      const head = await headOf(read.executionId);
      expect(await store().beginDeletion(read, AT)).toEqual({ begun: false, head });
      expect(await headOf(read.executionId)).toEqual(head);
    }
    expect(await store().beginDeletion(asClosed("nobody"), AT)).toEqual({ begun: false, head: undefined });
    expect(await store().readHead("nobody")).toBeUndefined();
  });

  test("a marked execution is not reopened, leased, or sent a message", async () => {
    await settled(store(), "shut", FAILED);
    const { head } = await store().beginDeletion(asClosed("shut", { status: "failed" }), AT);
    expect(await store().reopen("shut", { epoch: 1 }, redrive("r1"))).toEqual({ reopened: false, head });
    expect(await store().acquireLease({ executionId: "shut", seen: { epoch: 1 }, ...lease("b") })).toEqual({
      acquired: false,
      head,
    });
    expect(await store().appendMessage("shut", largeMessage("m1", 9))).toEqual({ outcome: "closed", head });
    expect(await store().createExecution(execution("shut"))).toEqual({ created: true, head });
  });

  test("of a redrive and a deletion at one moment, one is done", async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = `race-${round}`;
      await settled(store(), id, FAILED);
      const [reopened, begun] = await Promise.all([
        store().reopen(id, { epoch: 1 }, redrive("r1")),
        store().beginDeletion(asClosed(id, { status: "failed" }), AT),
      ]);
      expect([reopened.reopened, begun.begun].filter(Boolean)).toHaveLength(1);
      expect(await headOf(id)).toMatchObject(begun.begun ? { deletedAt: AT } : { status: "running" });
    }
  });

  test.each([1, 2, 7, 100])(
    "items are deleted by %i at a time until only the head is left",
    async (limit) => {
      const id = `items-${limit}`;
      await whole(id, 5);
      await whole(`${id}-neighbour`, 2);
      await store().beginDeletion(asClosed(id), AT);
      const counts = await deleteAll(id, limit);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(7);
      expect(await store().loadHistory(id, 0)).toEqual([]);
      expect(await store().loadMessages(id)).toEqual([]);
      expect(await store().getPayload(id, "result#1")).toBeUndefined();
      expect(await store().surveyItems(id)).toEqual({ any: false });
      expect(await headOf(id)).toMatchObject({ status: "completed", deletedAt: AT });
      expect(await store().deleteItems({ executionId: id, deletedAt: AT, limit })).toEqual({
        deleted: 0,
        done: true,
      });
      expect(await store().loadHistory(`${id}-neighbour`, 0)).toHaveLength(2);
    },
  );

  test("a full page says that there may be more, although there is none", async () => {
    const [id = ""] = idsInShard("full", 2, 1);
    await settled(store(), id, COMPLETED, { workflow: "full" });
    await store().appendCommit(commit(id, 1));
    const request = { workflow: "full", shard: 2, until: AT };
    expect(await store().listCreated({ ...request, limit: 1 })).toMatchObject({ more: true });
    expect(await store().listCreated({ ...request, limit: 2 })).toMatchObject({ more: false });
    const behind = { executionId: id, afterSlot: 0 };
    expect(await store().readCommits({ ...behind, limit: 1 })).toMatchObject({ upTo: 1, more: true });
    expect(await store().readCommits({ ...behind, limit: 2 })).toMatchObject({ upTo: 1, more: false });
  });

  test.each([1, 2, 4])("with the last of the items, %i at a time, the deletion is done", async (limit) => {
    const id = `last-${limit}`;
    await whole(id, 2);
    await store().beginDeletion(asClosed(id), AT);
    expect(await deleteAll(id, limit)).toEqual(Array.from({ length: 4 / limit }, () => limit));
  });

  test("items of hundreds are deleted in a few calls", async () => {
    const head = await owned(store(), "hundreds");
    await Promise.all(
      Array.from({ length: 230 }, (_, index) => store().appendCommit(commit("hundreds", index + 1))),
    );
    await store().settle(settlementOf(head, COMPLETED, { slot: 230 }));
    await store().beginDeletion(asClosed("hundreds"), AT);
    expect(await deleteAll("hundreds", 100)).toEqual([100, 100, 30]);
  });

  test("items of an execution that is not marked, or was marked another time, are left", async () => {
    await whole("unmarked", 2);
    const untouched = { deleted: 0, done: false };
    expect(await store().deleteItems({ executionId: "unmarked", deletedAt: AT, limit: 9 })).toEqual(
      untouched,
    );
    await store().beginDeletion(asClosed("unmarked"), AT);
    expect(await store().deleteItems({ executionId: "unmarked", deletedAt: AT + 1, limit: 9 })).toEqual(
      untouched,
    );
    expect(await store().loadHistory("unmarked", 0)).toHaveLength(2);
    await store().putPayload("headless", "a", "1");
    expect(await store().deleteItems({ executionId: "headless", deletedAt: AT, limit: 9 })).toEqual(
      untouched,
    );
    expect(await store().getPayload("headless", "a")).toBe("1");
  });

  test("a commit with outgoing messages still to be carried stays, and goes once they are", async () => {
    const head = await owned(store(), "promised");
    await store().appendCommit(commit("promised", 1), undefined);
    await store().appendCommit(commit("promised", 2, { outgoing: [outgoing("e2")] }), T0);
    await store().appendCommit(commit("promised", 3, { outgoing: [outgoing("e3")] }), T0);
    const dead = [{ state: "dead", tries: 9 }] as const;
    await store().markOutbox({
      executionId: "promised",
      slot: 3,
      version: 0,
      states: dead,
      givenUpAt: T0,
    });
    await store().settle(settlementOf(head, COMPLETED, { slot: 3 }));
    await store().beginDeletion(asClosed("promised"), AT);
    const request = { executionId: "promised", deletedAt: AT, limit: 10 };
    expect(await store().deleteItems(request)).toEqual({ deleted: 2, done: false });
    expect(await store().deleteItems(request)).toEqual({ deleted: 0, done: false });
    expect((await store().readOutbox("promised", 2))?.outgoing).toHaveLength(1);
    const published = [{ state: "published", tries: 1 }] as const;
    await store().markOutbox({ executionId: "promised", slot: 2, version: 0, states: published });
    expect(await store().deleteItems(request)).toEqual({ deleted: 1, done: true });
  });

  test("a head is deleted as it was read, and a repeat finds it gone", async () => {
    await settled(store(), "head", COMPLETED);
    expect(await store().deleteHead({ ...asClosed("head"), deletedAt: AT })).toEqual({ deleted: false });
    expect(await store().deleteHead(asClosed("head", { closedAt: T0 }))).toEqual({ deleted: false });
    await store().beginDeletion(asClosed("head"), AT);
    expect(await store().deleteHead(asClosed("head"))).toEqual({ deleted: false });
    expect(await store().deleteHead({ ...asClosed("head"), deletedAt: AT + 1 })).toEqual({ deleted: false });
    expect(await headOf("head")).toMatchObject({ deletedAt: AT });
    for (let times = 0; times < 2; times += 1)
      expect(await store().deleteHead({ ...asClosed("head"), deletedAt: AT })).toEqual({ deleted: true });
    expect(await store().readHead("head")).toBeUndefined();
    await settled(store(), "unmarked head", COMPLETED);
    expect(await store().deleteHead(asClosed("unmarked head"))).toEqual({ deleted: true });
  });

  test("a deleted execution is in no listing, and its id is free for a new one", async () => {
    const id = "again";
    await settled(store(), id, FAILED, { workflow: "leaves" });
    await store().deleteHead(asClosed(id, { status: "failed" }));
    const shard = shardOf(id, INDEX_SHARDS);
    expect(await store().listCreated({ workflow: "leaves", shard, until: AT, limit: 5 })).toEqual({
      items: [],
      more: false,
    });
    expect((await store().listExecutions({ workflow: "leaves", limit: 5 })).items).toEqual([]);
    const created = await store().createExecution(execution(id, { createToken: "another", createdAt: AT }));
    expect(created).toMatchObject({ created: true, head: { status: "running", createdAt: AT } });
    expect(created.head).not.toHaveProperty("deletedAt");
    // What was read of the old one does not fit the new one.
    expect(await store().deleteHead(asClosed(id, { status: "failed" }))).toEqual({ deleted: false });
  });
}
