/** Executions as lines of JSON. */
import { ExecutionDeletedError, ExecutionNotFoundError, event, workflow } from "holdfast";
import { replayHistory } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import type { HistoryEntry } from "../../lib/model/history-entry.js";
import { decode, type Encoded } from "../../lib/model/value.js";
import { objectPrefix, type Store } from "../../lib/store/ports.js";
import { Bench } from "../runtime/bench.js";
import { inMemory, onDynamo } from "../runtime/grounds.js";
import { incompressible } from "../setup/text.js";
import { COMPLETED, commit, owned, settlementOf, stepCompleted } from "../store/builders.js";

const Paid = event<{ id: string }>("payment.completed", { key: ({ id }) => id });
const HUGE = incompressible(140_000);
const order = workflow("order", { version: "3" }, async (ctx, input: { id: string; at: Date }) => {
  await ctx.step("huge", () => HUGE);
  ctx.setState({ waits: true });
  const { id } = await ctx.waitForEvent(Paid, { key: input.id, timeout: "1d" });
  await ctx
    .step("fails", () => Promise.reject(new Error("once")), { retry: { maxAttempts: 1 } })
    .catch(() => {});
  return { id, huge: HUGE };
});

interface Line {
  readonly execution?: { readonly input: Encoded; readonly output?: Encoded };
}

async function linesOf(bench: Bench, id = "x-1"): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of bench.client.export(id)) {
    expect(line).not.toContain("\n");
    lines.push(JSON.parse(line));
  }
  return lines;
}

async function ended(store?: Store): Promise<Bench> {
  const bench = new Bench([order], [Paid], store === undefined ? {} : { store });
  await bench.start(order, { id: "p", at: new Date(0) });
  await bench.cloud.settle();
  bench.publish(Paid, { id: "p" });
  await bench.cloud.settle();
  expect(await bench.status()).toBe("completed");
  return bench;
}

describe("an export", () => {
  it.each([
    ["in memory", inMemory],
    ["on DynamoDB Local", onDynamo],
  ])("is the execution, its whole history with all values, and the end, %s", async (_, ground) => {
    const { store } = await ground();
    const bench = await ended(store);
    const [first, ...rest] = await linesOf(bench);
    const last = rest.pop();
    const head = await bench.head();
    expect(first).toEqual({
      execution: {
        executionId: "x-1",
        workflow: "order",
        version: "3",
        definition: order.definition,
        status: "completed",
        createdAt: head.createdAt,
        startAt: head.startAt,
        closedAt: head.closedAt,
        input: { id: "p", at: { $date: expect.anything() } },
        output: { id: "p", huge: HUGE },
        state: { waits: true },
      },
    });
    const history = await bench.client.history("x-1");
    expect(rest).toEqual(JSON.parse(JSON.stringify(history)));
    expect(rest.some((entry) => JSON.stringify(entry).includes(HUGE))).toBe(true);
    expect(JSON.stringify(rest)).not.toContain("$payload");
    expect(last).toEqual({ end: { entries: history.length } });
    expect(decode(first?.execution?.input ?? null)).toEqual({ id: "p", at: new Date(0) });
  });

  it("replays as the history does", async () => {
    const entries = (await linesOf(await ended())).slice(1, -1) as unknown as HistoryEntry[];
    expect(await replayHistory(entries, order)).toMatchObject({ ended: "completed", executionId: "x-1" });
  });

  it("of one that is open has the events that still ride in its head", async () => {
    const bench = new Bench([order], [Paid]);
    await bench.start(order, { id: "p", at: new Date(0) });
    await bench.cloud.settle();
    const lines = await linesOf(bench);
    expect(lines[0]).toMatchObject({ execution: { status: "suspended" } });
    expect(lines.slice(1, -1)).toEqual(JSON.parse(JSON.stringify(await bench.client.history("x-1"))));
  });

  it("of many commits is read a page at a time", async () => {
    const bench = new Bench([order], [Paid]);
    const head = await owned(bench.store, "long");
    for (let slot = 1; slot <= 620; slot++)
      await bench.store.appendCommit(commit("long", slot, { events: [stepCompleted(`s${slot}`)] }));
    await bench.store.settle(settlementOf(head, COMPLETED, { slot: 620 }));
    const pages: number[] = [];
    const store: Store = {
      ...bench.store,
      readCommits: async (request) => {
        const page = await bench.store.readCommits(request);
        pages.push(page.commits.length);
        return page;
      },
    };
    const lines = await linesOf(new Bench([order], [Paid], { store }), "long");
    expect(lines).toHaveLength(623);
    expect(lines.at(-1)).toEqual({ end: { entries: 621 } });
    expect(pages).toEqual([250, 250, 120]);
  });

  it("names what is gone, and goes on without it", async () => {
    const bench = await ended();
    const { store } = bench;
    const keys = (await store.listObjects(objectPrefix("x-1"), 10)).map(({ key }) => key);
    await store.deleteObjects(keys);
    const lines = await linesOf(bench);
    expect(lines[0]?.execution?.output).toMatchObject({ $error: expect.anything() });
    const { slot } = await bench.head();
    const holed: Store = {
      ...store,
      readCommits: async (request) => {
        const page = await store.readCommits(request);
        return { ...page, commits: page.commits.filter((one) => one.slot !== 1) };
      },
    };
    const cut = await linesOf(new Bench([order], [Paid], { store: holed }));
    expect(slot).toBeGreaterThan(1);
    expect(cut.at(-1)).toEqual({ end: { entries: cut.length - 2, unread: [1] } });
  });

  it("of nobody, and of one that is being deleted, is refused at its first line", async () => {
    const bench = await ended();
    await expect(linesOf(bench, "nobody")).rejects.toBeInstanceOf(ExecutionNotFoundError);
    const { closedAt = 0 } = await bench.head();
    await bench.store.beginDeletion({ executionId: "x-1", status: "completed", closedAt }, closedAt);
    await expect(linesOf(bench)).rejects.toBeInstanceOf(ExecutionDeletedError);
  });
});
