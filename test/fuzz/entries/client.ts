/** The client's methods, called from JavaScript: any argument may be anything. */
import { createWorker } from "../../../functions/worker.js";
import { DurableClient } from "../../../lib/client/client.js";
import { callbackToken } from "../../../lib/model/callback-token.js";
import { digest } from "../../../lib/model/ids.js";
import { message } from "../../../lib/model/stored-forms.js";
import type { KeptSchedule, ScheduleKeeper } from "../../../lib/runtime/outside.js";
import { startExecution } from "../../../lib/runtime/start.js";
import { fuzzed, Paid } from "../app.js";
import type { Dice } from "../dice.js";
import { anything } from "../rubbish.js";
import { short, type Tried, wrongWith } from "../verdict.js";
import { invocation, openWorld, type World } from "../world.js";
import type { Entry } from "./entry.js";

const OPEN = "open-1";
const TOKEN = callbackToken({ executionId: OPEN, op: "callback:approve", heartbeatMs: 1_000 });
const CONTENT = Buffer.from("rubbish").toString("base64url");
const ASKED = { by: "me", reason: "because" };

/** Each method with valid arguments. The clock runs ahead where a client waits, so that none waits long. */
const CALLS: readonly (readonly [method: string, ...args: unknown[]])[] = [
  [
    "start",
    "strict",
    { orderId: "o-1", amount: 1 },
    { id: "s-1", delay: "5m", onConflict: "return", application: "a" },
  ],
  ["start", "echo", 1, { id: "s-2", wait: "1s" }],
  ["describe", OPEN],
  ["result", OPEN, { timeout: "1s" }],
  ["history", OPEN],
  [
    "list",
    { workflow: "waiter", status: "suspended", limit: 5, createdAfter: new Date(0), application: "shop" },
  ],
  ["list", { status: ["open"], cursor: "abc", dueBefore: new Date(), leaseExpiredBefore: new Date() }],
  ["count", { workflow: "waiter", createdBefore: new Date() }],
  ["definitions", "waiter"],
  ["definition", "waiter", "hash"],
  ["exists", OPEN],
  ["waiting", Paid, { key: "o-1", limit: 5, cursor: "abc" }],
  ["waiting", "payment.completed", {}],
  ["cancel", OPEN, ASKED],
  ["pause", OPEN, ASKED],
  ["resume", OPEN, ASKED],
  ["terminate", OPEN, ASKED],
  ["redrive", OPEN, ASKED],
  ["pauses", OPEN],
  ["fork", OPEN, { from: "step", id: "f-1" }],
  ["delete", OPEN],
  ["signal", OPEN, "go", { data: 1 }, { id: "m-1" }],
  ["update", OPEN, "double", 1, { id: "u-1", timeout: "1s" }],
  ["completeCallback", TOKEN, { result: 1 }],
  ["completeCallback", `${CONTENT}.${digest(CONTENT, 8)}`, 1],
  ["failCallback", TOKEN, new Error("late")],
  ["heartbeatCallback", TOKEN],
  ["publish", "note", { a: 1 }, { id: "e-1", target: OPEN }],
  ["publish", Paid, { order: "o-1", amount: 1 }],
  ["outbox.list", { which: "pending", limit: 5, cursor: "abc" }],
  ["outbox.retry", "o-1/1"],
  [
    "schedules.put",
    {
      id: "t-1",
      workflow: "nightly",
      expression: "rate(1 day)",
      overlap: "skip",
      input: 1,
      timezone: "UTC",
      paused: true,
    },
  ],
  ["schedules.get", "t-1"],
  ["schedules.list", { cursor: "abc" }],
  ["schedules.pause", "t-1"],
  ["schedules.resume", "t-1"],
  ["schedules.delete", "t-1"],
];

export const clientCalls: Entry = {
  name: "client: its methods",
  async run(dice, fresh): Promise<Tried> {
    const world = openWorld(fresh());
    const { outside } = world;
    await startExecution(outside, fuzzed, { workflow: "waiter", input: { order: "o-1" }, id: OPEN });
    await runWakes(world);
    const clock = { ...outside.clock, sleep: async (ms: number) => world.advance(ms) };
    const client = new DurableClient({
      workflows: [...fuzzed.workflows.values()],
      outside: { ...outside, clock, schedules: keeper() },
    });
    const [method, ...valid] = dice.pick(CALLS);
    const args = wronged(dice, valid);
    const input = `client.${method}(${args.map((arg) => short(arg, 200)).join(", ")})`;
    const ended = await call(client, method, args);
    const broken = [...ended.broken, ...(await unreadable(world))];
    return { input, end: ended.end, broken };
  },
};

function wronged(dice: Dice, valid: readonly unknown[]): unknown[] {
  const args = [...valid];
  const at = dice.below(args.length + (dice.percent(10) ? 1 : 0));
  const found = args[at];
  const isOptions =
    typeof found === "object" && found !== null && Object.getPrototypeOf(found) === Object.prototype;
  if (!isOptions || dice.percent(30)) {
    args[at] = anything(dice);
    return args;
  }
  const names = Object.keys(found);
  const name = dice.percent(15) || names.length === 0 ? "__proto__" : dice.pick(names);
  const wrong = Object.defineProperty({ ...found }, name, {
    value: anything(dice),
    enumerable: true,
    configurable: true,
  });
  args[at] = wrong;
  return args;
}

async function call(
  client: DurableClient,
  method: string,
  args: readonly unknown[],
): Promise<{ readonly end: string; readonly broken: readonly string[] }> {
  const [room, name = room] = method.split(".");
  const of: object = name === room ? client : Reflect.get(client, room ?? "");
  try {
    await Reflect.apply(Reflect.get(of, name ?? ""), of, args);
    return { end: "answered", broken: [] };
  } catch (error) {
    // What the caller's own code throws is theirs.
    const isTheirs = error instanceof Error && error.message === "a getter that throws";
    return { end: "refused", broken: isTheirs ? [] : wrongWith(error) };
  }
}

/** Nothing that a client sends may make an execution unreadable. */
async function unreadable({ outside }: World): Promise<string[]> {
  const head = await outside.store.readHead(OPEN);
  const messages = [...(head?.inbox ?? []), ...(await outside.store.loadMessages(OPEN))];
  return messages.flatMap((one) => {
    const wrong = message(one);
    return wrong === undefined ? [] : [`what is sent can be read: a message ${wrong}`];
  });
}

async function runWakes(world: World): Promise<void> {
  const work = createWorker(fuzzed, () => world.outside);
  for (const [index, wake] of world.wakes.splice(0).entries())
    await work({ Records: [{ messageId: `w-${index}`, body: JSON.stringify(wake) }] }, invocation("first"));
}

function keeper(): ScheduleKeeper {
  const kept = new Map<string, KeptSchedule>();
  return {
    put: async (schedule) => void kept.set(schedule.id, schedule),
    update: async (schedule) => kept.has(schedule.id) && kept.set(schedule.id, schedule) !== undefined,
    get: async (id) => kept.get(id),
    list: async () => ({ items: [...kept.keys()] }),
    delete: async (id) => kept.delete(id),
  };
}
