/**
 * `npm run interleavings`: all orders of the calls of two invocations that meet on one execution, and all deaths of one of them, pair by pair on
 * every processor. `--only TEXT` takes the pairs with this in their names, `--no-deaths` lets both live, `--most N` explores N orders of a pair at
 * most. `--pair NAME --order DIGITS` makes one order and tells all that happened. Ends with 1 when anything did not hold, or was not explored.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { optionsOf } from "../../setup/options.js";
import { type Covered, explorePair, type PairReport, replayOrder, type WrongOrder } from "./explored.js";
import type { Pair } from "./invocations.js";
import { PAIRS } from "./pairs.js";

const values = optionsOf({
  only: { type: "string", default: "" },
  "no-deaths": { type: "boolean", default: false },
  most: { type: "string" },
  /** One order, told in full. */
  pair: { type: "string" },
  order: { type: "string", default: "" },
  workers: { type: "string", default: String(availableParallelism()) },
  json: { type: "boolean", default: false },
  /** Of a worker: it is told the names of its pairs, a line each. */
  worker: { type: "boolean", default: false },
});

/** What a worker says of a pair. */
type Told = PairReport | { readonly pair: string; readonly threw: string };

const deaths = !values["no-deaths"];
const most = values.most === undefined ? undefined : wholeNumber("most", values.most);

if (values.pair !== undefined) await one(pairNamed(values.pair), values.order);
else if (values.worker) await work();
else await all(PAIRS.filter(({ name }) => name.includes(values.only)));

async function one(pair: Pair, order: string): Promise<never> {
  const found = await replayOrder(pair, order);
  console.log(found.trace.join("\n"));
  console.log(
    found.broken.length === 0 ? "Everything holds." : ["What does not hold:", ...found.broken].join("\n  "),
  );
  process.exit(found.broken.length === 0 ? 0 : 1);
}

async function work(): Promise<void> {
  for await (const name of createInterface({ input: process.stdin })) {
    const report: Told = await explorePair(pairNamed(name), {
      deaths,
      ...(most === undefined ? {} : { most }),
    }).catch((error: Error) => ({ pair: name, threw: error.stack ?? error.message }));
    console.log(JSON.stringify(report));
  }
}

async function all(pairs: readonly Pair[]): Promise<never> {
  const began = Date.now();
  const waiting = [...pairs];
  const told: Told[] = [];
  const count = Math.min(wholeNumber("workers", values.workers), pairs.length);
  const codes = await Promise.all(
    Array.from({ length: count }, () =>
      worker(waiting, (report) => {
        told.push(report);
        if (!values.json) console.log(wordsOf(report));
      }),
    ),
  );
  const reports = told.filter((report) => "calls" in report);
  const seconds = (Date.now() - began) / 1_000;
  const [alive, withDeath] = [sumOf(reports, "alive"), sumOf(reports, "withDeath")];
  const wrong = reports.reduce((sum, report) => sum + report.wrong, 0);
  const isWhole = reports.every((report) => report.isWhole);
  if (values.json) console.log(JSON.stringify({ alive, withDeath, wrong, isWhole, seconds, pairs: told }));
  else {
    console.log(`${told.length} pairs in ${seconds.toFixed(0)} s.`);
    console.log(
      `Both live: ${wordsOfCovered(alive)}. One dies: ${wordsOfCovered(withDeath)}. ${wrong} wrong.`,
    );
    if (!isWhole) console.log("Of some pairs not all was explored.");
  }
  const isWell = told.length === pairs.length && reports.length === told.length && wrong === 0;
  process.exit(isWell && pairs.length > 0 && codes.every((code) => code === 0) ? 0 : 1);
}

/** @returns its exit code, when no pair is waiting any more */
function worker(waiting: Pair[], tell: (report: Told) => void): Promise<number | null> {
  const flags = [...(deaths ? [] : ["--no-deaths"]), ...(most === undefined ? [] : ["--most", String(most)])];
  const args = ["--import", "tsx", fileURLToPath(import.meta.url), "--worker", ...flags];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const next = (): void => {
    const pair = waiting.shift();
    if (pair === undefined) child.stdin.end();
    else child.stdin.write(`${pair.name}\n`);
  };
  createInterface({ input: child.stdout }).on("line", (line) => {
    tell(JSON.parse(line));
    next();
  });
  next();
  return new Promise((resolve) => child.once("exit", (code) => resolve(code)));
}

function wordsOf(report: Told): string {
  if ("threw" in report) return `${report.pair}\n  could not be explored: ${report.threw}`;
  const { pair, calls, alive, withDeath, cut, ends, isWhole, seconds, wrong, wrongOrders } = report;
  return [
    `${pair}: ${calls.join(" and ")} calls${isWhole ? "" : ", not all explored"}`,
    `  both live: ${wordsOfCovered(alive)}, ${ends} ends; one dies: ${wordsOfCovered(withDeath)}; ${cut} cut short; ${seconds.toFixed(1)} s`,
    ...(wrong === 0 ? [] : [`  ${wrong} WRONG`]),
    ...wrongOrders.map((one) => wordsOfWrong(pair, one)),
  ].join("\n");
}

function wordsOfCovered({ orders, explored }: Covered): string {
  return `${orders} orders, ${explored} explored`;
}

function wordsOfWrong(pair: string, { order, broken, trace }: WrongOrder): string {
  return [
    "What does not hold:",
    ...broken.map((one) => `  ${one}`),
    ...trace,
    `To see it again: npm run interleavings -- --pair "${pair}" --order ${order}`,
  ].join("\n");
}

function sumOf(reports: readonly PairReport[], which: "alive" | "withDeath"): Covered {
  return reports.reduce(
    (sum, report) => ({
      orders: sum.orders + report[which].orders,
      explored: sum.explored + report[which].explored,
    }),
    { orders: 0, explored: 0 },
  );
}

function pairNamed(name: string): Pair {
  const pair = PAIRS.find((one) => one.name === name);
  if (pair !== undefined) return pair;
  console.error([`There is no pair "${name}". There are:`, ...PAIRS.map((one) => one.name)].join("\n  "));
  process.exit(2);
}

function wholeNumber(name: string, given: string): number {
  const number = Number(given);
  if (Number.isInteger(number) && number >= 1) return number;
  console.error(`Expected --${name} to be a whole number from 1, found ${given}.`);
  process.exit(2);
}
