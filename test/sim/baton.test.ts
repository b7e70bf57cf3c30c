/**
 * The baton rule (docs/architecture.md): every open execution that can move by itself has a carrier of its next wake. The world stops at
 * every single call of each scenario, and the execution goes on without the audit, by what lies in the queues alone; and where
 * everything that lay there is lost, the audit finds what was carried.
 */
import { describe, expect, it } from "vitest";
import type { When } from "../../lib/testing/faults.js";
import { seededRandom } from "../../lib/testing/random.js";
import { scenarios } from "./scenarios.js";
import { AUDIT_PERIOD_MS, type Disturbance, MINUTE, type Scenario, Stage } from "./stage.js";

/** What the audit leaves to the ordinary carriers. */
const AUDIT_GRACE_MS = 2 * MINUTE;

const WHENS: readonly When[] = ["before", "after", "reply-lost"];

const play = (scenario: Scenario, disturbance?: Disturbance): Promise<Stage> =>
  new Stage(scenario, disturbance).run();

/** The calls of an undisturbed run that may be disturbed, by their numbers. */
function callsOf({ bench }: Stage, { after }: Scenario): [call: number, name: string][] {
  const { calls } = bench.cloud.faults;
  const from = after === undefined ? 0 : calls.indexOf(after) + 1;
  return calls.map((name, index): [number, string] => [index + 1, name]).slice(from);
}

/** What is the same after every disturbance. */
async function checkEnd(stage: Stage, scenario: Scenario, at: string): Promise<void> {
  expect(await stage.ends(), at).toEqual(scenario.ends);
  expect(await stage.left(), at).toEqual([]);
  const done = [...new Set(stage.world)].sort();
  // What began is undone; what was cancelled before it began did nothing at all.
  if (scenario.world.includes("undone")) expect(scenario.world, at).toEqual(expect.arrayContaining(done));
  else expect(done, at).toEqual(scenario.world);
  expect(stage.published(), at).toMatchObject(scenario.published ?? {});
}

describe.each(Object.entries(scenarios))("%s", (_, scenario) => {
  it.each(WHENS)(
    "goes on without the audit when the process dies %s any of its calls",
    async (when) => {
      const undisturbed = await play(scenario);
      await checkEnd(undisturbed, scenario, "undisturbed");
      const stories = await undisturbed.stories();
      const calls = callsOf(undisturbed, scenario);
      expect(calls.length).toBeGreaterThan(5);
      for (const [call, name] of calls) {
        const at = `${when} call ${call} (${name})`;
        const stage = await play(scenario, { deaths: [{ call, when }] });
        expect(stage.struck, at).toBe(true);
        await checkEnd(stage, scenario, at);
        if (scenario.mayDiffer !== true) expect(await stage.stories(), at).toEqual(stories);
        // A recorded result is never recomputed: a body runs once more only for a death that came before its record.
        const often = await stage.takeovers();
        for (const done of new Set(stage.world))
          expect(stage.times(done), `${done} ${at}`).toBeLessThanOrEqual(undisturbed.times(done) + often);
      }
    },
    120_000,
  );

  it.each([
    ["goes on", false],
    ["dies", true],
  ])(
    "is found by the audit within its period when all wakes and schedules are lost at any of its calls, and the process %s",
    async (_, dies) => {
      const undisturbed = await play(scenario, { audited: true });
      await checkEnd(undisturbed, scenario, "undisturbed");
      const endedAt = await undisturbed.endedAt();
      for (const [call, name] of callsOf(undisturbed, scenario)) {
        const at = `purged before call ${call} (${name})`;
        const stage = await play(scenario, { purgedBefore: call, dies });
        expect(stage.struck, at).toBe(true);
        await checkEnd(stage, scenario, at);
        const late = (await stage.endedAt()) - endedAt;
        expect(late, at).toBeLessThanOrEqual(AUDIT_GRACE_MS + AUDIT_PERIOD_MS + MINUTE);
      }
    },
    120_000,
  );
});

describe("clocks of processes that differ by up to a minute", () => {
  it.each(Object.entries(scenarios))("change nothing of the end: %s", async (_, scenario) => {
    for (let seed = 1; seed <= 4; seed++) {
      const random = seededRandom(seed);
      const skewMs = (): number => [-30_000, 0, 30_000][Math.floor(random() * 3)] ?? 0;
      const stage = await play(scenario, { deaths: [], skewMs });
      await checkEnd(stage, scenario, `seed ${seed}`);
    }
  });
});

describe("an order saga under two deaths anywhere, its messages in any order", () => {
  const [scenario] = Object.values(scenarios);

  it("ends like the undisturbed one, for a hundred seeds", async () => {
    if (scenario === undefined) throw new Error("There is a first scenario.");
    const undisturbed = await play(scenario);
    const calls = callsOf(undisturbed, scenario).length;
    const stories = await undisturbed.stories();
    for (let seed = 1; seed <= 100; seed++) {
      const deaths = [
        { call: 1 + ((seed * 7) % calls), when: WHENS[seed % 3] ?? "before" },
        { call: 1 + ((seed * 13) % (calls + 10)), when: WHENS[(seed >> 2) % 3] ?? "after" },
      ] as const;
      const stage = await play(scenario, { deaths, seed });
      await checkEnd(stage, scenario, `seed ${seed}`);
      expect(await stage.stories(), `seed ${seed}`).toEqual(stories);
    }
  });
});
