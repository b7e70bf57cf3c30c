import { expect, test } from "vitest";
import type { Store } from "../../../lib/store/ports.js";
import {
  COMPLETED,
  FAILED,
  lease,
  message,
  owned,
  redrive,
  STALLED,
  SUSPENDED,
  settled,
  settlementOf,
  T0,
} from "../builders.js";

export function reopeningContract(store: () => Store): void {
  test("puts a stalled execution back to running, with the message that says so", async () => {
    await settled(store(), "stuck", STALLED);
    expect(await store().readHead("stuck")).toMatchObject({
      status: "stalled",
      stall: { error: { name: "NonDeterminismError" } },
    });
    const answer = await store().reopen("stuck", { epoch: 1 }, redrive("r1"));
    expect(answer).toMatchObject({
      reopened: true,
      head: { status: "running", inboxSeq: 1, inbox: [redrive("r1")] },
    });
    expect(answer.head?.stall).toBeUndefined();
    expect(await store().readHead("stuck")).toEqual(answer.head);
    const taken = await store().acquireLease({ executionId: "stuck", seen: { epoch: 1 }, ...lease("b") });
    expect(taken).toMatchObject({ acquired: true, head: { epoch: 2 } });
    if (!taken.acquired) throw new Error("not acquired");
    const settlement = settlementOf(taken.head, COMPLETED, { drained: ["r1"] });
    expect(await store().settle(settlement)).toEqual({ settled: true });
    expect((await store().readHead("stuck"))?.inbox).toEqual([]);
  });

  test("puts a failed one back, and takes away all that its end had left", async () => {
    const head = await owned(store(), "failed");
    const tail = { slot: 3, events: [] };
    const settlement = {
      status: "failed",
      closedAt: T0,
      error: { inline: "boom" },
      compensation: "none",
      duties: ["children"],
    } as const;
    await store().settle(settlementOf(head, settlement, { slot: 2, tail }));
    const before = await store().readHead("failed");
    expect(before).toMatchObject({ status: "failed", duties: ["children"], compensation: "none" });
    const { head: after } = await store().reopen("failed", { epoch: 1 }, redrive("r1"));
    expect(after).toMatchObject({ status: "running", slot: 2, tail, epoch: 1 });
    for (const gone of ["closedAt", "error", "output", "compensation", "stall", "duties"])
      expect(after, gone).not.toHaveProperty(gone);
  });

  test.each([
    { status: "completed", output: { inline: "done" } },
    { status: "cancelled", error: { inline: "cancelled" } },
  ] as const)(
    "puts one back that $status and was not undone to the end, and leaves its output",
    async (end) => {
      const id = `undoes-${end.status}`;
      const settlement = { ...end, closedAt: T0, compensation: "incomplete" } as const;
      await settled(store(), id, settlement);
      const { reopened, head } = await store().reopen(id, { epoch: 1 }, redrive("r1"));
      expect(reopened).toBe(true);
      expect(head).toMatchObject({ status: "running", inbox: [redrive("r1")] });
      for (const gone of ["closedAt", "error", "compensation"]) expect(head, gone).not.toHaveProperty(gone);
      expect(head?.output).toEqual(end.status === "completed" ? end.output : undefined);
      expect(await store().readHead(id)).toEqual(head);

      const seen = { epoch: 1 };
      const taken = await store().acquireLease({ executionId: id, seen, ...lease("b") });
      if (!taken.acquired) throw new Error("not acquired");
      const again = settlementOf(
        taken.head,
        { ...settlement, compensation: "complete" },
        { drained: ["r1"] },
      );
      expect(await store().settle(again)).toEqual({ settled: true });
      const whole = await store().readHead(id);
      expect(whole).toMatchObject({ ...end, compensation: "complete" });
      // There is nothing left to undo.
      expect(await store().reopen(id, { epoch: 1 }, redrive("r2"))).toEqual({ reopened: false, head: whole });
      expect(await store().readHead(id)).toEqual(whole);
    },
  );

  test("one that ends otherwise the next time has nothing of the end before", async () => {
    const completed = {
      status: "completed",
      closedAt: T0,
      output: { inline: 1 },
      compensation: "incomplete",
    } as const;
    await settled(store(), "otherwise", completed);
    await store().reopen("otherwise", { epoch: 1 }, redrive("r1"));
    const taken = await store().acquireLease({ executionId: "otherwise", seen: { epoch: 1 }, ...lease("b") });
    if (!taken.acquired) throw new Error("not acquired");
    await store().settle(settlementOf(taken.head, { status: "terminated", closedAt: T0 }));
    const found = await store().readHead("otherwise");
    expect(found).toMatchObject({ status: "terminated" });
    for (const gone of ["output", "error", "compensation"]) expect(found, gone).not.toHaveProperty(gone);
  });

  test("has it listed among the open ones again", async () => {
    await settled(store(), "listed", FAILED, { workflow: "reopened" });
    await store().reopen("listed", { epoch: 1 }, redrive("r1"));
    const page = await store().listExecutions({ workflow: "reopened", status: "running", limit: 5 });
    expect(page.items).toEqual([
      {
        executionId: "listed",
        workflow: "reopened",
        definition: "d41d8cd98f00",
        status: "running",
        createdAt: T0,
        dueAt: T0,
      },
    ]);
    expect(
      (await store().listExecutions({ workflow: "reopened", status: "failed", limit: 5 })).items,
    ).toEqual([]);
  });

  test("knows its own success when the reply was lost, until the message has been read", async () => {
    await settled(store(), "lost", STALLED);
    const first = await store().reopen("lost", { epoch: 1 }, redrive("r1"));
    expect(await store().reopen("lost", { epoch: 1 }, redrive("r1"))).toEqual({
      reopened: true,
      head: first.head,
    });
    expect(await store().reopen("lost", { epoch: 1 }, redrive("r2"))).toEqual({
      reopened: false,
      head: first.head,
    });
  });

  test("is refused when it was redriven since it was read, and has ended again", async () => {
    await settled(store(), "again", FAILED);
    await store().reopen("again", { epoch: 1 }, redrive("r1"));
    const taken = await store().acquireLease({
      executionId: "again",
      seen: { epoch: 1 },
      ...lease("second"),
    });
    if (!taken.acquired) throw new Error("nobody else wants it");
    await store().settle(settlementOf(taken.head, FAILED, { drained: ["r1"] }));
    const head = await store().readHead("again");
    expect(head).toMatchObject({ status: "failed", epoch: 2, inbox: [] });
    // The reply to the first was lost for so long.
    expect(await store().reopen("again", { epoch: 1 }, redrive("r1"))).toEqual({ reopened: false, head });
    expect(await store().reopen("again", { epoch: 2 }, redrive("r2"))).toMatchObject({ reopened: true });
  });

  test("takes the message whatever else the inbox holds", async () => {
    await settled(store(), "full", STALLED);
    for (let index = 0; index < 6; index += 1)
      await store().appendMessage("full", message(`m${index}`, { data: "x".repeat(100) }));
    const { head } = await store().reopen(
      "full",
      { epoch: 1 },
      redrive("r1", { at: T0 + 1, reason: "y".repeat(400) }),
    );
    expect(head?.inbox.at(-1)).toMatchObject({ id: "r1", kind: "redrive" });
    expect(head).toMatchObject({ inboxSeq: 7 });
    const aside = (await store().loadMessages("full")).map((one) => one.id);
    expect([...aside, ...(head?.inbox ?? []).map((one) => one.id)].sort()).toEqual(
      ["m0", "m1", "m2", "m3", "m4", "m5", "r1"].sort(),
    );
  });

  test("is refused where there is nothing to reopen, and changes nothing", async () => {
    await settled(store(), "fine", SUSPENDED);
    await settled(store(), "done", COMPLETED);
    await settled(store(), "undone", { status: "cancelled", closedAt: T0, compensation: "complete" });
    await settled(store(), "ended", { status: "terminated", closedAt: T0 });
    for (const id of ["fine", "done", "undone", "ended"]) {
      const before = await store().readHead(id);
      expect(await store().reopen(id, { epoch: 1 }, redrive("r1"))).toEqual({
        reopened: false,
        head: before,
      });
      expect(await store().readHead(id)).toEqual(before);
    }
    expect(await store().reopen("nobody", { epoch: 1 }, redrive("r1"))).toEqual({
      reopened: false,
      head: undefined,
    });
    expect(await store().readHead("nobody")).toBeUndefined();
  });

  test("is done by one of twenty", async () => {
    await settled(store(), "raced", FAILED);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => store().reopen("raced", { epoch: 1 }, redrive(`r${index}`))),
    );
    expect(answers.filter((answer) => answer.reopened)).toHaveLength(1);
    expect((await store().readHead("raced"))?.inbox).toHaveLength(1);
  });
}
