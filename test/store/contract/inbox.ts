import { expect, test } from "vitest";
import { PayloadTooLargeError } from "../../../lib/model/errors.js";
import type { Store } from "../../../lib/store/ports.js";
import {
  COMPLETED,
  execution,
  largeMessage,
  lease,
  message,
  owned,
  STALLED,
  SUSPENDED,
  settled,
  settlementOf,
  T0,
} from "../builders.js";

export function inboxContract(store: () => Store): void {
  test("keeps a small message in the head", async () => {
    await store().createExecution(execution("small"));
    const answer = await store().appendMessage("small", message("m1"));
    expect(answer).toMatchObject({
      outcome: "appended",
      head: { inboxSeq: 1, inbox: [message("m1")], inboxItems: 0 },
    });
    expect(await store().loadMessages("small")).toEqual([]);
  });

  test("gives messages oldest first, whatever the order in which they came", async () => {
    await store().createExecution(execution("order"));
    for (const [id, at] of [
      ["b", 2],
      ["c", 1],
      ["a", 2],
    ] as const) {
      await store().appendMessage("order", message(id, { at: T0 + at }));
    }
    expect((await store().readHead("order"))?.inbox.map((one) => one.id)).toEqual(["c", "a", "b"]);
  });

  test("keeps a 30 KB message as an item of its own", async () => {
    await store().createExecution(execution("large"));
    const large = largeMessage("m1", 30_000);
    const answer = await store().appendMessage("large", large);
    expect(answer).toMatchObject({ outcome: "appended", head: { inboxSeq: 1, inbox: [], inboxItems: 1 } });
    expect(await store().loadMessages("large")).toEqual([large]);
  });

  test("takes two hundred small messages at once, and the head keeps only a few", async () => {
    await store().createExecution(execution("many"));
    const sent = Array.from({ length: 200 }, (_, index) =>
      message(`m${String(index).padStart(3, "0")}`, { at: T0 + index }),
    );
    const answers = await Promise.all(sent.map((one) => store().appendMessage("many", one)));
    expect(answers.every((answer) => answer.outcome === "appended")).toBe(true);
    const head = await store().readHead("many");
    const items = await store().loadMessages("many");
    expect(head).toMatchObject({ inboxSeq: 200, inboxItems: items.length });
    expect(head?.inbox.length).toBeLessThan(10);
    expect([...(head?.inbox ?? []), ...items].sort((one, other) => one.at - other.at)).toEqual(sent);
  });

  test("is empty again after one settlement that drained hundreds", async () => {
    const head = await owned(store(), "drained");
    const ids = Array.from({ length: 120 }, (_, index) => `m${index}`);
    for (const id of ids) await store().appendMessage("drained", message(id));
    const request = settlementOf(head, SUSPENDED, { inboxSeq: 120, drained: ids, inboxItems: 0 });
    expect(await store().settle(request)).toEqual({ settled: true });
    const items = await store().loadMessages("drained");
    await store().deleteMessages(
      "drained",
      items.map((one) => one.id),
    );
    await store().deleteMessages("drained", ["m0", "m119", "never"]);
    expect(await store().loadMessages("drained")).toEqual([]);
    expect(await store().readHead("drained")).toMatchObject({ inbox: [], inboxItems: 0 });
    const next = await store().appendMessage("drained", message("next"));
    expect(next).toMatchObject({ outcome: "appended", head: { inbox: [message("next")], inboxSeq: 121 } });
  });

  test("knows a repeat in the head", async () => {
    await store().createExecution(execution("again"));
    await store().appendMessage("again", message("m1"));
    const answer = await store().appendMessage("again", message("m1"));
    expect(answer).toMatchObject({ outcome: "duplicate", head: { inboxSeq: 1, inbox: [message("m1")] } });
  });

  test("knows a repeat of a large one, and raises the number so that its owner looks", async () => {
    await store().createExecution(execution("again-large"));
    await store().appendMessage("again-large", largeMessage("m1", 5_000));
    const answer = await store().appendMessage("again-large", largeMessage("m1", 5_000));
    expect(answer).toMatchObject({ outcome: "duplicate", head: { inboxSeq: 2 } });
    expect(await store().loadMessages("again-large")).toHaveLength(1);
  });

  test("keeps one copy when a repeat finds the head full, or empty again", async () => {
    const head = await owned(store(), "moving");
    await store().appendMessage("moving", message("first"));
    await store().appendMessage("moving", largeMessage("large", 2_000));
    expect(await store().appendMessage("moving", message("first"))).toMatchObject({ outcome: "duplicate" });
    await store().appendMessage("moving", message("item"));
    const { inboxSeq: _seq, ...request } = settlementOf(head, SUSPENDED, { drained: ["first"] });
    await store().settle(request);
    expect(await store().appendMessage("moving", message("item"))).toMatchObject({
      outcome: "duplicate",
      head: { inbox: [] },
    });
    expect((await store().loadMessages("moving")).map((one) => one.id).sort()).toEqual(["item", "large"]);
  });

  test("accepts one of fifty copies", async () => {
    await store().createExecution(execution("raced"));
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => store().appendMessage("raced", message("same"))),
    );
    expect(answers.filter((answer) => answer.outcome === "appended")).toHaveLength(1);
    expect(await store().readHead("raced")).toMatchObject({ inboxSeq: 1, inbox: [message("same")] });
  });

  test.each([
    ["small", message("m1")],
    ["large", largeMessage("m1", 5_000)],
  ])("refuses a %s message to a closed execution, and to none", async (size, one) => {
    await settled(store(), `closed-${size}`, COMPLETED);
    expect(await store().appendMessage(`closed-${size}`, one)).toMatchObject({
      outcome: "closed",
      head: { status: "completed" },
    });
    expect(await store().appendMessage(`nobody-${size}`, one)).toEqual({ outcome: "missing" });
    expect(await store().loadMessages(`closed-${size}`)).toEqual([]);
    expect(await store().loadMessages(`nobody-${size}`)).toEqual([]);
  });

  test("accepts for a stalled execution", async () => {
    await settled(store(), "stalled", STALLED);
    expect(await store().appendMessage("stalled", message("m1"))).toMatchObject({ outcome: "appended" });
  });

  test("keeps ids apart that look like keys, paths and hashes", async () => {
    await store().createExecution(execution("forged"));
    const ids = [
      "a#b",
      "a%23b",
      "a.b",
      "#",
      "~0",
      "!x",
      "x".repeat(2_000),
      `${"x".repeat(1_999)}y`,
      "ü".repeat(300),
    ];
    for (const id of ids) {
      expect(await store().appendMessage("forged", message(id))).toMatchObject({ outcome: "appended" });
    }
    const held = [
      ...((await store().readHead("forged"))?.inbox ?? []),
      ...(await store().loadMessages("forged")),
    ];
    expect(held.map((one) => one.id).sort()).toEqual([...ids].sort());
  });

  test("keeps cancel requests", async () => {
    const cancel = { kind: "cancel" as const, id: "c1", at: T0, by: "ops", reason: "wrong order" };
    await store().createExecution(execution("cancel"));
    await store().appendMessage("cancel", cancel);
    expect((await store().readHead("cancel"))?.inbox).toEqual([cancel]);
  });

  test("refuses a message that no item can hold", async () => {
    await store().createExecution(execution("huge"));
    await expect(store().appendMessage("huge", largeMessage("m1", 410_000))).rejects.toThrow(
      PayloadTooLargeError,
    );
    // Whoever it is for: nothing is asked of the table.
    await expect(store().appendMessage("nobody", largeMessage("m1", 410_000))).rejects.toThrow(
      PayloadTooLargeError,
    );
  });

  test("does not lose what arrives between an owner's lease and its settlement", async () => {
    await store().createExecution(execution("between"));
    await store().appendMessage("between", message("before"));
    const taken = await store().acquireLease({ executionId: "between", seen: { epoch: 0 }, ...lease("a") });
    if (!taken.acquired) throw new Error("not acquired");
    expect(taken.head.inbox).toEqual([message("before")]);
    await store().appendMessage("between", largeMessage("after", 2_000));
    const answer = await store().settle(settlementOf(taken.head, COMPLETED, { drained: ["before"] }));
    expect(answer).toMatchObject({ settled: false, head: { inboxSeq: 2, inboxItems: 1 } });
  });
}
