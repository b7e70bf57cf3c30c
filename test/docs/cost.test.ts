/** The table of typical workflows is what they cost when they are run here, and its dollars are the prices of the page. */
import { type App, app, type Hooks } from "holdfast";
import { type TestApp, testApp, type Units } from "holdfast/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { blocksIn, Evaluation } from "./evaluate.js";
import { textOf } from "./pages.js";

const PAGE = "docs/cost.md";

/** Dollars per million: a write unit, a read unit, a message that is carried, a timer, an event. */
const PRICES = {
  write: 0.625,
  read: 0.125,
  carried: 3 * 0.4 + 0.2 + 0.05 * 0.5 * 13.333,
  timer: 1,
  event: 1,
};

interface Cost {
  readonly writes: number;
  readonly reads: number;
  readonly carried: number;
  readonly timers: number;
  readonly events: number;
}

interface Row extends Cost {
  readonly workflow: string;
  readonly dollars: number;
}

const rows: Row[] = [
  ...textOf(PAGE).matchAll(
    /^\| ([^|]+) \| ([\d.]+) \| ([\d.]+) \| (\d+) \| (\d+) \| (\d+) \| ([\d.]+) \|$/gm,
  ),
].map(([, workflow = "", ...numbers]) => {
  const [writes = 0, reads = 0, carried = 0, timers = 0, events = 0, dollars = 0] = numbers.map(Number);
  return { workflow, writes, reads, carried, timers, events, dollars };
});

describe("the table of typical workflows", () => {
  let shown: App;
  beforeAll(async () => {
    const evaluation = new Evaluation(() => Promise.reject(new Error("Workflows need no client.")));
    for (const block of blocksIn(PAGE)) await evaluation.evaluate(block);
    shown = evaluation.app();
  });

  it("has a row for each workflow of the page", () => {
    expect(rows.map(({ workflow }) => workflow)).toEqual([...shown.workflows.keys()]);
  });

  it.each(rows)(
    "$workflow: units, messages, timers and events are as counted",
    async ({ workflow, dollars, ...cost }) => {
      expect(await costOf(shown, workflow)).toEqual(cost);
    },
  );

  it.each(rows)("$workflow: $dollars dollars", ({ writes, reads, carried, timers, events, dollars }) => {
    const { write, read, carried: message, timer, event } = PRICES;
    const sum = writes * write + reads * read + carried * message + timers * timer + events * event;
    expect(dollars).toBeCloseTo(sum, 1);
  });
});

/** What the page's executions wait for, and how many timers beyond 15 minutes they set: a schedule fires although nobody waits any more. */
const STORIES: Readonly<Record<string, Pick<Cost, "events" | "timers">>> = {
  order: { events: 1, timers: 1 },
  reminder: { events: 0, timers: 1 },
};

/** One run, on tables that count, to its end, when one before it has recorded its code. */
async function costOf(shown: App, name: string): Promise<Cost> {
  let turns = 0;
  const counting: Hooks = {
    aroundTurn: (_, run) => {
      turns++;
      return run();
    },
  };
  const workflows = [...shown.workflows.values()];
  const counted = app({ workflows, events: [...shown.events.values()], hooks: [counting] });
  const t = await testApp(counted, { store: "metered", replay: "off" });
  const { events, timers } = STORIES[name] ?? { events: 0, timers: 0 };
  await runToEnd(t, name, "o-1", events);
  const before = t.units();
  turns = 0;
  await runToEnd(t, name, "o-2", events);
  const after = t.units();
  const spent = (what: keyof Units): number => after[what] - before[what];
  return {
    writes: spent("writes") + spent("indexWrites") + spent("refused"),
    reads: spent("reads"),
    // A schedule's message comes early, and is put back once. After a payment it finds nothing to do.
    carried: turns + events + timers * (name === "order" ? 2 : 1),
    timers,
    events,
  };
}

async function runToEnd(t: TestApp, name: string, id: string, events: number): Promise<void> {
  await t.client.start(name, id, { id });
  await t.settle();
  if (events > 0) await t.client.publish("payment.completed", { orderId: id });
  await t.advance("31d");
  // The history is read by the kit itself, which is not counted.
  expect((await t.history(id)).at(-1)).toMatch(/^Execution(Completed|Failed)|^StepCompleted undo/);
}
