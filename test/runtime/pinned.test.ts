/** Executions of pinned workflows run on the code that they began with, whatever has been deployed since. */
import { workflow } from "holdfast";
import { beforeEach, expect, test } from "vitest";
import { type App, app } from "../../lib/define/app.js";
import type { AnyWorkflow } from "../../lib/define/workflow.js";
import type { Head } from "../../lib/model/head.js";
import type { Wake } from "../../lib/model/wake.js";
import type { Outside } from "../../lib/runtime/outside.js";
import { handleWake } from "../../lib/runtime/turn/handle-wake.js";
import { limitsUntil } from "../../lib/runtime/turn/work.js";
import { Bench } from "./bench.js";

const MINUTE = 60_000;

/** What each deploy makes of the workflow: it asks for another step after the sleep, and so would not replay the other's history. */
const orderOf = (deploy: number, versioning: "pinned" | "auto-upgrade" = "pinned"): AnyWorkflow =>
  workflow("order", { versioning }, async (ctx) => {
    const began = await ctx.step(`began-${deploy}`, () => deploy);
    await ctx.sleep("1h");
    return [began, await ctx.step(`ended-${deploy}`, () => deploy)];
  });

/** The worker's published versions, of which each has an app of its own. */
class Deployed {
  readonly versions = new Map<string, App>();
  /** Which version handled a wake, in order. */
  readonly handled: string[] = [];
  /** The next settlement never comes to its end, nor does whoever asks for it. */
  dies: (() => void) | undefined;
  /** The one that hands over never hears that it is done. */
  losesAnswer = false;
  /** Lambda has no room for another invocation. */
  busy = false;
  /** Between the look of the one that hands over, and that of the other. */
  onHandOver: (() => Promise<unknown>) | undefined;
  #messages = 0;

  constructor(readonly bench: Bench) {}

  /** As the queue would have it: each wake under a message of its own. */
  wake(
    code: string,
    wake: Wake,
    messageId = `message-${++this.#messages}`,
    isHanded = false,
  ): ReturnType<typeof handleWake> {
    const worker = this.versions.get(code);
    if (worker === undefined) throw new Error(`There is no ${code}.`);
    const client = this.bench.cloud.client();
    const outside: Outside = {
      ...client,
      store: new Proxy(client.store, {
        get: (store, operation) => {
          const { dies } = this;
          if (operation !== "settle" || dies === undefined) return Reflect.get(store, operation);
          return () => {
            dies();
            return new Promise(() => {});
          };
        },
      }),
      deployments: {
        own: code,
        handOver: async (other, handed, id) => {
          if (this.busy) return { outcome: "busy", why: "no room" };
          if (!this.versions.has(other)) return { outcome: "gone", why: `there is no ${other} any more` };
          await this.onHandOver?.();
          await this.wake(other, handed, id, true);
          if (this.losesAnswer) throw new Error("The reply is lost.");
          return { outcome: "handled" };
        },
      },
    };
    this.handled.push(code);
    const limits = limitsUntil(client.clock.now() + MINUTE, MINUTE, 10_000);
    return handleWake(outside, worker, wake, messageId, limits, isHanded);
  }

  head(): Promise<Head> {
    return this.bench.head("x-1");
  }
}

let deployed: Deployed;
let bench: Bench;
const started: Wake = { executionId: "x-1", reason: "start" };

beforeEach(() => {
  bench = new Bench([orderOf(1)], [], { replay: "off" });
  deployed = new Deployed(bench);
  deployed.versions.set("worker:1", app({ workflows: [orderOf(1)] }));
  deployed.versions.set("worker:2", app({ workflows: [orderOf(2)] }));
});

/** An hour later, without the wakes that the bench's own worker would handle. */
async function hourLater(): Promise<Wake> {
  const { dueAt } = await deployed.head();
  bench.cloud.clock.moveTo(dueAt ?? 0);
  return { executionId: "x-1", reason: "timer", ...(dueAt === undefined ? {} : { dueAt }) };
}

test("the first worker that leases it pins it to its own version, in that write", async () => {
  await bench.start(orderOf(1), 1);
  expect((await deployed.head()).pin).toBe("next");
  await deployed.wake("worker:1", started);
  expect(await deployed.head()).toMatchObject({ status: "suspended", pin: "worker:1", epoch: 1 });
});

test("a worker of a later version hands its wake to the one that it is pinned to", async () => {
  await bench.start(orderOf(1), 1);
  await deployed.wake("worker:1", started);
  expect(await deployed.wake("worker:2", await hourLater())).toEqual({
    did: "handed-over",
    detail: "worker:1",
  });
  expect(deployed.handled).toEqual(["worker:1", "worker:2", "worker:1"]);
  expect([await bench.status(), await bench.output()]).toEqual(["completed", [1, 1]]);
});

test("what is started after a deploy runs on what was deployed", async () => {
  await bench.start(orderOf(2), 1);
  await deployed.wake("worker:2", started);
  await deployed.wake("worker:2", await hourLater());
  expect(await bench.output()).toEqual([2, 2]);
});

test("one that is not pinned goes on with the latest, which has to fit", async () => {
  deployed.versions.set("worker:1", app({ workflows: [orderOf(1, "auto-upgrade")] }));
  deployed.versions.set("worker:2", app({ workflows: [orderOf(2, "auto-upgrade")] }));
  bench = new Bench([orderOf(1, "auto-upgrade")], [], { replay: "off" });
  const others = new Deployed(bench);
  for (const [code, each] of deployed.versions) others.versions.set(code, each);
  deployed = others;
  await bench.start(orderOf(1, "auto-upgrade"), 1);
  await deployed.wake("worker:1", started);
  expect((await deployed.head()).pin).toBeUndefined();
  await deployed.wake("worker:2", await hourLater());
  expect(await deployed.head()).toMatchObject({ status: "stalled" });
});

test("a wake that finds nothing to do is dropped where it came, and handed to nobody", async () => {
  await bench.start(orderOf(1), 1);
  await deployed.wake("worker:1", started);
  expect(await deployed.wake("worker:2", { executionId: "x-1", reason: "audit" })).toMatchObject({
    did: "dropped",
  });
  expect(deployed.handled).toEqual(["worker:1", "worker:2"]);
});

test("where its version dies at work, the wake comes back under its own message, and takes the turn over there", async () => {
  await bench.start(orderOf(1), 1);
  await deployed.wake("worker:1", started);
  const timer = await hourLater();
  await new Promise<void>((resolve) => {
    deployed.dies = resolve;
    void deployed.wake("worker:2", timer, "the-message");
  });
  deployed.dies = undefined;
  expect(await deployed.wake("worker:2", timer, "the-message")).toMatchObject({ did: "handed-over" });
  expect(await bench.output()).toEqual([1, 1]);
  expect((await bench.history("x-1")).map(({ type }) => type)).toContain("LeaseTaken");
});

test("whose version is gone stalls with what to do, and goes on with the latest once it is moved", async () => {
  deployed.versions.set("worker:2", app({ workflows: [orderOf(1)] }));
  await bench.start(orderOf(1), 1);
  await deployed.wake("worker:1", started);
  deployed.versions.delete("worker:1");
  await deployed.wake("worker:2", await hourLater());
  const { stall, pin } = await deployed.head();
  expect([pin, JSON.stringify(stall?.error)]).toEqual([
    "worker:1",
    expect.stringMatching(
      /pinned to code that can't be run: there is no worker:1 any more.*holdfast versions move x-1/,
    ),
  ]);

  const { client } = bench;
  const freedBy = async () => (await client.describe("x-1")).progress.freedBy;
  expect(await freedBy()).toContain("holdfast versions move x-1, then: holdfast redrive x-1");
  expect(await client.versions.moveToLatest("x-1")).toEqual({ from: "worker:1" });
  expect(await freedBy()).toBe("Deploy a fix, then: holdfast redrive x-1");
  await client.redrive("x-1");
  await deployed.wake("worker:2", { executionId: "x-1", reason: "redrive" });
  expect(await deployed.head()).toMatchObject({ status: "completed", pin: "worker:2" });
  expect(await bench.output()).toEqual([1, 1]);
});

test("that was terminated ends, though its version is gone", async () => {
  await bench.start(orderOf(1), 1);
  await deployed.wake("worker:1", started);
  deployed.versions.delete("worker:1");
  await bench.client.terminate("x-1");
  expect(await deployed.wake("worker:2", { executionId: "x-1", reason: "message" })).toMatchObject({
    did: "closed",
  });
  expect(await bench.status()).toBe("terminated");
});

test("only pinned ones can be moved, and a listing says how many need which code", async () => {
  const loose = workflow("loose", async (ctx) => ctx.sleep("1h"));
  bench = new Bench([orderOf(1), loose], [], { replay: "off" });
  deployed = new Deployed(bench);
  deployed.versions.set("worker:1", app({ workflows: [orderOf(1), loose] }));
  await bench.start(orderOf(1), 1);
  await bench.start(orderOf(1), 1, "x-2");
  await bench.start(loose, undefined, "loose-1");
  await deployed.wake("worker:1", started);
  const { client } = bench;
  await expect(client.versions.moveToLatest("loose-1")).rejects.toThrow(/not pinned to any code/);
  await expect(client.versions.moveToLatest("nobody")).rejects.toThrow(/nobody/);
  const inUse = await client.versions.inUse();
  expect(inUse.map(({ workflow: name, pinnedTo, executions }) => [name, pinnedTo, executions])).toEqual([
    ["loose", undefined, 1],
    ["order", "next", 1],
    ["order", "worker:1", 1],
  ]);
  expect((await client.describe("x-1")).pinnedTo).toBe("worker:1");
});

test("its child runs on the parent's version where it is pinned too, and its successor and what it starts otherwise on the latest", async () => {
  const child = workflow("child", { versioning: "pinned" }, async (ctx) => ctx.sleep("1h"));
  const parent = workflow("parent", { versioning: "pinned" }, async (ctx, round: number) => {
    if (round === 0) return ctx.continueAsNew(1);
    await ctx.transaction("starts", async (tx) => {
      await tx.start(child, undefined, { id: "started" });
    });
    await ctx.child(child, undefined, { id: "child-1" });
    return "over";
  });
  bench = new Bench([parent, child], [], { replay: "off" });
  deployed = new Deployed(bench);
  const code = app({ workflows: [parent, child] });
  for (const each of ["worker:1", "worker:2"]) deployed.versions.set(each, code);
  await bench.start(parent, 0);
  await deployed.wake("worker:1", started);
  const { continuedTo = "" } = await deployed.head();
  expect((await bench.head(continuedTo)).pin).toBe("next");
  await deployed.wake("worker:2", { executionId: continuedTo, reason: "start" });
  expect((await bench.head(continuedTo)).pin).toBe("worker:2");
  expect((await bench.head("child-1")).pin).toBe("worker:2");
});

test("that was moved while its wake was handed over is not pinned to the earlier code again", async () => {
  deployed.versions.set("worker:2", app({ workflows: [orderOf(1)] }));
  await bench.start(orderOf(1), 1);
  await deployed.wake("worker:1", started);
  const timer = await hourLater();
  deployed.onHandOver = () => bench.client.versions.moveToLatest("x-1");
  await deployed.wake("worker:2", timer);
  expect(await deployed.head()).toMatchObject({ status: "suspended", pin: "next" });
  deployed.onHandOver = undefined;
  await deployed.wake("worker:2", timer);
  expect(await deployed.head()).toMatchObject({ status: "completed", pin: "worker:2" });
});

test("where its version has no room, its wake is put back, and no try of it is lost", async () => {
  await bench.start(orderOf(1), 1);
  await deployed.wake("worker:1", started);
  const timer = await hourLater();
  deployed.busy = true;
  expect(await deployed.wake("worker:2", timer)).toEqual({ did: "put-back", detail: "no room" });
  expect(await deployed.head()).toMatchObject({ status: "suspended", epoch: 1 });
});

test("that waits to be pinned follows the latest, once its workflow is not pinned any more", async () => {
  deployed.versions.set("worker:3", app({ workflows: [orderOf(1, "auto-upgrade")] }));
  await bench.start(orderOf(1), 1);
  await deployed.wake("worker:3", started);
  expect(await deployed.head()).toMatchObject({ status: "suspended", pin: "next" });
  await deployed.wake("worker:3", await hourLater());
  expect(await bench.output()).toEqual([1, 1]);
});

test("whose version did its turn, and whose answer was lost, is looked at again and nothing is done twice", async () => {
  await bench.start(orderOf(1), 1);
  await deployed.wake("worker:1", started);
  const timer = await hourLater();
  deployed.losesAnswer = true;
  await expect(deployed.wake("worker:2", timer, "the-message")).rejects.toThrow("The reply is lost.");
  deployed.losesAnswer = false;
  const { slot, epoch, status } = await deployed.head();
  expect(status).toBe("completed");
  expect(await deployed.wake("worker:2", timer, "the-message")).toMatchObject({ did: "closed" });
  expect(await deployed.head()).toMatchObject({ slot, epoch, status: "completed" });
  expect(await bench.output()).toEqual([1, 1]);
});
