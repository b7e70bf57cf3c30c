/**
 * `npm run sim`: simulated runs, as many as one likes, on every processor. `--seed S` replays one and prints all that happened; `--seeds N` or
 * `--minutes M` say how many there are, from seed `--from` on. Prints how far it has come, and at the end what went wrong how often. Ends with 1
 * when anything did not hold.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { optionsOf } from "../setup/options.js";
import { type Counted, type Failure, nothingCounted, sumOf, tally } from "./simulator/counted.js";
import { simulate } from "./simulator/simulation.js";
import { FAULTS } from "./simulator/weather.js";

const values = optionsOf({
  /** One run, told in full. */
  seed: { type: "string" },
  from: { type: "string", default: "1" },
  seeds: { type: "string", default: "20000" },
  /** Instead of a number of seeds. */
  minutes: { type: "string" },
  workers: { type: "string", default: String(availableParallelism()) },
  /** Stops at the first failure. */
  bail: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  /** Of a worker: every how many seeds one is its own. */
  every: { type: "string" },
});

const wholeNumber = (name: string, given: string | undefined, least: number): number => {
  const number = Number(given);
  if (Number.isInteger(number) && number >= least) return number;
  console.error(`Expected --${name} to be a whole number from ${least}, found ${given}.`);
  process.exit(2);
};

const from = wholeNumber("from", values.from, 0);
const until = values.minutes === undefined ? undefined : Date.now() + Number(values.minutes) * 60_000;
if (Number.isNaN(until)) {
  console.error(`Expected --minutes to be a number, found ${values.minutes}.`);
  process.exit(2);
}
const seeds = until === undefined ? wholeNumber("seeds", values.seeds, 1) : Number.MAX_SAFE_INTEGER - from;
const workers = wholeNumber("workers", values.workers, 1);

/** So many failures say enough. */
const MOST_FAILURES = values.bail ? 1 : 5;
const REPORT_EVERY_MS = 10_000;

/** A run takes some 50 ms. One that takes this long goes round in circles, however slow the machine is. */
const LONGEST_RUN_MS = 60_000;

if (values.seed !== undefined) await one(wholeNumber("seed", values.seed, 0));
else if (values.every !== undefined) await work(wholeNumber("every", values.every, 1));
else await all();

async function one(seed: number): Promise<never> {
  const { broken, report } = await simulate(seed);
  console.log(await report());
  console.log(broken.length === 0 ? "Everything holds." : ["What does not hold:", ...broken].join("\n  "));
  process.exit(broken.length === 0 ? 0 : 1);
}

/** A worker tells its parent, in a line of JSON each: each run as it begins, what it has counted since it last told, and each failure with its story. */
async function work(every: number): Promise<never> {
  let counted = nothingCounted();
  let told = Date.now();
  const tell = (): void => {
    console.log(JSON.stringify({ counted }));
    counted = nothingCounted();
    told = Date.now();
  };
  for (let seed = from; seed < from + seeds && (until === undefined || Date.now() < until); seed += every) {
    console.log(JSON.stringify({ began: seed }));
    const simulated = await simulate(seed);
    tally(counted, simulated);
    if (simulated.broken.length > 0) {
      const { broken } = simulated;
      console.log(JSON.stringify({ failure: { seed, broken, report: await simulated.report() } }));
    }
    if (Date.now() - told > 1_000) tell();
  }
  tell();
  process.exit(0);
}

async function all(): Promise<never> {
  const began = Date.now();
  const counted = nothingCounted();
  const failures: Failure[] = [];
  const children: ChildProcess[] = [];
  const timer = setInterval(() => {
    if (!values.json) console.log(progress(counted, failures.length, Date.now() - began));
  }, REPORT_EVERY_MS);
  const failed = (failure: Failure): void => {
    if (failures.length >= MOST_FAILURES) return;
    failures.push(failure);
    if (!values.json) console.error(wordsOf(failure));
    if (failures.length >= MOST_FAILURES) for (const other of children) other.kill();
  };
  const ends = Array.from({ length: workers }, (_, index) => {
    const limits =
      values.minutes === undefined ? ["--seeds", String(seeds - index)] : ["--minutes", values.minutes];
    const args = ["--import", "tsx", fileURLToPath(import.meta.url), "--from", String(from + index)];
    const child = spawn(process.execPath, [...args, "--every", String(workers), ...limits], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    let seed = 0;
    const stuck = (): void => {
      child.kill();
      failed({ seed, broken: [`it comes to its end: not in ${LONGEST_RUN_MS / 1_000} s`], report: "" });
    };
    let watch: NodeJS.Timeout | undefined;
    createInterface({ input: child.stdout }).on("line", (line) => {
      const told: { readonly began?: number; readonly counted?: Counted; readonly failure?: Failure } =
        JSON.parse(line);
      if (told.began !== undefined) {
        seed = told.began;
        watch ??= setTimeout(stuck, LONGEST_RUN_MS);
        watch.refresh();
      }
      if (told.counted !== undefined) sumOf(counted, told.counted);
      if (told.failure !== undefined) failed(told.failure);
    });
    return new Promise<number | null>((resolve) =>
      child.once("exit", (code) => {
        clearTimeout(watch);
        resolve(code);
      }),
    );
  });
  const codes = await Promise.all(ends);
  clearInterval(timer);
  // A worker that was stopped for failures has no code; one that broke has another than 0.
  const broke = codes.some((code) => code !== null && code !== 0);
  const seconds = (Date.now() - began) / 1_000;
  const missing = Object.keys(FAULTS).filter((fault) => counted.faults[fault] === undefined);
  if (values.json) console.log(JSON.stringify({ ...counted, seconds, failures, missing }));
  else {
    console.log(progress(counted, failures.length, Date.now() - began));
    console.log(`${counted.calls} calls, ${counted.bodies} bodies; ends: ${JSON.stringify(counted.ends)}`);
    const table = Object.entries(counted.faults).toSorted(([, one], [, other]) => other - one);
    for (const [fault, times] of table) console.log(`${String(times).padStart(8)}  ${fault}`);
    console.log(
      missing.length === 0
        ? `All ${Object.keys(FAULTS).length} kinds of faults have struck.`
        : `Did not strike: ${missing.join("; ")}.`,
    );
  }
  process.exit(failures.length > 0 || broke ? 1 : 0);
}

function progress({ runs }: Counted, failed: number, ms: number): string {
  const seconds = ms / 1_000;
  return `${runs} runs in ${seconds.toFixed(0)} s, ${(runs / seconds).toFixed(0)} a second; ${failed} failed`;
}

function wordsOf({ seed, broken, report }: Failure): string {
  return [
    `Seed ${seed}. What does not hold:`,
    ...broken.map((one) => `  ${one}`),
    report,
    `To see it again: npm run sim -- --seed ${seed}`,
  ].join("\n");
}
