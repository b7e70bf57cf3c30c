import { expect, test } from "vitest";
import { CorruptHistoryError, PayloadTooLargeError } from "../../../lib/model/errors.js";
import type { Store } from "../../../lib/store/ports.js";
import { commit, outgoing, stepCompleted, T0 } from "../builders.js";

export function commitContract(store: () => Store): void {
  test("come back in slot order, whole", async () => {
    const third = commit("ordered", 3, { outgoing: [outgoing("e1"), outgoing("e2")], epoch: 7 });
    for (const one of [commit("ordered", 1), commit("ordered", 2), third]) {
      expect(await store().appendCommit(one, T0)).toEqual({ appended: true });
    }
    expect(await store().loadHistory("ordered", 0)).toEqual([
      commit("ordered", 1),
      commit("ordered", 2),
      third,
    ]);
  });

  test("are loaded after a slot", async () => {
    for (let slot = 1; slot <= 12; slot += 1) await store().appendCommit(commit("after", slot));
    expect((await store().loadHistory("after", 9)).map((one) => one.slot)).toEqual([10, 11, 12]);
    expect(await store().loadHistory("after", 12)).toEqual([]);
    expect(await store().loadHistory("nobody", 0)).toEqual([]);
  });

  test("keep values that JSON and tables find hard", async () => {
    const hard = {
      text: "ü€😀\u0000\u2028",
      empty: "",
      none: null,
      deep: [[{ "a.b#c": [] }]],
      number: 1.5e300,
      $mark: "x",
    };
    const events = [
      { ...stepCompleted("s"), type: "StepCompleted" as const, op: "s", attempt: 1, result: hard },
    ];
    await store().appendCommit(commit("hard", 1, { events }));
    expect((await store().loadHistory("hard", 0))[0]?.events).toEqual(events);
  });

  test("are refused where the slot is taken, and the one that stands there is shown", async () => {
    await store().appendCommit(commit("fenced", 1, { token: "winner" }));
    const answer = await store().appendCommit(commit("fenced", 1, { token: "loser", epoch: 2 }));
    expect(answer).toEqual({ appended: false, found: commit("fenced", 1, { token: "winner" }) });
  });

  test("know their own success when the reply was lost", async () => {
    await store().appendCommit(commit("lost", 1));
    expect(await store().appendCommit(commit("lost", 1))).toEqual({ appended: true });
    expect(await store().loadHistory("lost", 0)).toHaveLength(1);
  });

  test("let one of fifty owners fill a slot", async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        store().appendCommit(commit("raced", 1, { token: `t${index}`, epoch: index })),
      ),
    );
    const won = answers.filter((answer) => answer.appended);
    expect(won).toHaveLength(1);
    const [stored] = await store().loadHistory("raced", 0);
    expect(answers.flatMap((answer) => (answer.appended ? [] : [answer.found.token]))).toEqual(
      Array(49).fill(stored?.token),
    );
  });

  test("are all loaded, over many pages", async () => {
    const result = "x".repeat(200_000);
    for (let slot = 1; slot <= 12; slot += 1) {
      await store().appendCommit(commit("long", slot, { events: [stepCompleted(`s${slot}`, result)] }));
    }
    const loaded = await store().loadHistory("long", 0);
    expect(loaded.map((one) => one.slot)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
  });

  test("are refused before any write when they are too large for an item", async () => {
    const events = [stepCompleted("s", "ü".repeat(200_000))];
    await expect(store().appendCommit(commit("huge", 1, { events }))).rejects.toThrow(PayloadTooLargeError);
    expect(await store().loadHistory("huge", 0)).toEqual([]);
  });

  test("must be dense: a gap is an error that names the missing slot", async () => {
    await store().appendCommit(commit("gap", 1));
    await store().appendCommit(commit("gap", 3));
    await expect(store().loadHistory("gap", 0)).rejects.toThrow(CorruptHistoryError);
    await expect(store().loadHistory("gap", 0)).rejects.toThrow("commit 2 is missing");
  });

  test("are salvaged as far as they can be read, with the slots that can't be", async () => {
    expect(await store().salvageHistory("nobody")).toEqual({ commits: [], unread: [] });
    const whole = [commit("whole", 1), commit("whole", 2)];
    for (const one of whole) await store().appendCommit(one);
    expect(await store().salvageHistory("whole")).toEqual({ commits: whole, unread: [] });
    const left = [commit("torn", 2), commit("torn", 3), commit("torn", 6)];
    for (const one of left) await store().appendCommit(one);
    expect(await store().salvageHistory("torn")).toEqual({ commits: left, unread: [1, 4, 5] });
  });
}
