/** The start function: invoked directly, and fed from its queue with bus events and firings. */
import { createStart } from "../../../functions/start.js";
import { firingBody } from "../../../lib/model/firing.js";
import { STATUSES } from "../../../lib/model/status.js";
import { executionIdFor } from "../../../lib/runtime/start.js";
import type { Store } from "../../../lib/store/ports.js";
import { fuzzed } from "../app.js";
import type { Dice } from "../dice.js";
import { damaged, damagedText, json } from "../rubbish.js";
import { short, type Tried, wrongWith } from "../verdict.js";
import { invocation, openWorld, type World } from "../world.js";
import { type Entry, failuresAmong, type Record, shuffled } from "./entry.js";

const VALID = {
  workflow: "strict",
  input: { orderId: "o-1", amount: 3 },
  id: "x-1",
  delay: "5m",
  onConflict: "return",
  application: "shop",
  pipelineConfigId: "nightly",
};

/** As Lambda hands it over: what its JSON was. */
function request(dice: Dice): unknown {
  if (dice.percent(15)) return json(dice);
  const base = dice.pick<object>([
    VALID,
    { ...VALID, workflow: "echo" },
    { workflow: "echo", input: 1, wait: "1s" },
  ]);
  try {
    return JSON.parse(damagedText(dice, base));
  } catch {
    return damaged(dice, base);
  }
}

export const startRequests: Entry = {
  name: "start: invoked",
  async run(dice, fresh) {
    const world = openWorld(fresh());
    const start = createStart(
      fuzzed,
      () => world.outside,
      () => world.queue,
    );
    const event = request(dice);
    const input = short(event);
    try {
      const answer = await start(event, invocation("request-1", 800));
      return {
        input,
        end: "started",
        broken: [...(await wrongWithAnswer(world, answer)), ...world.wrongInLog()],
      };
    } catch (error) {
      return { input, end: "refused", broken: wrongWith(error) };
    }
  },
};

/** What was answered is what is there. */
async function wrongWithAnswer(world: World, answer: unknown): Promise<string[]> {
  if (typeof answer !== "object" || answer === null) return ["an answer is an object"];
  if ("batchItemFailures" in answer) return [];
  if (!("executionId" in answer) || !("status" in answer))
    return ["an answer names the execution and its status"];
  const head = await world.outside.store.readHead(String(answer.executionId));
  return [
    ...(head === undefined ? ["the execution that an answer names is there"] : []),
    ...(STATUSES.some((status) => status === answer.status) ? [] : ["the answered status is one"]),
  ];
}

const PLACED = {
  version: "0",
  id: "e-1",
  source: "shop",
  account: "000000000000",
  time: "2026-01-01T12:00:00Z",
  region: "us-east-1",
  resources: ["holdfast:order:shop/x-1/1/0"],
  "detail-type": "order.placed",
  detail: { id: "o-1", amount: 5 },
};

const SCHEDULED = "2026-01-31T08:00:00Z";

function firing(schedule: Parameters<typeof firingBody>[0]): unknown {
  return JSON.parse(firingBody(schedule).replace(/<[^>]*>/, SCHEDULED));
}

const FIRINGS = [
  firing({ by: "workflow", workflow: "nightly", schedule: "default" }),
  firing({
    by: "client",
    workflow: "echo",
    schedule: "tenant-1",
    overlap: "skip",
    input: { a: [{ $date: SCHEDULED }] },
  }),
  firing({ by: "client", workflow: "strict", schedule: "tenant-2", overlap: "cancel-previous" }),
];

export const startMessages: Entry = {
  name: "start: its queue",
  async run(dice, fresh) {
    const store = fresh();
    const world = openWorld(store);
    const bodies = Array.from({ length: 1 + dice.below(3) }, () =>
      damagedText(dice, dice.pick<unknown>([PLACED, ...FIRINGS])),
    );
    const good: Record[] = [
      { messageId: "good-1", body: JSON.stringify({ ...PLACED, id: "good" }) },
      { messageId: "good-2", body: JSON.stringify({ ...Object(FIRINGS[1]), schedule: "good" }) },
    ];
    const batch = shuffled(dice, [
      ...good,
      ...bodies.map((body, index) => ({ messageId: `bad-${index + 1}`, body })),
    ]);
    const start = createStart(
      fuzzed,
      () => world.outside,
      () => world.queue,
    );
    return outcomeOf(world, bodies, () => start({ Records: batch }, invocation("request-1")), [
      ["good-1", () => isThere(store, executionIdFor("placed", "shop/good"))],
      ["good-2", () => isThere(store, `echo+good@${SCHEDULED}`)],
    ]);
  },
};

async function isThere(store: Store, executionId: string): Promise<boolean> {
  return (await store.readHead(executionId))?.status === "completed";
}

/** Runs a batch, and looks whether its valid messages had their effect. */
export async function outcomeOf(
  world: World,
  rubbish: readonly unknown[],
  run: () => Promise<unknown>,
  valid: readonly (readonly [messageId: string, isDone: () => Promise<boolean>])[],
): Promise<Tried> {
  const input = rubbish.map((each) => short(each)).join("\n    ");
  try {
    const answer = await run();
    const broken = failuresAmong(
      answer,
      valid.map(([messageId]) => messageId),
    );
    for (const [messageId, isDone] of valid)
      if (!(await isDone())) broken.push(`the valid neighbour ${messageId} had its effect`);
    const failed = JSON.stringify(answer).split("itemIdentifier").length - 1;
    const end = failed > 0 ? "failed" : world.buried.length > 0 ? "buried" : "taken";
    return { input, end, broken: [...broken, ...world.wrongInLog()] };
  } catch (error) {
    return {
      input,
      end: "threw",
      broken: ["the function answers, whatever is in its batch", ...wrongWith(error)],
    };
  }
}
