/** `holdfast versions` where no version is published: what is told of pinned executions. With versions: test/local/deploys.test.ts. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { app, workflow } from "../../lib/index.js";
import { type Ground, openGround } from "./ground.js";

const pinned = workflow("pinned", { versioning: "pinned" }, async (ctx) => ctx.waitForSignal("go"));
const loose = workflow("loose", async (ctx) => ctx.waitForSignal("go"));

let ground: Ground;
beforeAll(async () => {
  ground = await openGround(app({ workflows: [pinned, loose] }));
  await ground.start("pinned", "p-1", "p-2");
  await ground.start("loose", "l-1");
});
afterAll(() => ground.close());

test("one that waits for its next turn is told so, and is moved already", async () => {
  expect((await ground.holdfast(["show", "p-1"])).out).toContain(
    "pinned to the latest code, at its next turn",
  );
  expect((await ground.holdfast(["versions", "list"])).out).toMatch(
    /^pinned +the latest, at its next turn +\S+ +2 /m,
  );
  expect(await ground.holdfast(["versions", "move", "p-1"])).toMatchObject({
    out: "p-1 goes on with the latest code already",
    code: 0,
  });
  expect(await ground.told("versions", "move", "p-1")).toEqual({ executionId: "p-1", from: "next" });
});

test("of many, one that can't be moved keeps the others from nothing", async () => {
  const { out, err, code } = await ground.holdfast(["versions", "move", "nobody", "l-1", "p-2"]);
  expect({ out, code }).toEqual({ out: "move: 1 of 3 executions, 2 failed", code: 1 });
  expect(err).toContain('nobody failed: There is no execution "nobody"');
  expect(err).toContain('l-1 failed: Execution "l-1" is not pinned to any code');
  expect(await ground.told("versions", "move", "p-1", "p-2")).toMatchObject({
    matched: 2,
    done: [{ from: "next" }, { from: "next" }],
    failed: [],
  });
});
