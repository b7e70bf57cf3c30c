/** The relay: records of the Executions table's stream, in DynamoDB's own notation. */
import { createRelay } from "../../../functions/relay.js";
import type { Outgoing } from "../../../lib/model/outgoing.js";
import { commitItem } from "../../../lib/store/dynamodb/commit-item.js";
import type { Commit } from "../../../lib/store/ports.js";
import type { Dice } from "../dice.js";
import { damaged, json, LONG } from "../rubbish.js";
import { short, type Tried, wrongWith } from "../verdict.js";
import { invocation, openWorld } from "../world.js";
import { type Entry, shuffled } from "./entry.js";

const AT = 1_767_268_800_000;

function outgoing(from: string): Outgoing[] {
  return [
    { kind: "event", id: `${from}/event`, name: "order.shipped", detail: '{"order":"o-1"}', at: AT },
    {
      kind: "signal",
      id: `${from}/signal`,
      at: AT,
      to: "nobody",
      message: { kind: "signal", id: `signal:${from}`, at: AT, name: "go", data: 1 },
    },
    {
      kind: "start",
      id: `${from}/start`,
      at: AT,
      executionId: `by-${from}`,
      workflow: "echo",
      definition: "d",
      input: 1,
    },
  ];
}

export function commitOf(executionId: string): Commit {
  return {
    executionId,
    slot: 1,
    epoch: 1,
    token: `token-${executionId}`,
    events: [],
    outgoing: outgoing(executionId),
  };
}

/** An item in DynamoDB's own notation. */
export function imageOf(item: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, notationOf(value)]));
}

function notationOf(value: unknown): unknown {
  if (typeof value === "string") return { S: value };
  if (typeof value === "number") return { N: String(value) };
  return value instanceof Uint8Array
    ? { B: Buffer.from(value).toString("base64") }
    : { BOOL: value === true };
}

function recordOf(commit: Commit, pendingAt = Date.now()): object {
  const { pk, sk } = commitItem(commit, pendingAt);
  const keys = imageOf({ pk, sk });
  return {
    eventID: commit.executionId,
    eventName: "INSERT",
    eventSource: "aws:dynamodb",
    dynamodb: { Keys: keys, NewImage: imageOf(commitItem(commit, pendingAt)), StreamViewType: "NEW_IMAGE" },
  };
}

/** Its notation damaged, or what its outgoing messages say. */
function rubbishRecord(dice: Dice, index: number): unknown {
  const commit = commitOf(`bad-${index}`);
  if (dice.percent(10)) return json(dice);
  if (dice.percent(50)) {
    const wrong = damaged(dice, commit.outgoing);
    const out = Array.isArray(wrong) && dice.percent(90) ? wrong : [wrong];
    const item = { ...commitItem(commit, Date.now()), out: JSON.stringify(out) };
    return { eventName: "INSERT", dynamodb: { NewImage: imageOf(item) } };
  }
  const states = dice.percent(30)
    ? { outStates: { S: JSON.stringify(damaged(dice, [{ state: "failed", tries: 2 }])) } }
    : {};
  const image = { ...imageOf(commitItem(commit, Date.now())), ...states };
  const notation = dice.pick([
    { N: "rubbish" },
    { N: "9".repeat(LONG) },
    { M: { a: null } },
    { SS: [1] },
    { NULL: true },
    { L: {} },
  ]);
  const odd = dice.percent(30) ? { [dice.pick(["obAt", "out", "ob", "outVersion"])]: notation } : {};
  return damaged(dice, { eventName: "INSERT", dynamodb: { NewImage: { ...image, ...odd } } });
}

export const relayRecords: Entry = {
  name: "relay: the stream",
  async run(dice, fresh): Promise<Tried> {
    const store = fresh();
    const world = openWorld(store);
    const good = ["good-a", "good-b"].map(commitOf);
    for (const commit of good) await store.appendCommit(commit, Date.now());
    const bad = Array.from({ length: 1 + dice.below(3) }, (_, index) => rubbishRecord(dice, index));
    const relay = createRelay(() => world.outside);
    const input = bad.map((each) => short(each, 900)).join("\n    ");
    try {
      const records = shuffled<unknown>(dice, [...good.map((commit) => recordOf(commit)), ...bad]);
      const answer = await relay({ Records: records }, invocation("request-1"));
      const broken = answer.batchItemFailures.length > 0 ? ["a record never blocks its shard"] : [];
      for (const { executionId } of good) broken.push(...(await notCarried(world, executionId)));
      const end = world.lines.some(({ level }) => level === "error") ? "refused" : "carried";
      return { input, end, broken: [...broken, ...world.wrongInLog()] };
    } catch (error) {
      return {
        input,
        end: "threw",
        broken: ["the relay answers, whatever is in its batch", ...wrongWith(error)],
      };
    }
  },
};

/** Of a valid commit beside the rubbish. */
async function notCarried(
  { outside, published }: ReturnType<typeof openWorld>,
  executionId: string,
): Promise<string[]> {
  const isPublished = published.some(({ resources }) =>
    resources.includes(`holdfast:event:${executionId}/event`),
  );
  const started = await outside.store.readHead(`by-${executionId}`);
  const { states = [] } = (await outside.store.readOutbox(executionId, 1)) ?? {};
  return [
    ...(isPublished ? [] : [`the event of the valid neighbour ${executionId} is published`]),
    ...(started === undefined ? [`the start of the valid neighbour ${executionId} is made`] : []),
    ...(states.map(({ state }) => state).join() === "published,failed,published"
      ? []
      : [
          `what became of the valid neighbour ${executionId} is marked, and it is: ${JSON.stringify(states)}`,
        ]),
  ];
}
