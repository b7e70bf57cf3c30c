/** Why an execution does not move, on one screen: what would move it, spelled out, and what went wrong last. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromNow, shownInstant, shownSpan } from "../../lib/cli/format.js";
import { nextSteps, quoted } from "../../lib/cli/show/next-steps.js";
import { shownReason } from "../../lib/cli/show/reason.js";
import { app, type ExecutionDescription, event, workflow } from "../../lib/index.js";
import { callbackToken } from "../../lib/model/callback-token.js";
import { type Ground, openGround } from "./ground.js";

const Paid = event<{ order: string }>("payment.completed", { key: ({ order }) => order });
const child = workflow("child", async (ctx) => ctx.waitForSignal("never"));
const waits = workflow("waits", async (ctx, { id }: { id: string }) => {
  const callback = ctx.callback("approve");
  const parts = [
    ctx.waitForEvent(Paid, { key: id }),
    ctx.waitForSignal("it's go"),
    callback.promise,
    ctx.child(child, undefined),
    ctx.step("charge", () => Promise.reject(new Error("declined\nby the bank")), {
      retry: { maxAttempts: 9, initialInterval: "1h", maxInterval: "1h", jitter: "none" },
    }),
  ];
  return Promise.all(parts);
});

const parent = workflow("parent", async (ctx) => ctx.child(child, undefined));
const pinned = workflow("pinned", { versioning: "pinned" }, async (ctx) => ctx.sleep("1h"));

let ground: Ground;
beforeAll(async () => {
  ground = await openGround(app({ workflows: [waits, child, parent, pinned], events: [Paid] }));
  await ground.start("waits", "w-1");
  await ground.work();
});
afterAll(() => ground.close());

test("what it awaits has its command, and a step in retry its last error", async () => {
  const { out } = await ground.holdfast(["show", "w-1"]);
  expect(out).toMatch(/next +\d{4}-\d\d-\d\d [\d:]+, in (59m \d+s|1h)/);
  expect(out).toMatch(/step "charge", failed once, again at .*\n +last Error: declined by the bank\n/);
  expect(out).toContain("holdfast send payment.completed --target w-1 --data '{…}'");
  expect(out).toContain("holdfast signal w-1 'it'\\''s go' --data '…'");
  const token = callbackToken({ executionId: "w-1", op: "callback:approve" });
  expect(out).toContain(`holdfast callback complete ${token} --result '…'`);
  expect(out).toMatch(/holdfast show w-1\S+ +where its child stands/);
  expect(out).toMatch(/holdfast cancel w-1 +end it, and undo what it did$/);
});

test("its instants look alike, and a name that looks like one stays as it is", async () => {
  expect((await ground.holdfast(["show", "w-1"])).out).toMatch(
    /now +It waits until (\d{4}-\d\d-\d\d [\d:]+), to try .*\nnext +\1, in /,
  );
  const described: ExecutionDescription = await ground.told("show", "w-1");
  const next = new Date("2026-11-02T10:05:00.000Z");
  const reason = `It waits until ${next.toISOString()}, or for signal "2026-11-09T10:00:00.000Z".`;
  const shown = shownReason({ ...described, progress: { ...described.progress, next, reason } });
  expect(shown).toBe(`It waits until ${shownInstant(next)}, or for signal "2026-11-09T10:00:00.000Z".`);
});

test("the same for programs", async () => {
  const told = await ground.told("show", "w-1");
  expect(told.lastErrors).toMatchObject({
    "step:charge": { name: "Error", message: "declined\nby the bank" },
  });
  expect(told.nextSteps.at(-1)).toEqual({
    command: "holdfast cancel w-1",
    what: "end it, and undo what it did",
  });
});

test("the token that is shown completes the callback", async () => {
  const { nextSteps: steps } = await ground.told("show", "w-1");
  const { command } = steps.find(({ what }: { what: string }) => what.startsWith("the callback"));
  const [, token = ""] = /complete (\S+)/.exec(command) ?? [];
  expect((await ground.holdfast(["callback", "complete", token, "--result", "1"])).code).toBe(0);
  await ground.work();
  expect((await ground.told("show", "w-1")).progress.awaits).not.toContainEqual(
    expect.objectContaining({ kind: "callback" }),
  );
});

test("one that has no input shows none; one that was asked to end says what was asked; a pinned one, to what", async () => {
  await ground.start("parent", "q-1");
  await ground.work();
  const { progress }: ExecutionDescription = await ground.told("show", "q-1");
  const childId = progress.awaits.find(({ kind }) => kind === "child")?.childId ?? "";
  await ground.holdfast(["cancel", childId, "--reason", "ordered twice"]);
  await ground.work();
  const { out } = await ground.holdfast(["show", childId]);
  expect(out).not.toContain("input");
  expect(out).toMatch(/asked +to cancel, [\d: -]+, by holdfast, ordered twice\n/);
  expect((await ground.holdfast(["history", childId])).out).not.toContain("undefined");
  await ground.start("pinned", "p-1");
  expect((await ground.holdfast(["show", "p-1"])).out).toContain(
    "pinned to the latest code, at its next turn",
  );
});

const goneCode = Object.assign(new Error("It is gone."), { name: "PinnedCodeGoneError" });

describe("the commands that would move one that", () => {
  const it = (
    status: ExecutionDescription["status"],
    moves: ExecutionDescription["progress"]["moves"],
    fields: Partial<ExecutionDescription> = {},
    reason = `It is ${status}.`,
  ): ExecutionDescription => ({
    ...{ executionId: "o-1", workflow: "order", definition: "d", status, input: {} },
    ...{ createdAt: new Date(0), startAt: new Date(0), waitCount: 0, waits: [] },
    progress: { moves, reason, freedBy: "", awaits: [], awaitCount: 0 },
    ...fields,
  });

  test.each([
    ["has completed", it("completed", "closed"), []],
    ["went on as new", it("continued", "closed", { continuedTo: "o-2" }), ["holdfast show o-2"]],
    ["was not undone to the end", it("cancelled", "closed", { compensation: "incomplete" }), [redrive()]],
    ["failed", it("failed", "closed", { compensation: "none" }), [redrive()]],
    ["failed and was undone", it("failed", "closed", { compensation: "complete" }), ["holdfast history o-1"]],
    [
      "has duties left",
      it("completed", "closed", {}, "It has still to tell its parent."),
      ["holdfast doctor"],
    ],
    ["is stalled", it("stalled", "stalled"), [redrive(), "holdfast terminate o-1"]],
    [
      "is stalled without the code that it is pinned to",
      it("stalled", "stalled", { error: goneCode, pinnedTo: "worker:1" }),
      ["holdfast versions move o-1", redrive(), "holdfast terminate o-1"],
    ],
    [
      "is stalled, and was moved to the latest code",
      it("stalled", "stalled", { error: goneCode, pinnedTo: "next" }),
      [redrive(), "holdfast terminate o-1"],
    ],
    ["is paused", it("paused", "paused"), ["holdfast resume o-1", "holdfast cancel o-1"]],
    ["is in a turn", it("running", "in-turn"), ["holdfast watch o-1"]],
    ["has lost its owner", it("running", "owner-lost"), ["holdfast doctor"]],
    ["has not been read", it("suspended", "unread-messages"), ["holdfast doctor"]],
    ["is due", it("suspended", "due"), ["holdfast doctor"]],
    ["sleeps", it("suspended", "timer"), ["holdfast cancel o-1"]],
  ])("%s", (_, description, commands) =>
    expect(nextSteps(description).map(({ command }) => command)).toEqual(commands),
  );
});

function redrive(): string {
  return "holdfast redrive o-1";
}

test.each([
  ["o-1", "o-1"],
  ["shop/o:1", "shop/o:1"],
  ["two words", "'two words'"],
  ["it's", "'it'\\''s'"],
  ["$(rm)", "'$(rm)'"],
  ["", "''"],
])("%j is quoted as %s", (text, expected) => expect(quoted(text)).toBe(expected));

test.each([
  [0, "0s"],
  [59_600, "1m"],
  [3_605_000, "1h"],
  [3_660_000, "1h 1m"],
  [26 * 3_600_000, "1d 2h"],
])("%i ms are %s", (ms, expected) => expect(shownSpan(ms)).toBe(expected));

test("an instant is in, or ago", () => {
  expect([fromNow(5_000), fromNow(-90_000)]).toEqual(["in 5s", "1m 30s ago"]);
});
