/** The audit: its own event, which says nothing, and what lies in the dead-letter queues that it empties. */
import { createAudit } from "../../../functions/audit.js";
import type { DeadWake } from "../../../lib/aws/dead-wakes.js";
import type { DeadLetter } from "../../../lib/aws/event-queue.js";
import { AuditIncompleteError } from "../../../lib/model/errors.js";
import { startExecution } from "../../../lib/runtime/start.js";
import { fuzzed } from "../app.js";
import type { Dice } from "../dice.js";
import { damaged, damagedText, json } from "../rubbish.js";
import { short, type Tried, wrongWith } from "../verdict.js";
import { invocation, openWorld } from "../world.js";
import { type Entry, shuffled } from "./entry.js";

const WAKE = { executionId: "x-1", reason: "timer", dueAt: 1_767_268_800_000, puts: 1, rescues: 2, epoch: 3 };

const ATTRIBUTES = {
  "holdfast.after": "eyJ4IjoxfQ",
  "holdfast.since": "2026-01-01T12:00:00.000Z",
  "holdfast.redrives": "3",
};

function deadLetter(dice: Dice, index: number): DeadLetter {
  const attributes = Object.entries(Object(damaged(dice, ATTRIBUTES))).map(([name, value]) => [
    name.replaceAll(/[^\w.-]/g, "") || "name",
    String(typeof value === "string" ? value : JSON.stringify(value)) || " ",
  ]);
  return {
    id: `m-${index}`,
    body: damagedText(dice, { id: "e-1", source: "shop", "detail-type": "note", detail: {} }),
    receipt: `r-${index}`,
    attributes: Object.fromEntries(attributes),
    ...(dice.percent(50)
      ? { sentAt: dice.pick([0, -1, 1_767_268_800_000, 8.64e15, 8.64e15 + 1, 1.5, 1e300]) }
      : {}),
  };
}

export const auditRuns: Entry = {
  name: "audit: its event and dead letters",
  async run(dice, fresh): Promise<Tried> {
    const store = fresh();
    const world = openWorld(store);
    for (const id of ["x-1", "good"])
      await startExecution(world.outside, fuzzed, {
        workflow: "strict",
        input: { orderId: id, amount: 3 },
        id,
      });
    world.wakes.length = 0;
    const bodies = Array.from({ length: 1 + dice.below(3) }, () => damagedText(dice, WAKE));
    const dead: DeadWake[] = shuffled(dice, [
      { id: "good", body: JSON.stringify({ executionId: "good", reason: "start" }), receipt: "good" },
      ...bodies.map((body, index) => ({ id: `bad-${index}`, body, receipt: `bad-${index}` })),
    ]);
    const letters = Array.from({ length: dice.below(4) }, (_, index) => deadLetter(dice, index));
    const good: DeadLetter = { id: "good", body: "{}", receipt: "good", attributes: {} };
    const deleted: string[] = [];
    const audit = createAudit(
      () => world.outside,
      () => ({
        receive: async () => dead.splice(0, 10),
        delete: async (receipt) => void deleted.push(receipt),
      }),
      () => undefined,
      () => [inHand(world, shuffled(dice, [good, ...letters]), deleted)],
    );
    const event = json(dice);
    const input = [short(event, 100), ...bodies.map((body) => short(body)), short(letters, 900)].join(
      "\n    ",
    );
    const run = audit(event, invocation("request-1")).then(
      (): string[] => [],
      (error: unknown) =>
        error instanceof AuditIncompleteError ? [] : ["the audit ends", ...wrongWith(error)],
    );
    const broken = await run;
    if (!world.wakes.some(({ executionId }) => executionId === "good"))
      broken.push("the valid wake gets another life");
    if (deleted.filter((receipt) => receipt === "good").length !== 2) broken.push("what is done is deleted");
    const end = world.lines.some(({ level }) => level === "error") ? "refused" : "taken";
    return { input, end, broken: [...broken, ...world.wrongInLog()] };
  },
};

/** A dead-letter queue that holds these. */
function inHand(world: ReturnType<typeof openWorld>, letters: DeadLetter[], deleted: string[]) {
  return {
    ...world.queue,
    receive: async () => letters.splice(0, 10),
    delete: async (receipt: string) => void deleted.push(receipt),
    show: async () => {},
  };
}
