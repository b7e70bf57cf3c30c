import { expect, test } from "vitest";
import type { Head } from "../../../lib/model/head.js";
import { shardOf } from "../../../lib/model/ids.js";
import { INDEX_SHARDS, type Settlement, type Store } from "../../../lib/store/ports.js";
import {
  COMPLETED,
  FAILED,
  lease,
  message,
  owned,
  STALLED,
  SUSPENDED,
  settled,
  settlementOf,
  stepCompleted,
  T0,
} from "../builders.js";

export function settleContract(store: () => Store): void {
  test("suspends with its tail, waits and wake, and releases the lease", async () => {
    const head = await owned(store(), "suspended");
    const waits = [
      { name: "payment.completed", key: "a", executionId: "suspended", op: "wait/1" },
      { name: "payment.completed", executionId: "suspended", op: "wait/2" },
    ];
    const request = settlementOf(
      head,
      { status: "suspended", dueAt: T0 + 9_000 },
      {
        slot: 4,
        tail: { slot: 5, events: [stepCompleted("s")] },
        waits,
      },
    );
    expect(await store().settle(request)).toEqual({ settled: true });
    const found = await store().readHead("suspended");
    expect(found).toMatchObject({
      status: "suspended",
      dueAt: T0 + 9_000,
      slot: 4,
      tail: { slot: 5, events: [stepCompleted("s")] },
      waits,
      settleToken: "settle-1",
      epoch: 1,
    });
    expect(found?.lease).toBeUndefined();
  });

  test("removes what the next turn no longer has: tail, wake, waits", async () => {
    const head = await owned(store(), "cleared");
    const tail = { slot: 1, events: [stepCompleted("s")] };
    const waits = [{ name: "n", executionId: "cleared", op: "w" }];
    await store().settle(settlementOf(head, { status: "suspended", dueAt: T0 }, { tail, waits }));
    const next = await store().acquireLease({
      executionId: "cleared",
      seen: { epoch: 1 },
      ...lease("second"),
    });
    if (!next.acquired) throw new Error("not acquired");
    await store().settle(settlementOf(next.head, SUSPENDED, { slot: 1 }));
    const found = await store().readHead("cleared");
    expect(found).toMatchObject({ slot: 1, waits: [] });
    expect(found?.tail).toBeUndefined();
    expect(found?.dueAt).toBeUndefined();
  });

  const AWAITS = {
    first: [
      { op: "signal:go" },
      { op: "wait:paid", dueAt: T0 + 9_000 },
      { op: "saga/step:charge#2", dueAt: T0 + 5_000, attempts: 3 },
      { op: "step:rests", attempts: 1 },
      { op: "child:parcel" },
      { op: "child:parcel#2", childId: "p-2" },
    ],
    count: 40,
  };

  test("says what is awaited, until the next settlement", async () => {
    const again = async (settlement: Settlement): Promise<Head | undefined> => {
      const head = await store().readHead("awaiting");
      const { epoch = 0 } = head ?? {};
      const next = await store().acquireLease({
        executionId: "awaiting",
        seen: { epoch },
        ...lease(`l${epoch}`),
      });
      if (!next.acquired) throw new Error("not acquired");
      expect(next.head.awaits).toEqual(head?.awaits);
      await store().settle(settlementOf(next.head, settlement));
      return store().readHead("awaiting");
    };
    const head = await owned(store(), "awaiting");
    expect(head).not.toHaveProperty("awaits");
    await store().settle(settlementOf(head, { status: "suspended", awaits: AWAITS }));
    expect((await store().readHead("awaiting"))?.awaits).toEqual(AWAITS);
    const fewer = { first: [{ op: "sleep", dueAt: T0 }], count: 1 };
    expect((await again({ status: "paused", awaits: fewer }))?.awaits).toEqual(fewer);
    expect((await again({ status: "suspended", awaits: { first: [], count: 2 } }))?.awaits).toEqual({
      first: [],
      count: 2,
    });
    expect(await again({ status: "suspended" })).not.toHaveProperty("awaits");
    await again({ status: "running", awaits: AWAITS });
    expect(await again(COMPLETED)).not.toHaveProperty("awaits");
  });

  test("says nothing of it when it stalls", async () => {
    const head = await owned(store(), "stuck");
    await store().settle(settlementOf(head, { status: "suspended", awaits: AWAITS }));
    const next = await store().acquireLease({ executionId: "stuck", seen: { epoch: 1 }, ...lease("b") });
    if (!next.acquired) throw new Error("not acquired");
    await store().settle(settlementOf(next.head, STALLED));
    expect(await store().readHead("stuck")).not.toHaveProperty("awaits");
  });

  test("completes with output and closing time", async () => {
    const head = await owned(store(), "completed");
    await store().settle(settlementOf(head, COMPLETED));
    expect(await store().readHead("completed")).toMatchObject({
      status: "completed",
      closedAt: T0 + 1_000,
      output: { inline: "done" },
    });
  });

  test("fails with an error that is a payload's name, and what became of compensation", async () => {
    const head = await owned(store(), "failed");
    const settlement = {
      ...FAILED,
      status: "failed" as const,
      closedAt: T0,
      error: { payload: "error" },
      compensation: "incomplete" as const,
    };
    await store().settle(settlementOf(head, settlement));
    expect(await store().readHead("failed")).toMatchObject({
      status: "failed",
      error: { payload: "error" },
      compensation: "incomplete",
    });
  });

  test("sets the state that queries read, small or large, and leaves it when nothing is said of it", async () => {
    const again = async (fields: Parameters<typeof settlementOf>[2], epoch: number): Promise<unknown> => {
      const next = await store().acquireLease({
        executionId: "stateful",
        seen: { epoch },
        ...lease(`l${epoch}`),
      });
      if (!next.acquired) throw new Error("not acquired");
      await store().settle(settlementOf(next.head, SUSPENDED, fields));
      return (await store().readHead("stateful"))?.state;
    };
    const head = await owned(store(), "stateful");
    await store().settle(settlementOf(head, SUSPENDED, { state: { inline: { step: 1 } } }));
    expect((await store().readHead("stateful"))?.state).toEqual({ inline: { step: 1 } });
    expect(await again({}, 1)).toEqual({ inline: { step: 1 } });
    expect(await again({ state: { payload: "state-x" } }, 2)).toEqual({ payload: "state-x" });
    expect(await again({ state: { inline: null } }, 3)).toEqual({ inline: null });
  });

  test("counts waits that it does not name", async () => {
    const head = await owned(store(), "counted");
    const waits = [{ name: "n", executionId: "counted", op: "w" }];
    await store().settle(settlementOf(head, SUSPENDED, { waits, waitCount: 40 }));
    expect(await store().readHead("counted")).toMatchObject({ waits, waitCount: 40 });
    const next = await store().acquireLease({ executionId: "counted", seen: { epoch: 1 }, ...lease("b") });
    if (!next.acquired) throw new Error("not acquired");
    await store().settle(settlementOf(next.head, SUSPENDED, { waits, waitCount: 1 }));
    expect(await store().readHead("counted")).toMatchObject({ waits, waitCount: 1 });
  });

  test("continues as another execution, and names it", async () => {
    const head = await owned(store(), "continued");
    const settlement = {
      status: "continued",
      closedAt: T0,
      continuedTo: "continued~2",
      duties: ["children", "successor"],
    } as const;
    await store().settle(settlementOf(head, settlement));
    expect(await store().readHead("continued")).toMatchObject(settlement);
    expect(await store().appendMessage("continued", message("m1"))).toMatchObject({
      outcome: "closed",
      head: { continuedTo: "continued~2" },
    });
  });

  test("terminates, and has no duties where there are none", async () => {
    const head = await owned(store(), "terminated");
    await store().settle(settlementOf(head, { status: "terminated", closedAt: T0 }));
    const found = await store().readHead("terminated");
    expect(found).toMatchObject({ status: "terminated", closedAt: T0 });
    expect(found).not.toHaveProperty("duties");
  });

  test("one that has ended with duties is listed among the open ones until they are done, and then by its status", async () => {
    const listed = async (bucket: "open" | "failed"): Promise<boolean> => {
      const shard = shardOf("dutiful", INDEX_SHARDS);
      if (bucket === "open")
        return (await store().listOpen({ shard, limit: 1_000 })).items.includes("dutiful");
      const { items } = await store().listExecutions({ status: bucket, limit: 1_000 });
      return items.some(({ executionId }) => executionId === "dutiful");
    };
    const head = await owned(store(), "dutiful");
    const end = { status: "failed", closedAt: T0 + 5, error: { inline: "x" }, duties: ["parent"] } as const;
    await store().settle(settlementOf(head, end));
    expect(await store().readHead("dutiful")).toMatchObject(end);
    expect([await listed("open"), await listed("failed")]).toEqual([true, false]);
    const before = await store().readHead("dutiful");
    // Of another end.
    await store().noteDutiesDone({ executionId: "dutiful", status: "failed", epoch: 2 });
    await store().noteDutiesDone({ executionId: "dutiful", status: "cancelled", epoch: 1 });
    expect(await store().readHead("dutiful")).toEqual(before);
    // As the runtime does it: with all that it knows of the execution.
    for (let times = 0; times < 2; times += 1)
      await store().noteDutiesDone({ ...before, executionId: "dutiful", status: "failed", epoch: 1 });
    const { duties: _done, ...rest } = before ?? {};
    expect(await store().readHead("dutiful")).toEqual(rest);
    expect([await listed("open"), await listed("failed")]).toEqual([false, true]);
    await store().noteDutiesDone({ executionId: "nobody", status: "failed", epoch: 1 });
    expect(await store().readHead("nobody")).toBeUndefined();
  });

  test("knows its own success when the reply was lost, even when another owner came since", async () => {
    const head = await owned(store(), "lost");
    const request = settlementOf(head, SUSPENDED);
    await store().settle(request);
    expect(await store().settle(request)).toEqual({ settled: true });
    await store().acquireLease({ executionId: "lost", seen: { epoch: 1 }, ...lease("second") });
    expect(await store().settle(request)).toEqual({ settled: true });
    expect((await store().readHead("lost"))?.lease?.token).toBe("second");
  });

  test("refuses a zombie after a takeover, and changes nothing", async () => {
    const zombie = await owned(store(), "zombie");
    await store().acquireLease({
      executionId: "zombie",
      seen: { epoch: 1, leaseToken: "first" },
      ...lease("second"),
    });
    const before = await store().readHead("zombie");
    expect(await store().settle(settlementOf(zombie, COMPLETED))).toEqual({ settled: false, head: before });
    expect(await store().readHead("zombie")).toEqual(before);
  });

  test("refuses who does not hold the lease, at the same epoch", async () => {
    const head = await owned(store(), "stranger");
    const answer = await store().settle(settlementOf(head, SUSPENDED, { leaseToken: "not mine" }));
    expect(answer).toMatchObject({ settled: false, head: { lease: { token: "first" } } });
  });

  test("refuses a second, other settlement under a lease that was released", async () => {
    const head = await owned(store(), "twice");
    await store().settle(settlementOf(head, SUSPENDED));
    const answer = await store().settle(settlementOf(head, COMPLETED, { token: "another" }));
    expect(answer).toMatchObject({ settled: false, head: { status: "suspended" } });
  });

  test("refuses where there is no execution", async () => {
    const head = await owned(store(), "template");
    const answer = await store().settle({ ...settlementOf(head, SUSPENDED), executionId: "nobody" });
    expect(answer).toEqual({ settled: false, head: undefined });
  });

  test("refuses an owner that has not seen the newest message, and then takes it", async () => {
    const head = await owned(store(), "stale");
    await store().appendMessage("stale", message("m1"));
    const refused = await store().settle(settlementOf(head, SUSPENDED));
    expect(refused).toMatchObject({ settled: false, head: { inboxSeq: 1, inbox: [message("m1")] } });
    const again = settlementOf(head, SUSPENDED, { inboxSeq: 1, drained: ["m1", "m1", "never"] });
    expect(await store().settle(again)).toEqual({ settled: true });
    expect(await store().readHead("stale")).toMatchObject({ inboxSeq: 1, inbox: [] });
  });

  test("leaves messages that came since, when it asks for no number", async () => {
    const head = await owned(store(), "whatever");
    await store().appendMessage("whatever", message("seen"));
    await store().appendMessage("whatever", message("unseen", { at: T0 + 1 }));
    const { inboxSeq: _seq, ...request } = settlementOf(head, SUSPENDED, { drained: ["seen"] });
    expect(await store().settle(request)).toEqual({ settled: true });
    expect((await store().readHead("whatever"))?.inbox).toEqual([message("unseen", { at: T0 + 1 })]);
  });

  test("throws on a move that the table of transitions forbids, before it writes", async () => {
    const head = await owned(store(), "forbidden");
    const from = { from: "compensating" as const };
    await expect(store().settle(settlementOf(head, SUSPENDED, from))).rejects.toThrow(
      "from compensating to suspended",
    );
    expect(await store().readHead("forbidden")).toEqual(head);
  });

  test("refuses a move that the stored status forbids, whatever the caller believes", async () => {
    const head = await owned(store(), "disbelieved");
    await store().settle(settlementOf(head, { status: "compensating" }));
    const next = await store().acquireLease({
      executionId: "disbelieved",
      seen: { epoch: 1 },
      ...lease("second"),
    });
    if (!next.acquired) throw new Error("not acquired");
    const answer = await store().settle(settlementOf(next.head, SUSPENDED, { from: "running" }));
    expect(answer).toMatchObject({ settled: false, head: { status: "compensating" } });
  });

  test("stalls, and forgets when it was due", async () => {
    const head = await owned(store(), "stalls");
    await store().settle(settlementOf(head, { status: "running", dueAt: T0 }));
    const next = await store().acquireLease({
      executionId: "stalls",
      seen: { epoch: 1 },
      ...lease("second"),
    });
    if (!next.acquired) throw new Error("not acquired");
    await store().settle(settlementOf(next.head, STALLED));
    const found = await store().readHead("stalls");
    expect(found).toMatchObject({ status: "stalled", stall: { at: T0 + 1_000 } });
    expect(found?.dueAt).toBeUndefined();
  });

  test("lets one of fifty with the same lease win, when each has its own token", async () => {
    const head = await owned(store(), "raced");
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        store().settle(settlementOf(head, SUSPENDED, { token: `t${index}` })),
      ),
    );
    expect(answers.filter((answer) => answer.settled)).toHaveLength(1);
  });

  test("what was stalled and goes on by a settlement is among the open ones again", async () => {
    const id = "goes-on";
    await settled(store(), id, STALLED);
    const request = { executionId: id, seen: { epoch: 1 }, ...lease("b"), evenStalled: true };
    const taken = await store().acquireLease(request);
    if (!taken.acquired) throw new Error("not acquired");
    expect(await store().settle(settlementOf(taken.head, { status: "running" }))).toEqual({ settled: true });
    const shard = shardOf(id, INDEX_SHARDS);
    expect((await store().listOpen({ shard, limit: 100 })).items).toContain(id);
    const stalled = await store().listExecutions({ status: "stalled", limit: 100 });
    expect(stalled.items.map(({ executionId }) => executionId)).not.toContain(id);
  });
}
