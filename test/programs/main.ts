/**
 * `npm run test:programs -- --count N --seed S [--level replay|runtime]`: random programs, as many as one likes. Prints how far it has
 * come, and at a failure the seed, the program, what was recorded, and what does not hold. Ends with 1 after a failure.
 */

import { optionsOf } from "../setup/options.js";
import { brokenIn } from "../sim/invariants.js";
import type { Mode } from "../sim/mode.js";
import { deterministicModes, modes } from "../sim/modes.js";
import { Trial } from "../sim/trial.js";
import { MUTATIONS } from "./mutations.js";
import { nothingReplayed, replayProgram } from "./replaying.js";

const values = optionsOf({
  count: { type: "string", default: "5000" },
  seed: { type: "string", default: "1" },
  level: { type: "string", default: "both" },
  /** One way of disturbing alone, by its name. */
  mode: { type: "string" },
});
const count = Number(values.count);
const first = Number(values.seed);
if (
  !Number.isInteger(count) ||
  !Number.isInteger(first) ||
  !["both", "replay", "runtime"].includes(values.level)
) {
  console.error(
    "Expected --count and --seed to be whole numbers, and --level to be replay, runtime or both.",
  );
  process.exit(2);
}

/** So many failures say enough. */
const MOST_FAILURES = 5;
const REPORT_EVERY_MS = 10_000;

let failures = 0;

async function run(what: string, one: (seed: number) => Promise<void>): Promise<void> {
  const began = Date.now();
  let reported = began;
  let done = 0;
  const report = (): void => {
    const seconds = (Date.now() - began) / 1_000;
    console.log(
      `${what}: ${done} programs in ${seconds.toFixed(1)} s, ${(done / seconds).toFixed(0)} a second`,
    );
  };
  for (let seed = first; seed < first + count && failures < MOST_FAILURES; seed++) {
    try {
      await one(seed);
    } catch (error) {
      failures += 1;
      console.error(error instanceof Error ? error.message || error.stack : error);
    }
    done += 1;
    if (Date.now() - reported < REPORT_EVERY_MS) continue;
    reported = Date.now();
    report();
  }
  report();
}

async function disturbed(seed: number, mode: Mode): Promise<void> {
  const trial = new Trial(seed, mode);
  await trial.run();
  const end = await trial.end();
  const broken = brokenIn(await trial.ended());
  if (mode.deterministic) {
    const undisturbed = new Trial(seed, { name: mode.name, seeds: 1, crashes: 0, deterministic: true });
    await undisturbed.run();
    const expected = JSON.stringify(await undisturbed.end());
    if (JSON.stringify(end) !== expected) broken.push(`it ends like the undisturbed run: ${expected}`);
  }
  if (broken.length === 0) return;
  throw new Error(
    [
      `Seed ${seed}, when ${mode.name}. What does not hold:`,
      ...broken.map((one) => `  ${one}`),
      await trial.report(),
    ].join("\n"),
  );
}

if (values.level !== "runtime") {
  const sum = nothingReplayed();
  await run("Replay", (seed) => replayProgram(seed, sum));
  console.log(`${sum.events} history events; ends: ${JSON.stringify(sum.ends)}`);
  for (const mutation of MUTATIONS) {
    const { tried, noticed } = sum.mutations[mutation];
    console.log(
      `an event ${mutation}: ${noticed} of ${tried} noticed (${((100 * noticed) / tried).toFixed(1)}%)`,
    );
  }
}
if (values.level !== "replay") {
  const all = [...modes, ...deterministicModes].filter(
    ({ name }) => values.mode === undefined || name === values.mode,
  );
  await run("Runtime", async (seed) => {
    const mode = all[seed % all.length];
    if (mode !== undefined) await disturbed(seed, mode);
  });
}
process.exit(failures > 0 ? 1 : 0);
