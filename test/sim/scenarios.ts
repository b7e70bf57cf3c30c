/** What executions do that only goes on by wakes: each is a program, what others do meanwhile, and how it ends. */
import { type Context, event, NonRetryableError, workflow } from "holdfast";
import { executionIdFor } from "../../lib/runtime/start.js";
import { HOUR, MINUTE, type Scenario, SECOND, type Stage, type World } from "./stage.js";

const Paid = event<{ orderId: string; amount: number }>("payment.completed", { key: (data) => data.orderId });
const Shipped = event<{ orderId: string }>("order.shipped");
const Placed = event<{ order: string }>("order.placed");

const orderSaga = (pays: boolean) => (world: World) => [
  workflow("order-saga", async (ctx) => {
    await ctx.step("reserve", () => world.push("reserve"), { compensate: () => world.push("release") });
    await ctx.step("charge", () => world.push("charge"), {
      compensate: () => world.push("refund"),
      semantics: "at-least-once",
    });
    await ctx.sleep("5s");
    const paid = await ctx.waitForEvent(Paid, { key: "o-1", timeout: pays ? "1h" : "10s" });
    await ctx.step("ship", () => world.push("ship"));
    await ctx.sendEvent(Shipped, { orderId: "o-1" });
    return `shipped for ${paid.amount}`;
  }),
];

const sleeper = (world: World) =>
  workflow("sleeper", async (ctx) => {
    await ctx.step("begin", () => world.push("begun"), { compensate: () => world.push("undone") });
    await ctx.sleep("1h");
  });
const worker = (world: World) =>
  workflow("worker", async (ctx, n: number) => ctx.step("work", () => world.push(`work ${n}`) && n));
const one = (code: (ctx: Context) => Promise<unknown>) => workflow("one", code);

/** A client does something to the execution of that id, which a redelivery may have put off. */
const whenThere =
  (id: string, act: (stage: Stage) => Promise<unknown>) =>
  async (stage: Stage): Promise<void> => {
    await stage.pass(SECOND);
    const isThere = async (): Promise<boolean> => (await stage.bench.store.readHead(id)) !== undefined;
    await stage.passUntil(isThere);
    if (await isThere()) await stage.insist(() => act(stage));
  };
const toFirst = (act: (stage: Stage) => Promise<unknown>) => whenThere("x-1", act);

const fulfil = (world: World) => [
  workflow("fulfil", { startOn: Placed }, async (ctx) => {
    await ctx.step("reserve", () => world.push("reserve"));
    await ctx.step("ship", () => world.push("ship"));
  }),
];
const placed = async ({ bench }: Stage): Promise<void> => {
  bench.publish(Placed, { order: "o-1" }, ["holdfast:event:e-1"]);
  await bench.cloud.settle();
};

const orders: Record<string, Scenario> = {
  "an order saga that ships": {
    workflows: orderSaga(true),
    events: [Paid],
    goes: async (stage) => {
      await stage.pass(6 * SECOND);
      stage.bench.publish(Paid, { orderId: "o-1", amount: 7 }, ["holdfast:event:p-1"]);
    },
    lastsMs: 10 * MINUTE,
    ends: { "x-1": "completed" },
    world: ["charge", "reserve", "ship"],
    published: { [Shipped.name]: 1 },
  },
  "an order saga whose payment never comes": {
    workflows: orderSaga(false),
    events: [Paid],
    lastsMs: 10 * MINUTE,
    ends: { "x-1": "failed" },
    world: ["charge", "refund", "release", "reserve"],
  },
  "an execution that a bus event starts, whose first turn runs where it is started": {
    workflows: fulfil,
    begins: placed,
    lastsMs: 10 * MINUTE,
    ends: { [executionIdFor("fulfil", "e-1")]: "completed" },
    world: ["reserve", "ship"],
  },
  "such an execution, when nobody delivers its event again, and its insurance wake is all that is left": {
    workflows: fulfil,
    begins: async (stage) => {
      await placed(stage);
      stage.bench.cloud.startQueue.purge();
    },
    after: "wakes.send",
    lastsMs: 10 * MINUTE,
    ends: { [executionIdFor("fulfil", "e-1")]: "completed" },
    world: ["reserve", "ship"],
  },
};

const timers: Record<string, Scenario> = {
  "a sleep of forty minutes, by a schedule, the queue and the process": {
    workflows: (world) => [
      one((ctx) =>
        ctx.sleep({ milliseconds: 40 * MINUTE + 700 }).then(() => ctx.step("wake", () => world.push("woke"))),
      ),
    ],
    lastsMs: HOUR,
    ends: { "x-1": "completed" },
    world: ["woke"],
  },
  "a sleep of forty minutes while Scheduler is down": {
    workflows: (world) => [
      one((ctx) => ctx.sleep("40m").then(() => ctx.step("wake", () => world.push("woke")))),
    ],
    schedulerIsOn: false,
    lastsMs: HOUR,
    ends: { "x-1": "completed" },
    world: ["woke"],
  },
  "a start that is delayed by half an hour": {
    workflows: (world) => [one((ctx) => ctx.step("begin", () => world.push("began")))],
    begins: (stage) => stage.start({ delayMs: 30 * MINUTE }),
    lastsMs: HOUR,
    ends: { "x-1": "completed" },
    world: ["began"],
  },
  "a delayed start that is cancelled before its time": {
    workflows: (world) => [one((ctx) => ctx.step("begin", () => world.push("began")))],
    begins: (stage) => stage.start({ delayMs: 30 * MINUTE }),
    goes: toFirst(({ bench }) => bench.client.cancel("x-1")),
    lastsMs: HOUR,
    ends: { "x-1": "cancelled" },
    world: [],
  },
  "retries that are seconds, and half an hour, apart": {
    workflows: (world) => [
      one(async (ctx) => {
        for (const [name, wait] of [
          ["soon", "5s"],
          ["late", "30m"],
        ] as const) {
          const retry = { initialInterval: wait, maxInterval: wait, maxAttempts: 6, jitter: "none" } as const;
          const body = ({ attempt }: { attempt: number }): number => {
            if (attempt === 1) throw new Error("not yet");
            return world.push(name);
          };
          await ctx.step(name, body, { retry });
        }
      }),
    ],
    lastsMs: 2 * HOUR,
    ends: { "x-1": "completed" },
    world: ["late", "soon"],
    mayDiffer: true,
  },
  "waits that time out after seconds, and after half an hour": {
    workflows: (world) => [
      one(async (ctx) => {
        const event = await ctx.waitForEvent(Paid, { key: "o-1", timeout: "5s" }).catch(() => "no event");
        await ctx.step("without it", () => world.push(String(event)));
        const signal = await ctx.waitForSignal("go", { timeout: "30m" }).catch(() => "no signal");
        await ctx.step("without that", () => world.push(String(signal)));
      }),
    ],
    events: [Paid],
    lastsMs: HOUR,
    ends: { "x-1": "completed" },
    world: ["no event", "no signal"],
  },
  "one that has too little time for its steps, and yields": {
    workflows: (world, stage) => [
      one(async (ctx) => {
        for (const name of ["a", "b", "c", "d"])
          await ctx.step(name, async () => {
            await stage.bench.cloud.clock.sleep(900);
            world.push(name);
          });
      }),
    ],
    workerTimeoutMs: 2 * SECOND,
    lastsMs: 10 * MINUTE,
    ends: { "x-1": "completed" },
    world: ["a", "b", "c", "d"],
  },
};

const control: Record<string, Scenario> = {
  "one that is paused while its sleep ends, and resumed": {
    workflows: (world) => [
      one((ctx) => ctx.sleep("5s").then(() => ctx.step("after", () => world.push("after")))),
    ],
    goes: async (stage) => {
      await toFirst(({ bench }) => bench.client.pause("x-1"))(stage);
      await stage.pass(MINUTE);
      await stage.insist(() => stage.bench.client.resume("x-1"));
    },
    lastsMs: 10 * MINUTE,
    ends: { "x-1": "completed" },
    world: ["after"],
    mayDiffer: true,
  },
  "one that fails, and is redriven": {
    workflows: (world) => {
      let isMended = false;
      return [
        one(async (ctx) => {
          await ctx.step("first", () => world.push("first"));
          await ctx.step("broken", () => {
            if (!isMended) throw new NonRetryableError("not mended");
            world.push("mended");
          });
        }),
        workflow("mend", async (ctx) => ctx.step("mend", () => (isMended = true))),
      ];
    },
    goes: async (stage) => {
      await stage.until("failed");
      const mend = stage.bench.app.workflow("mend");
      await stage.insist(() => stage.bench.start(mend, undefined, "mend"));
      await stage.until("completed", "mend");
      await stage.insist(() => stage.bench.client.redrive("x-1"));
    },
    lastsMs: 10 * MINUTE,
    ends: { "x-1": "completed", mend: "completed" },
    world: ["first", "mended"],
  },
  "one that is terminated, with its child": {
    workflows: (world) => {
      const child = sleeper(world);
      return [one((ctx) => ctx.child(child, undefined, { id: "child" })), child];
    },
    goes: toFirst(({ bench }) => bench.client.terminate("x-1")),
    lastsMs: 10 * MINUTE,
    ends: { "x-1": "terminated", child: "cancelled" },
    world: ["begun", "undone"],
    mayDiffer: true,
  },
};

const messages: Record<string, Scenario> = {
  "one that waits for a signal": {
    workflows: (world) => [
      one(async (ctx) => {
        const said = await ctx.waitForSignal<string>("go");
        await ctx.step("hear", () => world.push(said));
      }),
    ],
    goes: toFirst(({ bench }) => bench.client.signal("x-1", "go", "gone", { id: "s-1" })),
    lastsMs: 10 * MINUTE,
    ends: { "x-1": "completed" },
    world: ["gone"],
    mayDiffer: true,
  },
  "one that waits for a callback, and gets it": {
    workflows: (world, stage) => [
      one(async (ctx) => {
        const callback = ctx.callback<string>("c", { timeout: "2h" });
        await ctx.step("hand out", () => {
          stage.token = callback.token;
        });
        const said = await callback.promise;
        await ctx.step("hear", () => world.push(said));
      }),
    ],
    goes: async (stage) => {
      await stage.passUntil(async () => stage.token !== "");
      await stage.insist(() => stage.bench.client.completeCallback(stage.token, "done"));
    },
    lastsMs: 10 * MINUTE,
    ends: { "x-1": "completed" },
    world: ["done"],
    mayDiffer: true,
  },
  "one that signals another": {
    workflows: (world) => [
      one(async (ctx) => {
        await ctx.signal("listener", "note", "heard");
        await ctx.step("after", () => world.push("told"));
      }),
      workflow("listener", async (ctx) => {
        const note = await ctx.waitForSignal<string>("note");
        await ctx.step("hear", () => world.push(note));
      }),
    ],
    begins: async (stage) => {
      const listener = stage.bench.app.workflow("listener");
      await stage.insist(() => stage.bench.start(listener, undefined, "listener"));
      await stage.start();
    },
    lastsMs: 10 * MINUTE,
    ends: { "x-1": "completed", listener: "completed" },
    world: ["heard", "told"],
    mayDiffer: true,
  },
  "an event for one whose owner has died, and whose lease still stands": {
    workflows: (world, stage) => [
      one(async (ctx) => {
        const paid = ctx.waitForEvent(Paid, { key: "o-1" });
        await ctx.step("deadly", async ({ attempt }) => {
          // Meanwhile the wait is registered.
          await stage.bench.cloud.clock.sleep(SECOND);
          if (attempt === 1) stage.bench.cloud.killAll();
        });
        await paid;
        await ctx.step("after", () => world.push("paid"));
      }),
    ],
    events: [Paid],
    goes: async (stage) => {
      await stage.pass(5 * SECOND);
      stage.bench.publish(Paid, { orderId: "o-1", amount: 7 }, ["holdfast:event:p-1"]);
    },
    lastsMs: 10 * MINUTE,
    ends: { "x-1": "completed" },
    world: ["paid"],
    mayDiffer: true,
  },
};

const families: Record<string, Scenario> = {
  "a parent that needs what its children give": {
    workflows: (world) => {
      const work = worker(world);
      return [
        one(async (ctx) => {
          const [first, second] = await Promise.all([
            ctx.child(work, 1, { id: "first" }),
            ctx.child(work, 2, { id: "second" }),
          ]);
          await ctx.step("sum", () => world.push(`sum ${first + second}`));
        }),
        work,
      ];
    },
    lastsMs: 15 * MINUTE,
    ends: { "x-1": "completed", first: "completed", second: "completed" },
    world: ["sum 3", "work 1", "work 2"],
    mayDiffer: true,
  },
  "a parent that is cancelled, with its child and its grandchild": {
    workflows: (world) => {
      const low = sleeper(world);
      const middle = workflow("middle", async (ctx) => ctx.child(low, undefined, { id: "low" }));
      return [one((ctx) => ctx.child(middle, undefined, { id: "middle" })), middle, low];
    },
    goes: toFirst(({ bench }) => bench.client.cancel("x-1")),
    lastsMs: 15 * MINUTE,
    ends: { "x-1": "cancelled", middle: "cancelled", low: "cancelled" },
    world: ["begun", "undone"],
    mayDiffer: true,
  },
  "a parent that ends with children of each kind still open": {
    workflows: (world) => {
      const child = sleeper(world);
      return [
        one(async (ctx) => {
          void ctx.child(child, undefined, { id: "cancelled" });
          void ctx.child(child, undefined, { id: "terminated", onParentClose: "terminate" });
          await ctx.sleep("10s");
          void ctx.child(child, undefined, { id: "left", onParentClose: "abandon" });
        }),
        child,
      ];
    },
    lastsMs: 15 * MINUTE,
    ends: { "x-1": "completed", cancelled: "cancelled", terminated: "terminated", left: "suspended" },
    world: ["begun", "undone"],
    mayDiffer: true,
  },
  "a race whose loser is a child": {
    workflows: (world) => {
      const child = sleeper(world);
      return [
        one(async (ctx) => {
          await ctx.race({
            child: (inner) => inner.child(child, undefined, { id: "loser" }),
            soon: (inner) => inner.sleep("10s"),
          });
          await ctx.step("after", () => world.push("after"));
        }),
        child,
      ];
    },
    lastsMs: 15 * MINUTE,
    ends: { "x-1": "completed", loser: "cancelled" },
    world: ["after", "begun", "undone"],
    mayDiffer: true,
  },
  "a child that continues as new, with a signal on its way": {
    workflows: (world) => {
      const counting = workflow("counting", async (ctx, n: number): Promise<unknown> => {
        await ctx.sleep("5s");
        if (n < 3) return ctx.continueAsNew(n + 1);
        const note = await ctx.waitForSignal<string>("note");
        return ctx.step("note", () => world.push(note));
      });
      return [one((ctx) => ctx.child(counting, 1, { id: "c" })), counting];
    },
    goes: whenThere("c", ({ bench }) => bench.client.signal("c", "note", "noted", { id: "n-1" })),
    lastsMs: 15 * MINUTE,
    ends: { "x-1": "completed", c: "continued", "c:run2": "continued", "c:run3": "completed" },
    world: ["noted"],
    mayDiffer: true,
  },
};

export const scenarios: Readonly<Record<string, Scenario>> = {
  ...orders,
  ...timers,
  ...control,
  ...messages,
  ...families,
};
