import { expect, test } from "vitest";
import type { Store } from "../../../lib/store/ports.js";
import {
  COMPLETED,
  execution,
  lease,
  owned,
  STALLED,
  SUSPENDED,
  settled,
  settlementOf,
  T0,
} from "../builders.js";

export function leaseContract(store: () => Store): void {
  test("is taken from nobody, and raises the epoch", async () => {
    await store().createExecution(execution("free"));
    const answer = await store().acquireLease({ executionId: "free", seen: { epoch: 0 }, ...lease("a") });
    expect(answer).toMatchObject({ acquired: true, head: { epoch: 1, lease: lease("a") } });
    expect(await store().readHead("free")).toEqual(answer.head);
  });

  test("is taken over from the holder that was seen", async () => {
    await owned(store(), "over");
    const answer = await store().acquireLease({
      executionId: "over",
      seen: { epoch: 1, leaseToken: "first" },
      ...lease("b"),
    });
    expect(answer).toMatchObject({ acquired: true, head: { epoch: 2, lease: { token: "b" } } });
  });

  test("is refreshed by its holder, who then works under a new epoch, and by nobody who has lost it", async () => {
    await owned(store(), "refreshed");
    const held = { executionId: "refreshed", seen: { epoch: 1, leaseToken: "first" } };
    const later = { owner: "owner-first", token: "again", until: T0 + 120_000 };
    const answer = await store().acquireLease({ ...held, ...later });
    expect(answer).toMatchObject({ acquired: true, head: { epoch: 2, lease: later } });
    const lost = await store().acquireLease({ ...held, ...later, token: "late" });
    expect(lost).toMatchObject({ acquired: false, head: { epoch: 2, lease: { token: "again" } } });
  });

  test("says that its owner's turn failed, until it is taken over", async () => {
    await owned(store(), "failing");
    await store().failLease("failing", "somebody's");
    expect((await store().readHead("failing"))?.lease).toEqual(lease("first"));
    for (let times = 0; times < 2; times += 1) await store().failLease("failing", "first");
    expect((await store().readHead("failing"))?.lease).toEqual({ ...lease("first"), failed: true });
    const seen = { epoch: 1, leaseToken: "first" };
    await store().acquireLease({ executionId: "failing", seen, ...lease("b") });
    await store().failLease("failing", "first");
    expect((await store().readHead("failing"))?.lease).toEqual(lease("b"));
    await store().failLease("nobody", "first");
    expect(await store().readHead("nobody")).toBeUndefined();
  });

  test("may pin the execution to a code, which every later lease leaves as it is", async () => {
    await store().createExecution(execution("pinned", { pin: "next" }));
    expect((await store().readHead("pinned"))?.pin).toBe("next");
    const first = { executionId: "pinned", seen: { epoch: 0 }, ...lease("a") };
    expect(await store().acquireLease({ ...first, pin: "worker:7" })).toMatchObject({
      acquired: true,
      head: { pin: "worker:7" },
    });
    const lost = await store().acquireLease({ ...first, ...lease("b"), pin: "worker:8" });
    expect(lost).toMatchObject({ acquired: false, head: { pin: "worker:7" } });
    await store().acquireLease({ executionId: "pinned", seen: { epoch: 1, leaseToken: "a" }, ...lease("c") });
    expect(await store().readHead("pinned")).toMatchObject({ epoch: 2, pin: "worker:7" });
    const listed = await store().listExecutions({ workflow: execution("pinned").workflow, limit: 100 });
    expect(listed.items.find(({ executionId }) => executionId === "pinned")).toMatchObject({
      definition: execution("pinned").definition,
      pinnedTo: "worker:7",
    });
  });

  test("moves a pin only from where it was seen, once, and makes none", async () => {
    await store().createExecution(execution("repinned", { pin: "worker:7" }));
    const move = { executionId: "repinned", from: "worker:7", to: "next" };
    expect(await store().movePin({ ...move, from: "worker:6" })).toMatchObject({
      moved: false,
      head: { pin: "worker:7" },
    });
    for (let times = 0; times < 2; times += 1)
      expect(await store().movePin(move)).toMatchObject({ moved: true, head: { pin: "next" } });
    await store().createExecution(execution("loose"));
    const { moved, head } = await store().movePin({ ...move, executionId: "loose" });
    expect([moved, head?.pin]).toEqual([false, undefined]);
    expect(await store().movePin({ ...move, executionId: "nobody" })).toEqual({
      moved: false,
      head: undefined,
    });
    expect(await store().readHead("nobody")).toBeUndefined();
  });

  test("is released by a settlement, without an end, and free for the next at once", async () => {
    const head = await owned(store(), "given-back");
    await store().settle(settlementOf(head, { status: "running" }));
    expect(await store().readHead("given-back")).toMatchObject({ status: "running", epoch: 1 });
    expect(await store().readHead("given-back")).not.toHaveProperty("lease");
    const next = await store().acquireLease({ executionId: "given-back", seen: { epoch: 1 }, ...lease("b") });
    expect(next).toMatchObject({ acquired: true, head: { epoch: 2 } });
  });

  test("is refused when the epoch is no longer the one that was seen", async () => {
    await owned(store(), "moved");
    await store().acquireLease({
      executionId: "moved",
      seen: { epoch: 1, leaseToken: "first" },
      ...lease("b"),
    });
    const late = await store().acquireLease({
      executionId: "moved",
      seen: { epoch: 1, leaseToken: "first" },
      ...lease("c"),
    });
    expect(late).toMatchObject({ acquired: false, head: { epoch: 2, lease: { token: "b" } } });
  });

  test("is refused when its holder released it meanwhile", async () => {
    await settled(store(), "released", SUSPENDED);
    const answer = await store().acquireLease({
      executionId: "released",
      seen: { epoch: 1, leaseToken: "first" },
      ...lease("b"),
    });
    expect(answer).toMatchObject({ acquired: false, head: { epoch: 1 } });
  });

  test("is refused when another turn came and went since it was seen free", async () => {
    await store().createExecution(execution("came-and-went"));
    const taken = await store().acquireLease({
      executionId: "came-and-went",
      seen: { epoch: 0 },
      ...lease("a"),
    });
    if (!taken.acquired) throw new Error("not acquired");
    await store().settle(settlementOf(taken.head, SUSPENDED));
    const late = await store().acquireLease({
      executionId: "came-and-went",
      seen: { epoch: 0 },
      ...lease("b"),
    });
    expect(late).toMatchObject({ acquired: false, head: { epoch: 1, status: "suspended" } });
  });

  test("is refused when it was seen free and is held", async () => {
    await owned(store(), "held");
    const answer = await store().acquireLease({ executionId: "held", seen: { epoch: 1 }, ...lease("b") });
    expect(answer).toMatchObject({ acquired: false, head: { lease: { token: "first" } } });
  });

  test.each([
    ["closed", COMPLETED],
    ["stalled", STALLED],
  ])("is refused on a %s execution", async (name, settlement) => {
    await settled(store(), name, settlement);
    const answer = await store().acquireLease({ executionId: name, seen: { epoch: 1 }, ...lease("b") });
    expect(answer).toMatchObject({ acquired: false, head: { status: settlement.status } });
  });

  test("is refused where there is no execution", async () => {
    const answer = await store().acquireLease({ executionId: "nobody", seen: { epoch: 0 }, ...lease("a") });
    expect(answer).toEqual({ acquired: false, head: undefined });
  });

  test("knows its own success when the reply was lost", async () => {
    await store().createExecution(execution("lost"));
    const request = { executionId: "lost", seen: { epoch: 0 }, ...lease("a") };
    await store().acquireLease(request);
    expect(await store().acquireLease(request)).toMatchObject({ acquired: true, head: { epoch: 1 } });
  });

  test("goes to one of fifty", async () => {
    await store().createExecution(execution("raced"));
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        store().acquireLease({ executionId: "raced", seen: { epoch: 0 }, ...lease(`t${index}`) }),
      ),
    );
    expect(answers.filter((answer) => answer.acquired)).toHaveLength(1);
    expect((await store().readHead("raced"))?.epoch).toBe(1);
  });

  test("is taken on a stalled execution by who asks for that, and leaves it stalled", async () => {
    await settled(store(), "stalled-too", STALLED);
    const request = { executionId: "stalled-too", seen: { epoch: 1 }, ...lease("b"), evenStalled: true };
    const taken = await store().acquireLease(request);
    expect(taken).toMatchObject({ acquired: true, head: { epoch: 2, status: "stalled", stall: {} } });
    expect(await store().acquireLease(request)).toMatchObject({ acquired: true, head: { epoch: 2 } });
    if (!taken.acquired) throw new Error("not acquired");
    const settlement = { status: "terminated", closedAt: T0 + 5_000 } as const;
    expect(await store().settle(settlementOf(taken.head, settlement))).toEqual({ settled: true });
    const found = await store().readHead("stalled-too");
    expect(found).toMatchObject({ status: "terminated", closedAt: T0 + 5_000 });
    expect(found?.stall).toBeUndefined();
  });

  test("is not taken on a closed execution, whatever is asked", async () => {
    await settled(store(), "closed-too", COMPLETED);
    const answer = await store().acquireLease({
      executionId: "closed-too",
      seen: { epoch: 1 },
      ...lease("b"),
      evenStalled: true,
    });
    expect(answer).toMatchObject({ acquired: false, head: { status: "completed" } });
  });
}
