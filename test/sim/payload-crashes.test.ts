/**
 * Every crash point of an execution whose values are all too large for where they would stand: no value is lost, and no write ever names
 * a payload that is not durable.
 */
import { event, NonRetryableError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import type { StoredValue } from "../../lib/model/head.js";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import { bringBack, bringBackMessages } from "../../lib/runtime/values/payloads.js";
import { loadValue } from "../../lib/runtime/values/values.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import type { When } from "../../lib/testing/faults.js";
import { Bench } from "../runtime/bench.js";
import { incompressible, ordinary } from "../setup/text.js";

const Note = event<{ id: string; text: string }>("note", { key: ({ id }) => id });
const HUGE = incompressible(140_000);
const LONG = ordinary(110_000);

const carrier = workflow("carrier", async (ctx, input: string) => {
  const result = await ctx.step("result", () => HUGE);
  const error = await ctx
    .step("thrown", () => Promise.reject(new NonRetryableError(LONG)))
    .catch((thrown: unknown) => thrown);
  const { text } = await ctx.waitForEvent(Note, { key: "n-1", timeout: "1h" });
  await ctx.sleep("20m");
  return [input, result, error instanceof Error ? error.message : "", text].join("\n");
});
const EXPECTED = [HUGE, HUGE, LONG, HUGE].join("\n");

/** A store that looks, before each write that names payloads, whether they are all there. */
function strict(): Store {
  const memory = createMemoryStore();
  const stands = async (executionId: string, value: StoredValue | undefined): Promise<void> => {
    if (value !== undefined) await loadValue(memory, executionId, value);
  };
  const stand = (executionId: string, events: readonly HistoryEvent[] = []): Promise<unknown> =>
    bringBack(memory, executionId, events);
  return {
    ...memory,
    createExecution: async (execution) => {
      await stands(execution.executionId, execution.input);
      return memory.createExecution(execution);
    },
    appendCommit: async (commit, pendingAt) => {
      await stand(commit.executionId, commit.events);
      return memory.appendCommit(commit, pendingAt);
    },
    appendMessage: async (executionId, message) => {
      await bringBackMessages(memory, executionId, [message]);
      return memory.appendMessage(executionId, message);
    },
    settle: async (request) => {
      await stand(request.executionId, request.tail?.events);
      if ("output" in request.settlement) await stands(request.executionId, request.settlement.output);
      return memory.settle(request);
    },
  };
}

async function run(crash?: { call: number; when: When }): Promise<Bench> {
  const bench = new Bench([carrier], [Note], { store: strict() });
  if (crash !== undefined) bench.cloud.faults.plan(crash);
  await bench.start(carrier, HUGE).catch(() => bench.start(carrier, HUGE));
  await bench.cloud.advance(6_000);
  bench.publish(Note, { id: "n-1", text: HUGE }, ["holdfast:event:n-1"]);
  await bench.cloud.advance(3_000_000);
  return bench;
}

function inWords(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? `${error}: ${error.cause}` : String(error);
}

describe("an execution of large values", () => {
  it.each(["before", "after", "reply-lost"] as const)(
    "survives a crash %s every one of its outside calls",
    async (when) => {
      const undisturbed = await run();
      const calls = [...undisturbed.cloud.faults.calls];
      expect(calls).toEqual(
        expect.arrayContaining([
          "store.putObject",
          "store.getObject",
          "store.putPayload",
          "store.getPayload",
        ]),
      );
      expect((await undisturbed.output()) === EXPECTED).toBe(true);
      for (let call = 1; call <= calls.length; call++) {
        const at = `${when} call ${call} (${calls[call - 1]})`;
        const bench = await run({ call, when });
        expect(bench.cloud.faults.struck, `the fault struck ${at}`).toBe(true);
        expect(await bench.status(), at).toBe("completed");
        expect((await bench.output()) === EXPECTED, at).toBe(true);
        // Everything that its history names is there, too.
        const events = (await bench.client.history("x-1")).map((entry) => entry.event);
        expect(JSON.stringify(events), at).not.toContain("$payload");
        expect(
          bench.cloud.errors.filter((error) => !inWords(error).includes("was lost")),
          at,
        ).toEqual([]);
      }
    },
    120_000,
  );
});
