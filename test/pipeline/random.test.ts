/** Random pipelines with random outcomes, against the model; with a process that dies at a random call, and without. */
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../lib/testing/random.js";
import { HOUR, onEachStore } from "./bench.js";
import { mayEndEarly, optionsOf, randomStages, wrongWith } from "./model.js";

const SEEDS = { memory: 150, "DynamoDB Local": 15 };

describe("a random pipeline", () => {
  onEachStore((open, name) => {
    it("comes to what the rules say, whenever a process dies", { timeout: 240_000 }, async () => {
      for (let seed = 1; seed <= SEEDS[name]; seed++) {
        const random = seededRandom(seed);
        const stages = randomStages(random);
        const told = `seed ${seed}: ${JSON.stringify(stages)}`;
        const undisturbed = await open((ran) => optionsOf(stages, ran));
        await undisturbed.run(HOUR);
        const calls = undisturbed.bench.cloud.faults.calls.length;
        const statuses = await undisturbed.statuses();
        expect(wrongWith(stages, statuses), told).toEqual([]);

        const crash = {
          call: 1 + Math.floor(random() * calls),
          when: (["before", "after", "reply-lost"] as const)[Math.floor(random() * 3)] ?? "after",
        };
        const disturbed = await open((ran) => optionsOf(stages, ran));
        disturbed.bench.cloud.faults.plan(crash);
        await disturbed.run(HOUR).catch(() => disturbed.run(HOUR));
        await disturbed.pass(HOUR);
        const words = `${told}, ${crash.when} call ${crash.call}`;
        const after = await disturbed.statuses();
        expect(wrongWith(stages, after), words).toEqual([]);
        if (!mayEndEarly(stages)) expect(after, words).toEqual(statuses);
      }
    });
  });
});
