/** The account finds nothing wrong in a world that is right, and names each thing that is not. */
import { describe, expect, test } from "vitest";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import { digest } from "../../lib/model/ids.js";
import { accountOf } from "./account/account.js";
import type { Ended, Evidence } from "./account/evidence.js";
import type { Output } from "./app.js";
import type { Run } from "./ledger.js";

const AT = 1_000_000;
const NOTHING: Output = { naps: [], heard: [], payments: [] };

const completed = (
  op: string,
  attempt = 1,
  result: Record<string, string> | string = `by ${op}`,
): HistoryEvent => ({
  type: "StepCompleted",
  op,
  attempt,
  at: AT,
  result,
});
const failed = (op: string): HistoryEvent => ({ type: "StepFailed", op, attempt: 1, at: AT, error: null });
const taken = (more: { failed?: true } = {}): HistoryEvent => ({
  type: "LeaseTaken",
  epoch: 2,
  at: AT,
  ...more,
});
const retried = (op: string, retryAt: number): HistoryEvent => ({
  type: "StepAttemptFailed",
  op,
  attempt: 1,
  at: AT,
  error: null,
  retryAt,
});
const ended = (
  one: Pick<Ended, "executionId" | "workflow"> & Partial<Ended>,
  ...events: HistoryEvent[]
): Ended => ({
  status: "completed",
  output: undefined,
  error: undefined,
  ...one,
  history: events.map((event, index) => ({ slot: index + 1, event })),
});
const run = (place: string, more: Partial<Run> = {}): Run => ({
  place,
  attempt: 1,
  nonce: `by ${place.slice(place.indexOf("/") + 1)}`,
  pid: 7,
  skewMs: 0,
  beganAt: AT,
  endedAt: AT + 100,
  ...more,
});

const payment = { account: "account-1", amount: 5, nonce: "by transaction:pay" };
const tip = { account: "account-1", amount: 2, nonce: "by transaction:tip" };

/** One that pays and prints, one that is undone. */
const PAYS = [
  completed("transaction:pay", 1, { nonce: payment.nonce }),
  completed("step:lie-down"),
  completed("step:get-up"),
  { type: "StepStarted", op: "step:print", attempt: 1, at: AT },
  completed("step:print"),
  completed("transaction:tip", 1, { nonce: tip.nonce }),
] satisfies HistoryEvent[];
const PAID: Output = {
  ...NOTHING,
  naps: [{ ms: 500, from: AT, until: AT + 500 }],
  payments: [payment, tip],
  printed: "by step:print",
};
const UNDONE = ["step:reserve", "step:charge", "undo/step:charge", "undo/step:reserve"];
const right: Evidence = {
  ended: [
    ended({ executionId: "pays-1", workflow: "pays", output: PAID }, ...PAYS),
    ended(
      { executionId: "endless-1", workflow: "endless", status: "cancelled" },
      ...UNDONE.map((op) => completed(op)),
    ),
    ended(
      {
        executionId: "undone-1",
        workflow: "undone",
        status: "failed",
        error: "It is undone, as it always is.",
      },
      { type: "EventSent", op: "send:chaos.said", at: AT, eventId: "said-1", name: "chaos.said" },
    ),
  ],
  ledger: [
    run("pays-1/transaction:pay"),
    run("pays-1/step:lie-down"),
    run("pays-1/step:get-up", { beganAt: AT + 700 }),
    run("pays-1/step:print"),
    run("pays-1/transaction:tip"),
    ...UNDONE.map((op, index) => run(`endless-1/${op}`, { beganAt: AT + index })),
  ],
  heard: [
    { id: "said-1", by: "undone-1", what: "giving-up" },
    { id: digest("pays-1\ntransaction:pay\n0", 22), by: "pays-1", what: "pay" },
    { id: digest("pays-1\ntransaction:tip\n0", 22), by: "pays-1", what: "tip" },
  ],
  explainedCopies: 0,
  balances: new Map([["account-1", 7]]),
  receipts: new Map([
    ["pays-1/transaction:pay", payment.nonce],
    ["pays-1/transaction:tip", tip.nonce],
  ]),
  skewMs: 100,
};

const wrongIn = (change: Partial<Evidence>): readonly string[] => accountOf({ ...right, ...change }).wrong;
/** The payer, with another history or another end. */
const paying = (events: readonly HistoryEvent[], more: Partial<Ended> = {}): Partial<Evidence> => ({
  ended: [
    ended({ executionId: "pays-1", workflow: "pays", output: PAID, ...more }, ...events),
    ...right.ended.slice(1),
  ],
});
const instead = (op: string, ...events: HistoryEvent[]): HistoryEvent[] =>
  PAYS.flatMap((event) =>
    "op" in event && event.op === op && event.type === "StepCompleted" ? events : [event],
  );
const ledgerWith = (...runs: Run[]): Partial<Evidence> => ({ ledger: [...right.ledger, ...runs] });
const ledgerWithout = (place: string): Partial<Evidence> => ({
  ledger: right.ledger.filter((one) => one.place !== place),
});

test("a right world has nothing wrong, and is counted", () => {
  expect(accountOf(right)).toMatchObject({
    executions: 3,
    byStatus: { completed: 1, cancelled: 1, failed: 1 },
    bodies: { recorded: 9, runs: 9, withoutEnd: 0 },
    transactions: { committed: 2, bodies: 2 },
    compensations: 2,
    events: { sent: 3, heard: 3, copies: 0 },
    timers: { fired: 1, lateMs: { most: 100 } },
    wrong: [],
  });
});

const LIE_DOWN = "pays-1/step:lie-down";
const SECOND = run(LIE_DOWN, { attempt: 2, nonce: "other" });

test.each<[string, Partial<Evidence>]>([
  [
    "a run more than attempts, after a takeover of a turn that had failed",
    {
      ...paying(instead("step:lie-down", taken({ failed: true }), completed("step:lie-down"))),
      ...ledgerWith(run(LIE_DOWN, { nonce: "other" })),
    },
  ],
  [
    "a run more than attempts, after a takeover while the next attempt was waited for",
    {
      ...paying(
        instead("step:lie-down", retried("step:lie-down", AT + 1), taken(), completed("step:lie-down", 2)),
      ),
      ...ledgerWith(SECOND, run(LIE_DOWN, { attempt: 2, nonce: "third" })),
    },
  ],
  [
    "an attempt that was lost with its process before it ran",
    paying(instead("step:lie-down", taken(), completed("step:lie-down", 2))),
  ],
  [
    "an at-most-once step whose process died before it ran",
    {
      ...paying(instead("step:print", taken(), failed("step:print")), {
        output: { ...PAID, printed: "interrupted" },
      }),
      ...ledgerWithout("pays-1/step:print"),
    },
  ],
])("%s is right", (_, change) => {
  expect(wrongIn(change)).toEqual([]);
});

describe("what is named:", () => {
  test.each<[string, Partial<Evidence>, RegExp]>([
    [
      "an execution that has not ended",
      paying(PAYS, { status: "suspended" }),
      /^pays-1 \(pays\) is suspended/,
    ],
    [
      "an output that is not whole",
      paying(PAYS, { output: { ...PAID, payments: [payment] } }),
      /^pays-1 \(pays\) gave/,
    ],
    [
      "an output that is not the recorded result",
      paying(PAYS, { output: { ...PAID, printed: "other" } }),
      /says of its print "other"/,
    ],
    [
      "an error that is not its own",
      {
        ended: [
          ...right.ended.slice(0, 2),
          ended(
            { executionId: "undone-1", workflow: "undone", status: "failed", error: "Gone." },
            ...right.ended
              .slice(2)
              .flatMap(({ history }) =>
                history.flatMap(({ event }) => (event.type === "ExecutionStarted" ? [] : [event])),
              ),
          ),
        ],
      },
      /^undone-1 \(undone\) failed because of "Gone\."/,
    ],
    [
      "a parent without its children",
      {
        ended: [
          ...right.ended,
          ended({
            executionId: "parents-1",
            workflow: "parents",
            output: { ...NOTHING, heard: ["1", "2", "3"] },
          }),
        ],
      },
      /^parents-1 has 0 children/,
    ],
    [
      "a child of nobody",
      {
        ended: [
          ...right.ended,
          ended({
            executionId: "parents-2/x",
            workflow: "errand",
            output: { ...NOTHING, naps: [{ ms: 1, from: 0, until: 1 }] },
          }),
        ],
      },
      /^parents-2 is no parent/,
    ],
    [
      "a step that never ran",
      ledgerWithout("endless-1/step:reserve"),
      /^endless-1\/step:reserve is recorded, and never ran/,
    ],
    [
      "a step that ran more often than is explained",
      ledgerWith(SECOND, run(LIE_DOWN, { nonce: "third" })),
      /lie-down ran 3 times, and 1 attempts with 0 takeovers/,
    ],
    [
      "a takeover that counts as an attempt explains no run more",
      { ...paying(instead("step:lie-down", taken(), completed("step:lie-down"))), ...ledgerWith(SECOND) },
      /lie-down ran 2 times/,
    ],
    [
      "an attempt beyond the last that is recorded",
      {
        ...paying(instead("step:lie-down", taken({ failed: true }), completed("step:lie-down"))),
        ...ledgerWith(SECOND),
      },
      /ran attempt 2, and its history ends at 1/,
    ],
    [
      "a step that failed for good",
      paying(instead("step:lie-down", failed("step:lie-down"))),
      /lie-down failed for good/,
    ],
    [
      "a result that no run gave",
      { ledger: right.ledger.map((one) => (one.place === LIE_DOWN ? { ...one, nonce: "other" } : one)) },
      /lie-down has the result by step:lie-down, which no run that ended gave/,
    ],
    [
      "a run that no history knows",
      ledgerWith(run("pays-1/step:ghost")),
      /^pays-1\/step:ghost ran, and no history says so/,
    ],
    [
      "an at-most-once step that ran twice",
      ledgerWith(run("pays-1/step:print", { nonce: "other" })),
      /print ran 2 times, and may at most once/,
    ],
    [
      "an at-most-once step whose start was not recorded",
      paying(PAYS.filter(({ type }) => type !== "StepStarted")),
      /print ran before its start was recorded/,
    ],
    [
      "an at-most-once step that failed for nothing",
      {
        ...paying(instead("step:print", failed("step:print")), {
          output: { ...PAID, printed: "interrupted" },
        }),
        ...ledgerWithout("pays-1/step:print"),
      },
      /print failed without a run or a takeover/,
    ],
    [
      "what was not undone",
      {
        ended: [
          ...right.ended.slice(0, 1),
          ended(
            { executionId: "endless-1", workflow: "endless", status: "cancelled" },
            ...UNDONE.slice(0, 3).map((op) => completed(op)),
          ),
          ...right.ended.slice(2),
        ],
      },
      /^endless-1 did step:reserve,step:charge, and undid step:charge/,
    ],
    [
      "what was undone in another order than it is recorded",
      {
        ledger: right.ledger.map((one) =>
          one.place === "endless-1/undo/step:reserve" ? { ...one, beganAt: AT } : one,
        ),
      },
      /^endless-1 began to undo/,
    ],
    [
      "a balance that is too high",
      { balances: new Map([["account-1", 12]]) },
      /^account-1 should have 7, and has 12/,
    ],
    [
      "a balance of nobody",
      { balances: new Map([...right.balances, ["account-2", 1]]) },
      /^account-2 should have undefined, and has 1/,
    ],
    [
      "a receipt of another run",
      { receipts: new Map([...right.receipts, ["pays-1/transaction:tip", "other"]]) },
      /its receipt says other/,
    ],
    [
      "a receipt of what is not recorded",
      { receipts: new Map([...right.receipts, ["pays-1/transaction:tip#2", "x"]]) },
      /tip#2 left a receipt/,
    ],
    [
      "an event that nobody heard",
      { heard: right.heard.slice(1) },
      /^event said-1 was sent, and never heard/,
    ],
    [
      "an event of nobody",
      { heard: [...right.heard, { id: "x", by: "x", what: "y" }] },
      /^event x \("x: y"\) was heard, and is in no history/,
    ],
    [
      "an event with two ids",
      { heard: [...right.heard, { id: "x", by: "undone-1", what: "giving-up" }] },
      /was heard as said-1, and as x/,
    ],
    [
      "an id with two events",
      { heard: [...right.heard, { id: "said-1", by: "undone-1", what: "more" }], explainedCopies: 1 },
      /^event said-1 is "undone-1: giving-up", and "undone-1: more"/,
    ],
    [
      "more copies than faults explain",
      { heard: [...right.heard, ...right.heard.slice(0, 1)] },
      /^1 copies of events were heard, and the faults explain 0/,
    ],
    [
      "a timer that is early by its history",
      paying(PAYS, { output: { ...PAID, naps: [{ ms: 500, from: AT, until: AT + 499 }] } }),
      /of 500 ms, ended after 499 ms by its history/,
    ],
    [
      "a timer that is earlier than clocks differ",
      {
        ledger: right.ledger.map((one) =>
          one.place === "pays-1/step:get-up" ? { ...one, beganAt: AT + 399 } : one,
        ),
      },
      /ended after 299 ms; clocks differ by 200 ms/,
    ],
    [
      "a sleep that nobody got up from",
      ledgerWithout("pays-1/step:get-up"),
      /is not between two steps that ran/,
    ],
  ])("%s", (_, change, named) => {
    expect(wrongIn(change)).toEqual(expect.arrayContaining([expect.stringMatching(named)]));
  });
});
