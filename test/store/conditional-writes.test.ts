/**
 * No write of the DynamoDB store overwrites blindly, and no status moves but as the one table of transitions allows. Held against the
 * sources: a write without a condition is one that is listed here, with the reason why the last to come may win.
 */
import { describe, expect, test } from "vitest";
import { isOpen, mayMove, STATUSES } from "../../lib/model/status.js";
import { reopenParams } from "../../lib/store/dynamodb/reopen.js";
import { settleParams } from "../../lib/store/dynamodb/settle.js";
import { newHead } from "../../lib/store/new-head.js";
import type { Settlement } from "../../lib/store/ports.js";
import { execution, lease, redrive, settlementOf, T0 } from "./builders.js";
import { SOURCES, writersOf, writesIn } from "./writes.js";

const UNCONDITIONAL: Readonly<Record<string, string>> = {
  "delete-messages.ts deleteMessages":
    "The messages are durable in history, which knows their ids for ever: one that is sent again, and deleted late, would not be heard.",
  "stage.ts stagePayload":
    "It is named by its content, so it overwrites only itself; and a condition would make the user's own transaction fail when an earlier try, which did not commit, stored it.",
};

/** Where a status is written, and what its condition is made of. */
const STATUS_WRITERS: Readonly<Record<string, string>> = {
  "head-item.ts newHeadItem":
    "A new head, on the condition that there is none: createExecution, stageExecution.",
  "settle.ts statusAttributes": "sourcesOf(the new status), from the table of transitions.",
  "reopen.ts reopenParams":
    "REOPENABLE_STATUSES and REOPENABLE_TO_UNDO, those that the table of transitions lets go back to running.",
};

describe("the writes of the DynamoDB store", () => {
  const writes = SOURCES.flatMap(writesIn);

  test("are found in its sources", () => {
    // So many at least there were when this was written: a search that finds none would pass everything.
    expect(writes.length).toBeGreaterThanOrEqual(18);
  });

  test("have a condition, or a reason to have none", () => {
    const without = writes.filter(({ conditional }) => !conditional).map(({ place }) => place);
    expect([...new Set(without)].sort()).toEqual(Object.keys(UNCONDITIONAL).sort());
  });
});

describe("a status", () => {
  test("is written in three places, each with a condition on what it was", () => {
    const writers = SOURCES.flatMap((source) => writersOf("status", source));
    const written = writers.filter(({ value }) => !value.startsWith("read."));
    expect([...new Set(written.map(({ place }) => place))].sort()).toEqual(
      Object.keys(STATUS_WRITERS).sort(),
    );
  });

  test.each(STATUSES)("becomes %s only from where the table of transitions allows it", (to) => {
    const head = newHead(execution("x", { lease: lease("first") }));
    const params = settleParams("Executions", settlementOf(head, settlementAs(to)));
    expect(statusesIn(params)).toEqual(STATUSES.filter((from) => mayMove(from, to)));
    expect(params.ExpressionAttributeValues?.[":status"]).toBe(to);
  });

  test("of an execution that has ended, or stalled, becomes running again only where the table allows it", () => {
    const params = reopenParams("Executions", "x", { epoch: 1 }, redrive("r1"));
    expect(statusesIn(params)).toEqual(STATUSES.filter((from) => !isOpen(from) && mayMove(from, "running")));
    expect(params.ExpressionAttributeValues?.[":status"]).toBe("running");
  });
});

function settlementAs(status: (typeof STATUSES)[number]): Settlement {
  if (status === "stalled") return { status, error: "lost", at: T0 };
  return isOpen(status) ? { status } : { status, closedAt: T0 };
}

/** Those that the condition names. */
function statusesIn(params: {
  readonly ConditionExpression?: string | undefined;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>> | undefined;
}): unknown[] {
  const lists = [...(params.ConditionExpression ?? "").matchAll(/#status IN \(([^)]*)\)/g)];
  const names = lists.flatMap(([, list = ""]) => list.split(", "));
  const named = names.map((name) => params.ExpressionAttributeValues?.[name]);
  return STATUSES.filter((status) => named.includes(status));
}
