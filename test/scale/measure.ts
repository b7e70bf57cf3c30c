/** What the engine's everyday work costs, beside so many open executions. */
import { randomUUID } from "node:crypto";
import { audit } from "../../lib/runtime/audit.js";
import { deliver } from "../../lib/runtime/bus/deliver.js";
import { type Ground, order, Paid, start, turn } from "./ground.js";

/** Of one: units, calls of DynamoDB, and milliseconds (the median). */
export interface Cost {
  readonly what: string;
  readonly writes: number;
  readonly indexWrites: number;
  readonly reads: number;
  readonly calls: number;
  readonly ms: number;
}

export interface Measured {
  readonly open: number;
  readonly costs: readonly Cost[];
  /** Of one run: how many open executions it looked at, and how many it found in need of a wake. */
  readonly looked: number;
  readonly woken: number;
}

const TIMES = 50;
const AUDITS = 5;

export async function measure(ground: Ground, open: number): Promise<Measured> {
  const { outside } = ground;
  const ids = Array.from({ length: TIMES }, () => randomUUID());
  const costs: Cost[] = [];
  const each = async (what: string, work: (id: string) => Promise<unknown>): Promise<void> => {
    costs.push(await costOf(ground, what, ids, work));
  };
  await each("a start", (id) => start(ground, id));
  await each("its first turn: lease, load, two steps, the wait, settlement", (id) => turn(ground, id));
  await each("the delivery of its event", (id) =>
    deliver(outside, ground.app, {
      name: Paid.name,
      dedupeId: `bus-${id}`,
      detail: { orderId: id, amount: 7 },
    }),
  );
  await each("its last turn: lease, load, a step, completion", (id) => turn(ground, id));
  await each("a page of 20 of its workflow", () =>
    outside.store.listExecutions({ workflow: order.name, limit: 20 }),
  );
  await each("a page of 20 of all that is open", () =>
    outside.store.listExecutions({ status: ["running", "suspended", "paused", "compensating"], limit: 20 }),
  );
  let looked = 0;
  let woken = 0;
  const runs = Array.from({ length: AUDITS }, (_, index) => `run ${index}`);
  costs.push(
    await costOf(ground, "a run of the audit", runs, async () => {
      const audited = await audit(outside);
      if (audited.failed > 0) throw new Error(`${audited.failed} looks of the audit failed.`);
      looked = Math.max(looked, audited.looked);
      woken += audited.woken;
    }),
  );
  return { open, costs, looked, woken };
}

async function costOf(
  { capacity }: Ground,
  what: string,
  subjects: readonly string[],
  work: (subject: string) => Promise<unknown>,
): Promise<Cost> {
  const took: number[] = [];
  const spent = await capacity.measure(async () => {
    for (const subject of subjects) {
      const began = performance.now();
      await work(subject);
      took.push(performance.now() - began);
    }
  });
  const per = (total: number): number => total / subjects.length;
  return {
    what,
    writes: per(spent.writes),
    indexWrites: per(spent.indexWrites),
    reads: per(spent.reads),
    calls: per(spent.roundTrips),
    ms: took.sort((one, other) => one - other)[Math.floor(took.length / 2)] ?? 0,
  };
}
