/** Signals: kept until they are awaited, taken in the order of their coming, none lost and none twice. */
import { app, type Context, DurableClient, workflow } from "holdfast";
import { testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { incompressible } from "../setup/text.js";
import { Bench } from "./bench.js";

/** Takes so many signals of one name, one after the other. */
const takes = (count: number) =>
  workflow("takes", async (ctx) => {
    const taken: unknown[] = [];
    while (taken.length < count) taken.push(await ctx.waitForSignal("next"));
    return taken;
  });

const opened = (count: number) => testApp(app({ workflows: [takes(count)] }));

describe("signals of one name", () => {
  it("that come before the wait, at one instant, are taken in the order of their sending", async () => {
    const kit = await opened(30);
    await kit.client.start("takes", undefined, { id: "x" });
    for (let number = 0; number < 30; number++) await kit.client.signal("x", "next", number);
    expect(await kit.runToEnd("x")).toEqual([...Array(30).keys()]);
  });

  it("are taken in that order when each comes to an execution that sleeps already", async () => {
    const kit = await opened(5);
    await kit.client.start("takes", undefined, { id: "x" });
    for (let number = 0; number < 5; number++) {
      await kit.settle();
      await kit.client.signal("x", "next", number);
    }
    expect(await kit.runToEnd("x")).toEqual([0, 1, 2, 3, 4]);
  });

  it("are seen once when their senders repeat them with the same id: at once, and after they were consumed", async () => {
    const kit = await opened(3);
    await kit.client.start("takes", undefined, { id: "x" });
    const send = (id: string) => kit.client.signal("x", "next", id, { id });
    await Promise.all([send("a"), send("a"), send("a")]);
    await kit.settle();
    expect(await send("a")).toEqual({ messageId: "signal:a" });
    await send("b");
    await kit.settle();
    await send("a");
    await send("b");
    await kit.settle();
    expect((await kit.client.describe("x")).status).toBe("suspended");
    await send("c");
    expect(await kit.runToEnd("x")).toEqual(["a", "b", "c"]);
  });

  it("go to whoever waits for their name, and to nobody else", async () => {
    const both = workflow("both", async (ctx) => {
      const [left, right] = await Promise.all([ctx.waitForSignal("left"), ctx.waitForSignal("right")]);
      return { left, right };
    });
    const kit = await testApp(app({ workflows: [both] }));
    await kit.client.start(both, undefined, { id: "x" });
    await kit.settle();
    await kit.client.signal("x", "right", 2);
    await kit.client.signal("x", "elsewhere", 3, { id: "stray" });
    await kit.client.signal("x", "left", 1);
    expect(await kit.runToEnd("x")).toEqual({ left: 1, right: 2 });
  });

  it("of every size come as they were sent, in their order", async () => {
    const values = [1, incompressible(900), incompressible(1_500), 2, incompressible(1_000_000), 3];
    const kit = await opened(values.length);
    await kit.client.start("takes", undefined, { id: "x" });
    for (const value of values.slice(0, 3)) await kit.client.signal("x", "next", value);
    await kit.settle();
    for (const value of values.slice(3)) await kit.client.signal("x", "next", value);
    expect(await kit.runToEnd("x")).toEqual(values);
  });

  it.each(["before", "after", "reply-lost"] as const)(
    "are seen once when a process dies %s any call of the sender's or of the turn that takes them",
    async (when) => {
      for (let call = 1; call <= 14; call++) {
        const kit = await opened(2);
        await kit.client.start("takes", undefined, { id: "x" });
        await kit.settle();
        kit.crash({ call, when });
        for (const id of ["a", "b"]) {
          const send = () => kit.client.signal("x", "next", id, { id });
          // A sender that was not answered sends again, as the same message.
          await send().catch(send);
          if (id === "a") await kit.advance("5m");
        }
        await kit.advance("10m");
        expect(await kit.runToEnd("x"), `${when} call ${call}`).toEqual(["a", "b"]);
      }
    },
  );
});

describe.each([
  ["the memory store", "memory"],
  ["DynamoDB Local", "dynamodb-local"],
] as const)("two hundred signals at once on %s", (_, store) => {
  it("are all seen, each once", { timeout: 240_000 }, async () => {
    const kit = await testApp(app({ workflows: [takes(200)] }), { store, replay: "off", patience: "1s" });
    try {
      await kit.client.start("takes", undefined, { id: "x" });
      await kit.settle();
      const numbers = [...Array(200).keys()];
      // Senders that are not answered send again; so does every other one that is.
      await Promise.all(
        numbers.map(async (number) => {
          const send = () => kit.client.signal("x", "next", number, { id: `s-${number}` });
          await send().catch(send).catch(send).catch(send);
          if (number % 2 === 0) await send().catch(send).catch(send);
        }),
      );
      const taken = await kit.runToEnd<number[]>("x");
      expect([...taken].sort((a, b) => a - b)).toEqual(numbers);
    } finally {
      await kit.close();
    }
  });
});

describe("a signal for an execution", () => {
  const waits = workflow("waits", async (ctx) => {
    await ctx.step("begin", () => 1);
    return ctx.waitForSignal("go");
  });

  it("that is not there, or has ended, is an error of its sender's", async () => {
    const kit = await testApp(app({ workflows: [waits] }));
    await expect(kit.client.signal("nobody", "go")).rejects.toMatchObject({ name: "ExecutionNotFoundError" });
    await kit.client.start(waits, undefined, { id: "x" });
    await kit.client.signal("x", "go", "on");
    expect(await kit.runToEnd("x")).toBe("on");
    await expect(kit.client.signal("x", "go")).rejects.toMatchObject({ name: "ExecutionClosedError" });
  });

  it("that is paused is taken, and what follows it waits for the pause's end", async () => {
    const steps = workflow("steps", async (ctx) => {
      const data = await ctx.waitForSignal("go");
      return ctx.step("after", () => data);
    });
    const kit = await testApp(app({ workflows: [steps] }));
    await kit.client.start(steps, undefined, { id: "x" });
    await kit.settle();
    await kit.client.pause("x");
    await kit.settle();
    await kit.client.signal("x", "go", "on");
    await kit.settle();
    expect((await kit.client.describe("x")).status).toBe("paused");
    expect(await kit.history("x")).toContain("SignalReceived go");
    expect(kit.calls("after")).toHaveLength(0);
    await kit.client.resume("x");
    expect(await kit.runToEnd("x")).toBe("on");
  });

  it("that has not begun is kept for its beginning", async () => {
    const kit = await testApp(app({ workflows: [waits] }));
    await kit.client.start(waits, undefined, { id: "x", delay: "1h" });
    await kit.settle();
    await kit.client.signal("x", "go", "early");
    await kit.advance("30m");
    expect(kit.calls("begin")).toHaveLength(0);
    expect(await kit.runToEnd("x")).toBe("early");
  });

  it("that is stalled is kept until it goes on", async () => {
    const waiting = (body: (ctx: Context) => Promise<unknown>) =>
      app({ workflows: [workflow("waits", body)] });
    const kit = await testApp(waiting(() => new Promise(() => {})));
    await kit.client.start("waits", undefined, { id: "x" });
    await kit.settle();
    expect((await kit.client.describe("x")).status).toBe("stalled");
    await kit.client.signal("x", "go", "later");
    await kit.settle();
    kit.deploy(waiting((ctx) => ctx.waitForSignal("go")));
    await kit.client.redrive("x");
    expect(await kit.runToEnd("x")).toBe("later");
  });

  it("that failed before anybody read it is there when it is redriven", async () => {
    let broken = true;
    const fragile = workflow("fragile", async (ctx) => {
      await ctx.step("charge", () => (broken ? Promise.reject(new Error("down")) : "paid"), {
        retry: { maxAttempts: 1 },
      });
      return ctx.waitForSignal("go");
    });
    const kit = await testApp(app({ workflows: [fragile] }));
    await kit.client.start(fragile, undefined, { id: "x" });
    await kit.client.signal("x", "go", "kept");
    await kit.settle();
    expect((await kit.client.describe("x")).status).toBe("failed");
    broken = false;
    await kit.client.redrive("x");
    expect(await kit.runToEnd("x")).toBe("kept");
  });

  it.each([
    ["small", "small"],
    ["large", incompressible(5_000)],
    ["very large", incompressible(500_000)],
  ])(
    "that was continued goes to the one that goes on: read before, unread (%s), and sent after",
    async (_, data) => {
      const again = workflow("again", async (ctx, round: number) => {
        if (round < 3) {
          await ctx.waitForSignal("turn");
          return ctx.continueAsNew(round + 1);
        }
        return [await ctx.waitForSignal("data"), await ctx.waitForSignal("data")];
      });
      const kit = await testApp(app({ workflows: [again] }));
      await kit.client.start(again, 1, { id: "x" });
      await kit.settle();
      await kit.client.signal("x", "data", data, { id: "d-1" });
      await kit.settle();
      await kit.client.signal("x", "turn");
      await kit.settle();
      await kit.client.signal("x", "turn");
      await kit.settle();
      await kit.client.signal("x", "data", data, { id: "d-1" });
      await kit.client.signal("x", "data", "after");
      await kit.settle();
      expect(await kit.client.result("x")).toEqual([data, "after"]);
      expect(kit.errors).toEqual([]);
    },
  );

  it("that was continued moves to the one that goes on with thousands of others", {
    timeout: 60_000,
  }, async () => {
    const again = workflow("again", async (ctx, round: number) => {
      await ctx.waitForSignal("turn");
      if (round === 1) return ctx.continueAsNew(2);
      const taken: number[] = [];
      while (taken.length < 2_000) taken.push((await ctx.waitForSignal<{ number: number }>("data")).number);
      return taken;
    });
    const kit = await testApp(app({ workflows: [again] }), { replay: "off" });
    await kit.client.start(again, 1, { id: "x" });
    for (let number = 0; number < 2_000; number++)
      await kit.client.signal("x", "data", { number, text: "x".repeat(300) });
    await kit.settle();
    await kit.client.signal("x", "turn");
    await kit.settle();
    await kit.client.signal("x", "turn");
    await kit.settle();
    expect(await kit.client.result("x")).toEqual([...Array(2_000).keys()]);
    expect(kit.errors).toEqual([]);
  });

  it("that nobody awaited is listed as unread at its end", async () => {
    const brief = workflow("brief", async (ctx) => {
      await ctx.waitForSignal("end");
      await ctx.step("last", () => 1);
    });
    const kit = await testApp(app({ workflows: [brief] }));
    await kit.client.start(brief, undefined, { id: "x" });
    await kit.client.signal("x", "never", 1, { id: "n-1" });
    await kit.settle();
    await kit.client.signal("x", "end");
    await kit.client.signal("x", "end", undefined, { id: "e-2" });
    await kit.client.signal("x", "never", incompressible(2_000), { id: "n-2" });
    await kit.runToEnd("x");
    const end = (await kit.client.history("x")).at(-1)?.event;
    expect(end).toMatchObject({ type: "ExecutionCompleted" });
    expect(end && "unread" in end && [...(end.unread ?? [])].sort()).toEqual([
      "signal:e-2",
      "signal:n-1",
      "signal:n-2",
    ]);
  });
});

describe("a message's id", () => {
  it("is no name of the engine's own: a signal that is called like a cancel keeps nobody from cancelling", async () => {
    const kit = await opened(2);
    await kit.client.start("takes", undefined, { id: "x" });
    await kit.settle();
    await kit.client.signal("x", "next", 1, { id: "cancel" });
    await kit.client.cancel("x");
    await kit.settle();
    expect((await kit.client.describe("x")).status).toBe("cancelled");
  });

  it.each(["", "x".repeat(257), 7])("must be text of 1 to 256 bytes, and is not %j", async (id) => {
    const kit = await opened(1);
    await kit.client.start("takes", undefined, { id: "x" });
    // @ts-expect-error where it is no text at all
    await expect(kit.client.signal("x", "next", 1, { id })).rejects.toMatchObject({
      name: "InvalidInputError",
    });
  });

  it("and a name that no wait can have are refused before anything is sent", async () => {
    const kit = await opened(1);
    await kit.client.start("takes", undefined, { id: "x" });
    await expect(kit.client.signal("x", "n".repeat(257))).rejects.toMatchObject({
      name: "InvalidDefinitionError",
    });
  });
});

describe("ctx.signal", () => {
  const listener = takes(2);
  const speaker = workflow("speaker", async (ctx, to: string) => {
    await ctx.signal(to, "next", 1);
    await ctx.signal(to, "next", 2);
  });

  it("reaches another execution through the relay, in the order of sending", async () => {
    const many = takes(12);
    const talker = workflow("talker", async (ctx, to: string) => {
      for (let number = 0; number < 12; number++) await ctx.signal(to, "next", number);
    });
    const kit = await testApp(app({ workflows: [many, talker] }));
    await kit.client.start(many, undefined, { id: "x" });
    await kit.run(talker, "x");
    expect(await kit.runToEnd("x")).toEqual([...Array(12).keys()]);
  });

  it("reaches the execution itself", async () => {
    const self = workflow("self", async (ctx) => {
      await ctx.signal(ctx.executionId, "echo", "heard");
      return ctx.waitForSignal("echo");
    });
    const kit = await testApp(app({ workflows: [self] }));
    expect(await kit.run(self, undefined)).toBe("heard");
  });

  it("is seen exactly once, wherever its sender dies", async () => {
    const run = async (crash?: { call: number; when: "before" | "after" | "reply-lost" }) => {
      const bench = new Bench([listener, speaker]);
      await bench.start(listener, undefined, "x");
      await bench.cloud.settle();
      const before = bench.cloud.faults.calls.length;
      if (crash !== undefined) bench.cloud.faults.plan(crash);
      const start = () => bench.start(speaker, "x", "s");
      await start().catch(start);
      await bench.cloud.advance(600_000);
      return { bench, calls: bench.cloud.faults.calls.slice(before) };
    };
    const { calls } = await run();
    expect(calls.length).toBeGreaterThan(10);
    for (const when of ["before", "after", "reply-lost"] as const) {
      for (let call = 1; call <= calls.length; call++) {
        const { bench } = await run({ call, when });
        const at = `${when} call ${call} (${calls[call - 1]})`;
        if ((await bench.status("x")) !== "completed") await bench.cloud.advance(600_000);
        // What the stream's one try did not carry is the audit's.
        if ((await bench.status("x")) !== "completed") await bench.cloud.audit();
        await bench.cloud.advance(600_000);
        expect(await bench.output("x"), at).toEqual([1, 2]);
        expect(await bench.status("s"), at).toBe("completed");
      }
    }
  }, 120_000);

  it("to an execution that is not there is tried again, and reaches one that comes to be", async () => {
    const bench = new Bench([listener, speaker]);
    await bench.start(speaker, "x", "s");
    await bench.cloud.advance(60_000);
    expect(await bench.status("s")).toBe("completed");
    await bench.start(listener, undefined, "x");
    for (let round = 0; round < 3; round++) {
      await bench.cloud.advance(300_000);
      await bench.cloud.audit();
    }
    await bench.cloud.settle();
    expect(await bench.output("x")).toEqual([1, 2]);
  });

  it("to an execution that never comes to be ends in a state that can be seen", async () => {
    const bench = new Bench([listener, speaker]);
    await bench.start(speaker, "x", "s");
    for (let round = 0; round < 12; round++) {
      await bench.cloud.advance(330_000);
      await bench.cloud.audit();
    }
    const [slot] = (await bench.store.loadHistory("s", 0)).filter(({ outgoing }) => outgoing.length > 0);
    const outbox = await bench.store.readOutbox("s", slot?.slot ?? 0);
    expect(outbox?.states.map(({ state }) => state)).toEqual(["dead", "dead"]);
    expect(outbox?.states[0]?.lastError).toContain("there is no execution");
  });

  it.each([
    ["as it is", 254_000],
    ["by PayloadTooLargeError, to be caught where it is called,", 256_000],
  ])("takes data %s, of %i bytes", async (_, length) => {
    const one = takes(1);
    const text = incompressible(length);
    const sender = workflow("sender", (ctx) =>
      ctx.signal("x", "next", text).then(
        () => "sent",
        (error: Error) => error.name,
      ),
    );
    const kit = await testApp(app({ workflows: [one, sender] }));
    await kit.client.start(one, undefined, { id: "x" });
    if (length > 255_000) {
      expect(await kit.run(sender, undefined)).toBe("PayloadTooLargeError");
    } else {
      expect(await kit.run(sender, undefined)).toBe("sent");
      expect(await kit.runToEnd("x")).toEqual([text]);
    }
    expect(kit.errors).toEqual([]);
  });

  it("refuses what can't be sent where it is called", async () => {
    const wrong = workflow("wrong", (ctx) => ctx.signal("x", "next", { at: [() => 1] }));
    const kit = await testApp(app({ workflows: [wrong] }));
    await expect(kit.run(wrong, undefined)).rejects.toMatchObject({
      cause: { name: "UnencodableValueError", message: expect.stringContaining("at[0]") },
    });
  });
});

it("a client's signals are in order although other clients send at the same instant", async () => {
  const bench = new Bench([takes(40)], [], { store: createMemoryStore() });
  await bench.start(bench.app.workflow("takes"), undefined, "x");
  const clients = ["a", "b"].map((name) => ({
    name,
    client: new DurableClient({ outside: bench.cloud.client() }),
  }));
  await Promise.all(
    clients.map(async ({ name, client }) => {
      for (let number = 0; number < 20; number++) await client.signal("x", "next", `${name}${number}`);
    }),
  );
  await bench.cloud.settle();
  const taken = (await bench.output("x")) as string[];
  for (const { name } of clients)
    expect(taken.filter((one) => one.startsWith(name))).toEqual(
      [...Array(20).keys()].map((number) => `${name}${number}`),
    );
});
