import { describe, expect, it } from "vitest";
import { decideAudit, dueSince } from "../../lib/decide/audit.js";
import { NOON } from "../builders.js";
import { aMessage, anExecution, heldBy } from "./builders.js";

const ago = (ms: number): number => NOON - ms;
/** How long the ordinary carriers get first. */
const GRACE = 120_000;

describe("whether an open execution has lost its wake, row by row", () => {
  it.each([
    [
      "is held by a lease that lives is left alone",
      { lease: heldBy("message-1", NOON + 1), dueAt: ago(GRACE) },
      undefined,
    ],
    [
      "is held by a lease that has just ended is left to its owner's message",
      { lease: heldBy("message-1", ago(GRACE - 1)), dueAt: ago(10 * GRACE) },
      undefined,
    ],
    [
      "is held by a lease that ended a while ago is ownerless",
      { lease: heldBy("message-1", ago(GRACE)) },
      "ownerless",
    ],
    ["has an old message in its inbox is unread", { inbox: [aMessage("m-1", ago(GRACE))] }, "unread"],
    [
      "has an old message among new ones is unread",
      { inbox: [aMessage("m-1", ago(GRACE)), aMessage("m-2", NOON)] },
      "unread",
    ],
    ["has messages that are items of their own is unread", { inboxItems: 1 }, "unread"],
    [
      "has an old message and is due is told apart as unread",
      { inbox: [aMessage("m-1", ago(GRACE))], dueAt: ago(GRACE) },
      "unread",
    ],
    ["has been due for a while is overdue", { dueAt: ago(GRACE) }, "overdue"],
    ["runs, and began a while ago, is overdue", { status: "running", startAt: ago(GRACE) }, "overdue"],
    [
      "runs, and yielded until a while ago, is overdue",
      { status: "running", startAt: ago(10 * GRACE), dueAt: ago(GRACE) },
      "overdue",
    ],
    [
      "runs, and yielded until a moment ago, is left alone",
      { status: "running", startAt: ago(10 * GRACE), dueAt: ago(GRACE - 1) },
      undefined,
    ],
    ["has just become due is left alone", { dueAt: ago(GRACE - 1) }, undefined],
    ["has a message that just came is left alone", { inbox: [aMessage("m-1", ago(GRACE - 1))] }, undefined],
    ["waits for a message alone is left alone, however long", { startAt: 0 }, undefined],
    ["waits for a time to come is left alone", { dueAt: NOON + 1 }, undefined],
    [
      "is not to start yet is left alone, with messages waiting or not",
      { status: "running", startAt: ago(GRACE - 1), inboxItems: 1 },
      undefined,
    ],
    [
      "has ended a while ago, with duties left, is untold",
      { status: "completed", closedAt: ago(GRACE), duties: ["parent"] },
      "untold",
    ],
    [
      "has ended a moment ago, with duties left, is left to who does them",
      { status: "completed", closedAt: ago(GRACE - 1), duties: ["parent"] },
      undefined,
    ],
    ["has ended, with nothing left to do, is left alone", { status: "completed", closedAt: 0 }, undefined],
  ] as const)("one that %s", (_, state, finding) => {
    expect(decideAudit(anExecution(state), NOON)).toBe(finding);
  });
});

it("one that is not to start yet, and was to be cancelled a while ago, is unread", () => {
  const delayed = anExecution({ status: "running", startAt: NOON + 10 * GRACE });
  const cancel = (at: number) => ({ kind: "cancel", id: "c-1", at }) as const;
  expect(decideAudit(delayed, NOON, cancel(ago(GRACE)))).toBe("unread");
  expect(decideAudit(delayed, NOON, cancel(ago(GRACE - 1)))).toBeUndefined();
});

describe("since when what was found should have been looked at, row by row", () => {
  it.each([
    ["its lease ended", { lease: heldBy("message-1", ago(3 * GRACE)), dueAt: ago(GRACE) }],
    ["its oldest message came", { inbox: [aMessage("m-2", ago(GRACE)), aMessage("m-1", ago(3 * GRACE))] }],
    ["it was due", { dueAt: ago(3 * GRACE), startAt: ago(9 * GRACE) }],
    ["it was to start", { status: "running", startAt: ago(3 * GRACE) }],
    [
      "it ended",
      { status: "completed", closedAt: ago(3 * GRACE), duties: ["parent"], dueAt: ago(9 * GRACE) },
    ],
  ] as const)("since %s", (_, state) => {
    const head = anExecution(state);
    const finding = decideAudit(head, NOON);
    expect(finding && dueSince(head, finding)).toBe(ago(3 * GRACE));
  });

  it("a cancel counts before its start; messages that are items say nothing", () => {
    const cancel = { kind: "cancel", id: "c-1", at: ago(3 * GRACE) } as const;
    expect(dueSince(anExecution({ startAt: NOON + GRACE }), "unread", cancel)).toBe(ago(3 * GRACE));
    expect(dueSince(anExecution({ inboxItems: 1 }), "unread")).toBeUndefined();
  });
});
