import { expect, test } from "vitest";
import { InvalidTransactionError, PayloadTooLargeError } from "../../../lib/model/errors.js";
import { shardOf } from "../../../lib/model/ids.js";
import type { TransactionAction } from "../../../lib/model/transaction.js";
import { INDEX_SHARDS, type Store } from "../../../lib/store/ports.js";
import { ACCOUNTS_TABLE, type Accounts, add, open } from "../accounts.js";
import { commit, outgoing, stepCompleted, T0 } from "../builders.js";

const REFUSED = { code: "ConditionalCheckFailed", message: "The conditional request failed" };

export function transactionContract(store: () => Store, accounts: () => Accounts): void {
  const balances = (...ids: string[]): Promise<(number | undefined)[]> =>
    Promise.all(ids.map((id) => accounts().balance(id)));

  test("writes the commit and the user's items together", async () => {
    const one = commit("together", 1);
    const answer = await store().commitTransaction(one, [open("a1", 10), open("a2", 20)]);
    expect(answer).toEqual({ outcome: "appended" });
    expect(await store().loadHistory("together", 0)).toEqual([one]);
    expect(await balances("a1", "a2")).toEqual([10, 20]);
    await store().commitTransaction(commit("together", 2), [add("a1", -4), add("a2", 4)]);
    expect(await balances("a1", "a2")).toEqual([6, 24]);
  });

  test("carries outgoing messages like any commit", async () => {
    const one = commit("mail", 1, { outgoing: [outgoing("e1")] });
    await store().commitTransaction(one, [open("mail", 0)], T0 + 7);
    expect(await store().readOutbox("mail", 1)).toMatchObject({ pendingAt: T0 + 7, version: 0 });
    const shard = shardOf("mail", INDEX_SHARDS);
    const due = await store().listOutboxes({ mark: "pending", shard, until: T0 + 7, limit: 100 });
    expect(due.items).toContainEqual({ executionId: "mail", slot: 1 });
  });

  test("is refused as a whole when one action is, and says which, and what stood there", async () => {
    await store().commitTransaction(commit("refused", 1), [open("b1", 10), open("b2", 0)]);
    const answer = await store().commitTransaction(commit("refused", 2), [add("b2", 15), add("b1", -15)]);
    expect(answer).toEqual({
      outcome: "refused",
      reasons: [{ code: "None" }, { ...REFUSED, item: { id: "b1", balance: 10 } }],
    });
    expect(await balances("b1", "b2")).toEqual([10, 0]);
    expect(await store().loadHistory("refused", 0)).toHaveLength(1);
  });

  test("shows no item where there was none", async () => {
    const answer = await store().commitTransaction(commit("absent", 1), [add("nobody", 1)]);
    expect(answer).toEqual({ outcome: "refused", reasons: [REFUSED] });
  });

  test("may be tried again with other actions after a refusal", async () => {
    await store().commitTransaction(commit("again", 1), [open("c1", 10)]);
    expect(await store().commitTransaction(commit("again", 2), [add("c1", -11)])).toMatchObject({
      outcome: "refused",
    });
    expect(await store().commitTransaction(commit("again", 2), [add("c1", -10)])).toEqual({
      outcome: "appended",
    });
    expect(await balances("c1")).toEqual([0]);
  });

  test("leaves the user's items alone where the slot is taken, and shows who has it", async () => {
    const winner = commit("fenced", 1, { token: "winner" });
    await store().appendCommit(winner);
    const answer = await store().commitTransaction(commit("fenced", 1, { token: "loser", epoch: 2 }), [
      open("d1", 1),
    ]);
    expect(answer).toEqual({ outcome: "taken", found: winner });
    expect(await balances("d1")).toEqual([undefined]);
  });

  test("knows its own success when the reply was lost, though its conditions no longer hold", async () => {
    const one = commit("lost", 1);
    await store().commitTransaction(one, [open("e1", 10)]);
    expect(await store().commitTransaction(one, [open("e1", 10)])).toEqual({ outcome: "appended" });
    // Computed anew, and with another time for its mark: still the same commit, and still done.
    expect(await store().commitTransaction(one, [add("e1", -99)], T0 + 1)).toEqual({ outcome: "appended" });
    expect(await balances("e1")).toEqual([10]);
  });

  test("lets one of ten owners fill a slot, and does only that one's actions", async () => {
    await store().commitTransaction(commit("raced", 1), [open("f1", 0)]);
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) =>
        store().commitTransaction(commit("raced", 2, { token: `t${index}` }), [add("f1", 1)]),
      ),
    );
    const outcomes = answers.map((answer) =>
      answer.status === "fulfilled" ? answer.value.outcome : "thrown",
    );
    expect(outcomes.filter((outcome) => outcome === "appended")).toHaveLength(1);
    expect(await balances("f1")).toEqual([1]);
  });

  test("without actions is a commit like any other", async () => {
    expect(await store().commitTransaction(commit("none", 1), [])).toEqual({ outcome: "appended" });
    expect(await store().commitTransaction(commit("none", 1, { token: "other" }), [])).toEqual({
      outcome: "taken",
      found: commit("none", 1),
    });
  });

  const put = (id: string, extra: Readonly<Record<string, unknown>> = {}): TransactionAction => ({
    Put: { TableName: ACCOUNTS_TABLE, Item: { id, ...extra } },
  });
  test.each<[string, readonly unknown[], string]>([
    ["of a hundred actions", Array.from({ length: 100 }, (_, index) => put(`n${index}`)), "at most 99"],
    [
      "of more than 4 MB",
      [1, 2, 3, 4, 5].map((n) => put(`l${n}`, { x: "x".repeat(900_000) })),
      "bytes together",
    ],
    [
      "with two actions on one item",
      [add("g1", 1), put("g2"), put("g1")],
      'actions 0 and 2 are both on the item ["g1"]',
    ],
    ["with an action of no known kind", [{ Get: { TableName: ACCOUNTS_TABLE } }], "has Get"],
    ["with two kinds in one action", [{ ...put("g1"), ...add("g1", 1) }], "has Put, Update"],
    ["with an action on no table", [{ Put: { Item: { id: "g1" } } }], "names no table"],
    ["with a key that is missing", [{ Delete: { TableName: ACCOUNTS_TABLE } }], "has no Key"],
    ["with nothing at all", [undefined], "none of them"],
  ])("is an error before any write: one %s", async (_what, actions, why) => {
    const attempt = store().commitTransaction(commit("invalid", 1), actions as readonly TransactionAction[]);
    await expect(attempt).rejects.toThrow(InvalidTransactionError);
    await expect(attempt).rejects.toThrow(why);
    expect(await store().loadHistory("invalid", 0)).toEqual([]);
    expect(await balances("g1", "n1")).toEqual([undefined, undefined]);
  });

  test("takes ninety-nine actions", async () => {
    const actions = Array.from({ length: 99 }, (_, index) => open(`h${index}`, index));
    expect(await store().commitTransaction(commit("many", 1), actions)).toEqual({ outcome: "appended" });
    expect(await balances("h0", "h98")).toEqual([0, 98]);
  });

  test("is refused before any write when its commit is too large for an item", async () => {
    const huge = commit("huge", 1, { events: [stepCompleted("s", "x".repeat(400_000))] });
    await expect(store().commitTransaction(huge, [open("i1", 1)])).rejects.toThrow(PayloadTooLargeError);
    expect(await balances("i1")).toEqual([undefined]);
  });
}
